"""Arithmetic on histories: metrics, safety checks, statistics, and the tables that show them."""
