"""Experiment 02, the scheduler loop."""
