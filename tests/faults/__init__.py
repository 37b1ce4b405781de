"""Trials that strike real runs and compare their results: `python -m tests.faults --help`."""
