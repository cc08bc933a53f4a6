"""`Results`: many runs as one frame, with intervals, paired differences and rankings of the cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cachesim.experiments.differences import Difference, Differences
from cachesim.experiments.notes import NOTHING_EVICTED, note_on_faults, note_on_refusals
from cachesim.experiments.rankings import MetricRanking, rank
from cachesim.experiments.result import Result
from cachesim.measure.metrics import METRICS, known, shown_in
from cachesim.measure.statistics import (
    Interval,
    interval,
    paired_difference,
    variance_reduction,
)
from cachesim.measure.tables import html_table, show_interval, text_table, title, units
from cachesim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

ALIKE = ("hit_ratio", "read_p50", "read_p99", "write_p50", "write_p99")  # if nothing can differ
INTERVALS = "means over the replications ± half of the 95 % interval"


class Case(NamedTuple):
    """One alternative of a comparison: the values of the varied fields, and the scenario with these values."""

    labels: dict[str, str]  # varied field -> the name of its value
    scenario: Scenario
    name: str  # the labels of the fields that differ between the cases


class Results:
    """Many runs: a `frame` with one row per run, and intervals over the replications of each case."""

    def __init__(
        self,
        cases: Sequence[Case],
        frame: pd.DataFrame,
        kept: Mapping[int, tuple[Any, ...]],
        remarks: Sequence[str] = (),
    ) -> None:
        self.cases = list(cases)
        self.frame = frame  # case, varied fields, replication, seed, engine, failure, metrics
        self.metrics = [name for name in METRICS if name in frame]
        self._remarks = list(remarks)  # notes on how the runs were made
        self.first_runs = [  # of a comparison; a sweep keeps no histories
            Result.of(case.scenario, self.engine(number), kept[number])
            for number, case in enumerate(self.cases)
            if number in kept
        ]

    def scenario(self, row: int) -> Scenario:
        """Return the scenario of one run, by its label in the frame's index: `run` makes it again."""
        case, seed = (int(self.frame[name].loc[row]) for name in ("case", "seed"))
        return self.cases[case].scenario.replace(seed=seed)

    @cached_property
    def _succeeded(self) -> dict[int, pd.DataFrame]:
        """The runs of each case that did not fail."""
        fine = self.frame[self.frame["failure"].isna()]
        by_case = dict(list(fine.groupby("case")))
        return {n: by_case.get(n, fine.head(0)) for n in range(len(self.cases))}

    def values(self, number: int, metric: str) -> list[float]:
        """Return one metric of every replication of case `number` that did not fail."""
        return [float(x) for x in self._succeeded[number][metric]]

    def engine(self, number: int) -> str:
        """Return the engine of case `number`: a server's name and version, or "embedded ..."."""
        return next(iter(self._succeeded[number]["engine"]), "")

    def interval(self, number: int, metric: str, confidence: float = 0.95) -> Interval:
        """Return the mean of a metric over the replications of case `number`, with its interval."""
        return interval(self.values(number, metric), confidence)

    def differences(self, first: int = 0, second: int = 1) -> Differences:
        """Return first minus second for every metric, paired by replication; empty if there is no second case.

        They print in the units of the table. A replication that failed in one of the two cases is left out.
        """
        if max(first, second) >= len(self.cases):
            return Differences()
        names = self.cases[first].name, self.cases[second].name
        ours, theirs = self._paired([first, second])
        return Differences(
            Difference(
                metric,
                *names,
                paired_difference(ours[metric], theirs[metric]),
                variance_reduction(ours[metric], theirs[metric]),
            )
            for metric in self.metrics
        )

    def _paired(self, numbers: Sequence[int]) -> list[dict[str, list[float]]]:
        """Return the metrics of each case, over the replications that succeeded in all of them."""
        frames = [self._succeeded[n].set_index("replication") for n in numbers]
        common = reduce(lambda left, right: left.intersection(right), (f.index for f in frames))
        return [{m: f.loc[common, m].tolist() for m in self.metrics} for f in frames]

    def ranking(
        self,
        metric: str = "hit_ratio",
        *,
        worth: float | None = None,
        confidence: float = 0.95,
    ) -> MetricRanking:
        """Rank the cases by a metric; `print` it to see which may be the best, at this confidence.

        Cases in which the metric is undefined are left out, and so are replications that failed in a case.
        `worth` is the smallest difference that matters (in seconds, or as a ratio). With it the ranking says how
        many replications put the best case first: `cachesim.statistics.ranking` explains the promise.

        Raises
        ------
        BadInput
            An unknown metric, fewer than two cases that have it, fewer than two replications.
        """
        known(metric)
        values = {n: self.values(n, metric) for n in range(len(self.cases))}
        defined = [n for n, xs in values.items() if xs and not any(map(math.isnan, xs))]
        pairs = zip(defined, self._paired(defined), strict=True) if defined else ()
        samples = {self.cases[n].name: values[metric] for n, values in pairs}
        return rank(samples, metric, worth, confidence)

    @property
    def notes(self) -> list[str]:
        """What a reader must know: each note once, with the cases to which it applies."""
        said: dict[str, list[str]] = {}
        if self._hits_cannot_differ:
            said[NOTHING_EVICTED] = [self.cases[number].name for number in self._full_copies]
        for number, case in enumerate(self.cases):
            for note in self._notes_on(number):
                said.setdefault(note, []).append(case.name)
        return [*(f"{few(names)}: {note}" for note, names in said.items()), *self._remarks]

    @property
    def _full_copies(self) -> list[int]:
        """The cases whose cache evicted nothing."""
        return [
            number
            for number, fine in self._succeeded.items()
            if len(fine) and (fine["evictions"] == 0).all() and fine["hit_ratio"].notna().any()
            if not self._refused(number)
        ]

    @property
    def _hits_cannot_differ(self) -> bool:
        """Whether nothing was evicted and no latency differs: if one does, there is something to compare."""
        latencies = [self._succeeded[number][[*ALIKE]].to_numpy() for number in self._full_copies]
        return bool(latencies) and all(
            np.array_equal(latencies[0], x, equal_nan=True) for x in latencies
        )

    def _refused(self, number: int) -> list[str]:
        """Return the notes about the stores that the cache of a case refused."""
        scenario, fine = self.cases[number].scenario, self._succeeded[number]
        kept = next((run.measured for run in self.first_runs if run.scenario is scenario), None)
        return list(note_on_refusals(scenario, float(fine["cache_errors"].mean()), kept))

    def _notes_on(self, number: int) -> Iterator[str]:
        runs = self.frame[self.frame["case"] == number]
        fine = self._succeeded[number]
        scenario = self.cases[number].scenario
        yield from note_on_faults(scenario, float(fine["error_ratio"].mean()))
        yield from self._refused(number)
        for run in self.first_runs:
            if run.scenario is scenario and scenario.fleet is not None:
                yield from (f"{note} (first run)" for note in run.notes_on_fleet)
        if len(fine) < len(runs):
            first = runs["failure"].dropna().iloc[0]
            yield f"{len(runs) - len(fine)} of {len(runs)} runs failed and are left out ({first})"

    def rows(self, show_one: Callable[..., str] = show_interval) -> list[list[str]]:
        """Return the cells of the table: one row per case."""
        return [
            [*case.labels.values(), *(show_one(m, self.interval(n, m)) for m in self._shown)]
            for n, case in enumerate(self.cases)
        ]

    @property
    def _shown(self) -> list[str]:
        """The metrics that are columns of the table."""
        return [name for name in shown_in("comparison") if name in self.metrics]

    @property
    def header(self) -> list[str]:
        """The column names of the table."""
        return [*(self.cases[0].labels if self.cases else ()), *self._shown]

    def __str__(self) -> str:
        return "\n".join([text_table(self.header, self.rows()), units(self._shown), *self.notes])

    def _repr_html_(self) -> str:
        labels = self.cases[0].labels if self.cases else ()
        header = [*labels, *map(title, self._shown)]
        return html_table(INTERVALS, header, self.rows(), self.notes)


def labelled(values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return (label, value) pairs: a mapping gives the labels, the values of a list are labelled as they print."""
    if isinstance(values, Mapping):
        return list(values.items())
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    return [(value if isinstance(value, str) else repr(value), value) for value in plain]


def column(field: str, cases: Sequence[Case]) -> list[Any]:
    """Return a varied field's column, one entry per case: the values if all are numbers, else the labels."""
    values = [reduce(getattr, field.split("__"), case.scenario) for case in cases]
    numbers = all(isinstance(value, int | float) for value in values)
    return values if numbers else [case.labels[field] for case in cases]


def few(names: Sequence[str], most: int = 3) -> str:
    """Return the names in one text; only the first ones, if there are many.

    >>> few(["a", "b", "c", "d"], most=2)
    'a; b and 2 more'
    """
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return "; ".join(names[:most]) + rest
