"""Experiment 03 without a GPU."""


def fleets() -> list:
    return []
