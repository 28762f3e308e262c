"""The lab: starts engines, drives them, writes records. See `python -m experiments.lab -h`."""
