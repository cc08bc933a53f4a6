"""The notes below a result: what a reader must know before believing it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cachesim.engines.base import REFUSED
from cachesim.measure.metrics import misses, select
from cachesim.records import SOLE
from cachesim.scenario import Scenario
from cachesim.units import show_size

if TYPE_CHECKING:
    import pandas as pd

NOTHING_EVICTED = "nothing was evicted: policies and engines cannot differ in their hit ratio here"


def notes_of_run(
    scenario: Scenario, metrics: Mapping[str, float], measured: pd.DataFrame
) -> list[str]:
    """Return the notes about one run: faults, a cache that evicted nothing, refused stores.

    Parameters
    ----------
    scenario : Scenario
        The scenario that ran.
    metrics : mapping
        Every metric of the run by name.
    measured : DataFrame
        The history after the warm-up.
    """
    faults = list(note_on_faults(scenario, metrics["error_ratio"]))
    refusals = list(note_on_refusals(scenario, metrics["cache_errors"], measured))
    samples = select(measured, "sample")["evictions"]
    fits = not refusals and len(samples) and samples.iloc[-1] == 0
    if fits and not math.isnan(metrics["hit_ratio"]):
        faults.append(NOTHING_EVICTED)
    return faults + refusals


def note_on_faults(scenario: Scenario, error_ratio: float) -> Iterator[str]:
    """Yield the faults of a run, and the share of the requests that failed."""
    if scenario.faults:
        faults = ", ".join(str(fault) for fault in scenario.faults)
        yield f"faults: {faults}; {error_ratio:.2%} of the requests failed"


def note_on_refusals(
    scenario: Scenario, errors: float, history: pd.DataFrame | None
) -> Iterator[str]:
    """Yield what the cache refused, with the reason if the misses show it. An outage is not repeated here.

    Parameters
    ----------
    scenario : Scenario
        The scenario that ran.
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


SHOWN = 6  # nodes named in a note; of a larger fleet the first and the last ones by their shares


def note_on_fleet(
    measured: pd.DataFrame, lost: pd.DataFrame | None, crossing: float = 0.0
) -> Iterator[str]:
    """Yield what the nodes of a fleet did: their shares of the gets, the redirects, the writes that a failover lost.

    Parameters
    ----------
    measured : DataFrame
        The history after the warm-up.
    lost : DataFrame, optional
        The lost writes of the whole run.
    crossing : float
        Bytes per second that left their zone.
    """
    requests = measured[measured["op"] != "sample"]
    shares = requests["node"].dropna().value_counts(normalize=True)
    if len(shares):
        yield f"first gets answered by: {_most_and_least(shares)}"
    if hops := int(requests["hops"].sum()):
        yield f"redirects: {hops:,}, in {(requests['hops'] > 0).mean():.2%} of the requests"
    if crossing:
        yield f"bytes between zones: {show_size(crossing)} per second"
    if lost is not None and len(lost):
        keys = lost["key"].nunique()
        sole = (lost["what"] == SOLE).sum()
        yield (
            f"lost writes: {len(lost):,} of {keys:,} keys, {sole:,} of them the only copy; "
            "result.lost_writes names them"
        )


def _most_and_least(shares: pd.Series) -> str:
    """Name the nodes by their shares; of many only those at both ends."""
    told = [f"{node} {share:.1%}" for node, share in shares.items()]
    if len(told) <= SHOWN:
        return ", ".join(told)
    return ", ".join([*told[: SHOWN // 2], "...", *told[-SHOWN // 2 :]]) + f" ({len(told)} nodes)"
