"""Experiment 07, structured output."""
