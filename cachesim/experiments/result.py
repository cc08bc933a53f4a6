"""What an experiment gives back: a Result for one run, Results for many."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cachesim.errors import BadInput
from cachesim.experiments.differences import Difference, Differences
from cachesim.experiments.notes import told_faults, told_refusals
from cachesim.measure.history import since
from cachesim.measure.metrics import HIGHER_IS_BETTER, METRICS, Metric, measure, miss_kinds, select
from cachesim.measure.series import series
from cachesim.measure.statistics import (
    Interval,
    Ranking,
    interval,
    paired_difference,
    ranking,
    variance_reduction,
)
from cachesim.measure.tables import html_table, show_interval, text_table, title, units
from cachesim.predict.beside import HEADER, beside
from cachesim.predict.prediction import Prediction, predict
from cachesim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

SHOWN = (
    "hit_ratio", "stale_ratio", "staleness_age_p95", "read_p50", "read_p99", "write_p50", "write_p99",
    "db_queries_per_s", "evictions",
)  # fmt: skip
NOTHING_EVICTED = "nothing was evicted: policies and engines cannot differ in their hit ratio here"
ALIKE = ("hit_ratio", "read_p50", "read_p99", "write_p50", "write_p99")  # if nothing can differ
INTERVALS = "means over the replications ± half of the 95 % interval"


class Result:
    """One run: its scenario, its whole history, and what the history says after the warm-up."""

    def __init__(self, scenario: Scenario, history: pd.DataFrame, engine: str) -> None:
        self.scenario = scenario
        self.history = history  # a row a record, the warm-up included
        self.engine = engine  # what ran: "embedded, as redis 7.0", or a server's name and version

    @cached_property
    def measured(self) -> pd.DataFrame:
        """The part of the history after the warm-up."""
        return since(self.history, self.scenario.warmup)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Every metric by name; NaN where undefined."""
        return measure(self.measured)

    @property
    def notes(self) -> list[str]:
        """What a reader must know before believing a comparison made with this run."""
        told = list(told_faults(self.scenario, self.metrics["error_ratio"]))
        refused = list(told_refusals(self.scenario, self.metrics["cache_errors"], self.measured))
        samples = select(self.measured, "sample")["evictions"]
        fits = not refused and len(samples) and samples.iloc[-1] == 0
        if fits and not math.isnan(self.metrics["hit_ratio"]):
            told.append(NOTHING_EVICTED)
        return told + refused

    def series(self, metric: Metric, every: float = 1.0) -> list[float]:
        """Return the metric of every `every` seconds, the warm-up included; NaN where undefined."""
        return series(self.history, metric, every)

    def explain(self, number: int) -> str:
        """Tell request `number` (its place in the history, from 0) step by step, by running it again."""
        from cachesim.experiments.explain import explain

        return explain(self.scenario, number)

    @cached_property
    def predicted(self) -> Prediction:
        """What theory says about the scenario, or why it says nothing."""
        return predict(self.scenario)

    @property
    def _rows(self) -> list[list[str]]:
        return beside(self.metrics, self.measured, self.predicted)

    @property
    def _below(self) -> list[str]:
        return [*self.notes, *(f"theory on {reason}" for reason in self.predicted.reasons)]

    def __str__(self) -> str:
        kinds = ", ".join(
            f"{kind} {share:.1%}" for kind, share in miss_kinds(self.measured).items()
        )
        rows = [*self._rows, ["misses by kind", kinds or "none", ""], ["engine", self.engine, ""]]
        return "\n".join([repr(self.scenario), text_table(HEADER, rows), *self._below])

    def _repr_html_(self) -> str:
        return html_table(repr(self.scenario), HEADER, self._rows, self._below)


class Case(NamedTuple):
    """One cell of a comparison: what was varied, and the scenario that gives."""

    labels: dict[str, str]  # varied field -> how its value is called
    scenario: Scenario
    name: str  # the labels of the fields that differ between the cases


class Results:
    """Many runs: a tidy `frame` with a row a run, and intervals over the replications of each case."""

    def __init__(
        self,
        cases: Sequence[Case],
        frame: pd.DataFrame,
        histories: Mapping[int, pd.DataFrame],
        remarks: Sequence[str] = (),
    ) -> None:
        self.cases = list(cases)
        self.frame = (
            frame  # columns: case, varied fields, replication, seed, engine, failure, metrics
        )
        self._remarks = list(remarks)  # about how the runs were made
        self.first_runs = [  # of a comparison; a sweep keeps no histories
            Result(case.scenario, histories[number], self.engine(number))
            for number, case in enumerate(self.cases)
            if number in histories
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
        """Return which engine ran in case `number`: a server's name and version, or "embedded ..."."""
        return next(iter(self._succeeded[number]["engine"]), "")

    def interval(self, number: int, metric: str, confidence: float = 0.95) -> Interval:
        """Return the mean of a metric over the replications of case `number`, with its interval."""
        return interval(self.values(number, metric), confidence)

    def differences(self, first: int = 0, second: int = 1) -> Differences:
        """Return first minus second for every metric, paired by replication; none if there is no second.

        Printed they are in the units of the table; a replication that failed in one of the two is left out.
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
            for metric in METRICS
        )

    def _paired(self, numbers: Sequence[int]) -> list[dict[str, list[float]]]:
        """Return the metrics of each case over the replications that failed in none of them."""
        frames = [self._succeeded[n].set_index("replication") for n in numbers]
        common = reduce(lambda left, right: left.intersection(right), (f.index for f in frames))
        return [{m: f.loc[common, m].tolist() for m in METRICS} for f in frames]

    def ranking(
        self,
        metric: str = "hit_ratio",
        *,
        worth: float | None = None,
        confidence: float = 0.95,
    ) -> Ranking:
        """Rank the cases by a metric; `print` it to see which may be the best, at this confidence.

        Cases in which the metric is undefined are left out, and so are replications that failed in one.
        With the smallest difference that is `worth` telling (in seconds, or as a ratio), the ranking says
        after how many replications the first place goes to the best: `cachesim.statistics.ranking` has
        the whole promise.

        Raises
        ------
        BadInput
            An unknown metric, fewer than two cases that have it, fewer than two replications.
        """
        if metric not in METRICS:
            raise BadInput(f'metric "{metric}" is unknown; choose from {", ".join(METRICS)}')
        values = {n: self.values(n, metric) for n in range(len(self.cases))}
        defined = [n for n, xs in values.items() if xs and not any(map(math.isnan, xs))]
        pairs = zip(defined, self._paired(defined), strict=True) if defined else ()
        samples = {self.cases[n].name: values[metric] for n, values in pairs}
        best = "high" if metric in HIGHER_IS_BETTER else "low"
        return ranking(samples, best=best, worth=worth, confidence=confidence, metric=metric)

    @property
    def notes(self) -> list[str]:
        """What a reader must know, each said once, with the cases it is about."""
        said: dict[str, list[str]] = {}
        if self._hits_cannot_differ:
            said[NOTHING_EVICTED] = [self.cases[number].name for number in self._full_copies]
        for number, case in enumerate(self.cases):
            for note in self._notes_on(number):
                said.setdefault(note, []).append(case.name)
        return [*(f"{few(names)}: {note}" for note, names in said.items()), *self._remarks]

    @property
    def _full_copies(self) -> list[int]:
        """The cases whose cache has evicted nothing."""
        return [
            number
            for number, fine in self._succeeded.items()
            if len(fine) and (fine["evictions"] == 0).all() and fine["hit_ratio"].notna().any()
            if not self._refused(number)
        ]

    @property
    def _hits_cannot_differ(self) -> bool:
        """Whether nothing was evicted, and no latency differs either: with one there is something to compare."""
        told = [self._succeeded[number][[*ALIKE]].to_numpy() for number in self._full_copies]
        return bool(told) and all(np.array_equal(told[0], x, equal_nan=True) for x in told)

    def _refused(self, number: int) -> list[str]:
        """Return the notes about stores that the cache of a case refused."""
        scenario, fine = self.cases[number].scenario, self._succeeded[number]
        kept = next((run.measured for run in self.first_runs if run.scenario is scenario), None)
        return list(told_refusals(scenario, float(fine["cache_errors"].mean()), kept))

    def _notes_on(self, number: int) -> Iterator[str]:
        runs = self.frame[self.frame["case"] == number]
        fine = self._succeeded[number]
        scenario = self.cases[number].scenario
        yield from told_faults(scenario, float(fine["error_ratio"].mean()))
        yield from self._refused(number)
        if len(fine) < len(runs):
            first = runs["failure"].dropna().iloc[0]
            yield f"{len(runs) - len(fine)} of {len(runs)} runs failed and are left out ({first})"

    def rows(self, show_one: Callable[..., str] = show_interval) -> list[list[str]]:
        """Return the table's cells: a row a case."""
        numbers = range(len(self.cases))
        return [
            [*self.cases[n].labels.values(), *(show_one(m, self.interval(n, m)) for m in SHOWN)]
            for n in numbers
        ]

    @property
    def header(self) -> list[str]:
        """The table's column names."""
        return [*(self.cases[0].labels if self.cases else ()), *SHOWN]

    def __str__(self) -> str:
        return "\n".join([text_table(self.header, self.rows()), units(SHOWN), *self.notes])

    def _repr_html_(self) -> str:
        labels = self.header[: -len(SHOWN)]
        header = [*labels, *map(title, SHOWN)]
        return html_table(INTERVALS, header, self.rows(), self.notes)


def labelled(values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return (label, value) pairs: a mapping names its values, a list is named by what they print as."""
    if isinstance(values, Mapping):
        return list(values.items())
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    return [(value if isinstance(value, str) else repr(value), value) for value in plain]


def column(field: str, cases: Sequence[Case]) -> list[Any]:
    """Return what a frame says of a varied field in each case: numbers if it has only these, else labels."""
    values = [reduce(getattr, field.split("__"), case.scenario) for case in cases]
    numbers = all(isinstance(value, int | float) for value in values)
    return values if numbers else [case.labels[field] for case in cases]


def few(names: Sequence[str], most: int = 3) -> str:
    """Return the names, the first ones if they are many."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return "; ".join(names[:most]) + rest
