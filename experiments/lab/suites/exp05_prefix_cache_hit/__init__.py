"""Experiment 05, prefix-cache hits."""
