"""Engines' schedulers without a device or a server."""
