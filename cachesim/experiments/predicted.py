"""Theory beside a comparison: for each case the prediction, and the interval of its replications."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from cachesim.measure.tables import show_interval, title
from cachesim.predict.prediction import predict

if TYPE_CHECKING:
    from cachesim.experiments.results import Results

CASES = 8  # in a table; a sweep may have hundreds
DRAWN = 30  # in a plot; one prediction takes 0.05 s


class TheoryTable(NamedTuple):
    """The rows of a table, and the reasons where theory says nothing."""

    rows: list[list[str]]  # case, metric, theory, measured, formula
    silent: list[str]


def values_of_cases(results: Results, metrics: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return metric -> case -> prediction, in the form that plots take; empty if there are many cases.

    >>> from cachesim.experiments.compare import compare
    >>> from cachesim.scenario import Scenario
    >>> results = compare(Scenario(duration=2, warmup=1), replications=2, n_jobs=1)
    >>> {
    ...     case: round(x, 2)
    ...     for case, x in values_of_cases(results, ["hit_ratio"])["hit_ratio"].items()
    ... }
    {'scenario': 0.71}
    """
    few = results.cases if len(results.cases) <= DRAWN else ()
    said = {case.name: predict(case.scenario).values for case in few}
    return {
        metric: {name: values[metric] for name, values in said.items() if metric in values}
        for metric in metrics
    }


def theory_of_cases(results: Results) -> TheoryTable:
    """Return the predictions of the measured metrics, for the first cases.

    Closed forms simplify. So the formula stands beside each value, and there is no verdict. If a difference is
    larger than the interval, ask first what the formula leaves out.

    >>> from cachesim.experiments.compare import compare
    >>> from cachesim.scenario import Scenario
    >>> found = theory_of_cases(compare(Scenario(duration=2, warmup=1), replications=2, n_jobs=1))
    >>> found.rows[0][1], len(found.rows[0])
    ('hit ratio (%)', 5)
    """
    rows: list[list[str]] = []
    silent: dict[str, list[str]] = {}
    for number, case in enumerate(results.cases[:CASES]):
        said = predict(case.scenario)
        for metric in results.metrics:
            measured = results.interval(number, metric)
            if metric in said.said and not math.isnan(measured.mean):
                theory, formula = said.shown(metric), said.said[metric].formula
                about = [case.name, title(metric), theory, show_interval(metric, measured)]
                rows.append([*about, formula])
        for reason in said.reasons:
            silent.setdefault(reason, []).append(case.name)
    return TheoryTable(rows, [f"{', '.join(names)}: {reason}" for reason, names in silent.items()])
