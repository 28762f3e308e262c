"""The path of one request through an engine's processes, recorded."""
