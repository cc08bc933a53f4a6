"""Runs and what they show: run, compare, sweep, the store of finished runs, results and reports."""
