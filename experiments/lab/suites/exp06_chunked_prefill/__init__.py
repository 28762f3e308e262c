"""Experiment 06, chunked prefill."""
