"""What a run says of the faults in it, and of the commands that its cache refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cachesim.engines.base import REFUSED
from cachesim.measure.metrics import misses
from cachesim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def told_faults(scenario: Scenario, error_ratio: float) -> Iterator[str]:
    """Say what went wrong, and for how many requests that was too much."""
    if scenario.faults:
        faults = ", ".join(str(fault) for fault in scenario.faults)
        yield f"faults: {faults}; {error_ratio:.2%} of the requests failed"


def told_refusals(scenario: Scenario, errors: float, history: pd.DataFrame | None) -> Iterator[str]:
    """Say what the cache refused, and why if the misses tell; nothing of an outage, which is told as a fault.

    Parameters
    ----------
    scenario : Scenario
        What ran.
    errors : float
        The metric `cache_errors`.
    history : DataFrame, optional
        The measured part of a run, if it was kept.
    """
    kinds = {} if history is None else misses(history)
    if refused := kinds.get(REFUSED):
        count = f"{refused:,} of {sum(kinds.values()):,} misses"
        yield f"stores refused: {scenario.cache.why_refused} ({count})"
    elif errors > 0 and not scenario.faults:
        yield f"commands that the cache refused or did not answer: {errors:,.0f}"
