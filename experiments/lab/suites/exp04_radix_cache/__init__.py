"""Experiment 04, the radix cache."""
