"""Experiment 03, the block manager."""
