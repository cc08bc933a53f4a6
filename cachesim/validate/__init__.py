"""Oracles: numbers that theory knows, beside the same numbers from runs of the real model and engines."""
