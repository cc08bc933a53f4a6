"""What the cache and the database did, from the samples of their counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachesim.measure.metrics.arithmetic import growth, rate

if TYPE_CHECKING:
    import pandas as pd


def db_queries_per_s(history: pd.DataFrame) -> float:
    """Return the number of database queries per second, between the first and the last sample."""
    return rate(history, "db_queries")


def db_utilization(history: pd.DataFrame) -> float:
    """Return the share of the time in which a connection of the database was busy: the mean over the pool."""
    return rate(history, "db_busy")


def cache_utilization(history: pd.DataFrame) -> float:
    """Return the share of the time in which a worker of the cache node was busy: the mean over the workers."""
    return rate(history, "cache_busy")


def evictions(history: pd.DataFrame) -> float:
    """Return the number of keys that were evicted between the first and the last sample."""
    return growth(history, "evictions")


def expirations(history: pd.DataFrame) -> float:
    """Return the number of keys that were removed because they had expired, between the first and last sample."""
    return growth(history, "expirations")


def cache_errors(history: pd.DataFrame) -> float:
    """Return the number of commands that the cache refused or never answered, between the first and last sample."""
    return growth(history, "cache_errors")


def retries(history: pd.DataFrame) -> float:
    """Return the number of calls of a tier that were repeated, between the first and the last sample."""
    return growth(history, "retries")


def timeouts(history: pd.DataFrame) -> float:
    """Return the number of calls of a tier that timed out, between the first and the last sample."""
    return growth(history, "timeouts")
