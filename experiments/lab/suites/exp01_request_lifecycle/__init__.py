"""Experiment 01, the request lifecycle."""
