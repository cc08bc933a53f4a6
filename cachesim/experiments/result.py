"""What an experiment gives back: a Result for one run, Results for many."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from cachesim.experiments.scenario import Scenario
from cachesim.measure.history import since
from cachesim.measure.metrics import METRICS, measure, miss_kinds, select
from cachesim.measure.statistics import Interval, interval, paired_difference
from cachesim.measure.tables import show, show_interval, text_table

if TYPE_CHECKING:
    import pandas as pd

SHOWN = (
    "hit_ratio", "stale_ratio", "staleness_age_p95", "read_p50", "read_p99", "write_p50", "write_p99",
    "db_queries_per_s", "evictions",
)  # fmt: skip


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
        samples = select(self.measured, "sample")["evictions"]
        if len(samples) and samples.iloc[-1] == 0 and not math.isnan(self.metrics["hit_ratio"]):
            return ["nothing was evicted: policies and engines cannot differ here"]
        return []

    def explain(self, number: int) -> str:
        """Tell request `number` (its place in the history, from 0) step by step, by running it again."""
        from cachesim.experiments.explain import explain

        return explain(self.scenario, number)

    def __str__(self) -> str:
        rows = [[name, show(name, self.metrics[name])] for name in METRICS]
        kinds = ", ".join(
            f"{kind} {share:.1%}" for kind, share in miss_kinds(self.measured).items()
        )
        rows += [["misses by kind", kinds or "none"], ["engine", self.engine]]
        return "\n".join([repr(self.scenario), text_table(["metric", "value"], rows), *self.notes])

    def _repr_html_(self) -> str:
        rows = [[name, show(name, self.metrics[name])] for name in METRICS]
        return _html_table(repr(self.scenario), ["metric", "value"], rows, self.notes)


class Case(NamedTuple):
    """One cell of a comparison: what was varied, and the scenario that gives."""

    labels: dict[str, str]  # varied field -> how its value is called
    scenario: Scenario
    name: str  # the labels of the fields that differ between the cases


class Difference(NamedTuple):
    """By how much two cases differ in one metric, from paired replications."""

    metric: str
    first: str
    second: str
    interval: Interval


class Results:
    """Many runs: a tidy `frame` with a row a run, and intervals over the replications of each case."""

    def __init__(
        self, cases: Sequence[Case], frame: pd.DataFrame, histories: Mapping[int, pd.DataFrame]
    ) -> None:
        self.cases = list(cases)
        self.frame = frame  # columns: the varied fields, replication, seed, engine, every metric
        self.first_runs = [
            Result(case.scenario, histories[number], self.engine(number))
            for number, case in enumerate(self.cases)
            if number in histories
        ]

    def values(self, number: int, metric: str) -> list[float]:
        """Return one metric of every replication of case `number`."""
        return [float(x) for x in self.frame.loc[self.frame["case"] == number, metric]]

    def engine(self, number: int) -> str:
        """Return which engine ran in case `number`: a server's name and version, or "embedded ..."."""
        return str(self.frame.loc[self.frame["case"] == number, "engine"].iloc[0])

    def interval(self, number: int, metric: str, confidence: float = 0.95) -> Interval:
        """Return the mean of a metric over the replications of case `number`, with its interval."""
        return interval(self.values(number, metric), confidence)

    def differences(self, first: int = 0, second: int = 1) -> list[Difference]:
        """Return first minus second for every metric, paired by replication; [] if there is no second."""
        if max(first, second) >= len(self.cases):
            return []
        names = self.cases[first].name, self.cases[second].name
        pairs = (
            (m, paired_difference(self.values(first, m), self.values(second, m))) for m in METRICS
        )
        return [Difference(metric, *names, difference) for metric, difference in pairs]

    @property
    def notes(self) -> list[str]:
        """What a reader must know, each said once, with the case it is about."""
        return [
            f"{case.name}: {note}"
            for case, run in zip(self.cases, self.first_runs, strict=False)
            for note in run.notes
        ]

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
        return "\n".join([text_table(self.header, self.rows()), *self.notes])

    def _repr_html_(self) -> str:
        return _html_table("95 % intervals over replications", self.header, self.rows(), self.notes)


def _html_table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]
) -> str:
    lines = [_html_line("th", header), *(_html_line("td", row) for row in rows)]
    below = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    return f"<p><code>{html.escape(title)}</code></p><table>{''.join(lines)}</table>{below}"


def _html_line(tag: str, cells: Sequence[str]) -> str:
    texts = (f"<{tag} style='text-align:left'>{html.escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{''.join(texts)}</tr>"


def labelled(values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return (label, value) pairs: a mapping names its values, a list is named by what they print as."""
    if isinstance(values, Mapping):
        return list(values.items())
    return [(value if isinstance(value, str) else repr(value), value) for value in values]
