"""How often the cache had what a read asked for, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachesim.measure.metrics.arithmetic import mean, select

if TYPE_CHECKING:
    import pandas as pd


def hit_ratio(history: pd.DataFrame) -> float:
    """Return the share of the reads that found the key, among those that asked the cache; NaN if none asked.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> for lookup in ("cold", "hit", "hit", None):
    ...     recorder.request((0, "read", "k", 0.0, 0.5, lookup, 0, 0, 0, 0, None))
    >>> round(hit_ratio(recorder.history()), 3)
    0.667
    """
    lookups = select(history, "read")["lookup"].dropna()
    return mean(lookups == "hit")


def misses(history: pd.DataFrame) -> dict[str, int]:
    """Return the number of reads that missed, per kind of miss that occurred."""
    lookups = select(history, "read")["lookup"].dropna()
    counts = lookups[lookups != "hit"].value_counts().sort_index()
    return {str(kind): int(count) for kind, count in counts.items() if count}


def miss_kinds(history: pd.DataFrame) -> dict[str, float]:
    """Return the share of each kind of miss among the reads that asked the cache."""
    asked = select(history, "read")["lookup"].count()
    return {kind: count / asked for kind, count in misses(history).items()}
