"""Servers that stand on one card together, and the runs that measure them."""
