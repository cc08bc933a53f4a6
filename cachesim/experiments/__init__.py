"""Runs, comparisons and sweeps of scenarios, their results and reports."""
