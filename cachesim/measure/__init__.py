"""Arithmetic on histories: metrics, intervals, tables and checks; nothing here runs a model."""
