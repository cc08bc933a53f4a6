"""The work behind `compare` and `sweep`: every combination of values, replicated in rounds, as one frame."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from cachesim.errors import BadInput
from cachesim.experiments.jobs import Done, Job, JobRunner
from cachesim.experiments.results import Case, Results, column, few, labelled
from cachesim.experiments.stopping import StoppingRule
from cachesim.experiments.store import case_key, code_version, run_key
from cachesim.measure.metrics import added
from cachesim.model.size import check_runs, check_size
from cachesim.rng import replica_seed
from cachesim.scenario import Scenario
from cachesim.storage.sqlite import MEMORY

Values = Sequence[Any] | Mapping[str, Any]  # of a field that varies


class Grid:
    """The cases of a comparison or a sweep, their jobs, and the results of these."""

    def __init__(
        self,
        scenario: Scenario,
        varied: Mapping[str, Values],
        rule: StoppingRule,
        runner: JobRunner,
        *,
        is_sweep: bool,
    ) -> None:
        self.varied = varied
        check_runs(math.prod(map(len, varied.values())) * rule.most, 0.0)
        self.cases = list(cases_of(scenario, varied))
        self.rule = rule
        self.runner = runner
        self.is_sweep = is_sweep
        self.metrics = added()
        self.version = code_version() if runner.backend == "dask" else None
        requests = sum(check_size(case.scenario) for case in self.cases) * rule.most
        check_runs(len(self.cases) * rule.most, requests)
        _check_files(self.cases, rule.most)
        self.not_kept: dict[int, str] = {}  # case -> why the store does not keep its runs
        self.keys = [self._key(n) for n in range(len(self.cases))]

    def results(self) -> Results:
        """Do all runs, in rounds: after a round, the rule says which cases need more replications."""
        done: dict[int, list[Done]] = {n: [] for n in range(len(self.cases))}
        while jobs := list(self._round(done)):
            for ended in self.runner.finished(jobs):
                done[ended.case].append(ended)
            for runs in done.values():
                runs.sort(key=lambda d: d.replication)  # they end in any order
        return self._collected(done)

    def _round(self, done: Mapping[int, list[Done]]) -> list[Job]:
        """Return the next jobs: the first replications of all cases, then the second ones, and so on."""
        totals = {n: self.rule.total([d.row for d in runs]) for n, runs in done.items()}
        missing = [(r, n) for n, total in totals.items() for r in range(len(done[n]), total)]
        return [self._job(n, r) for r, n in sorted(missing)]

    def _key(self, number: int) -> str | None:
        if self.runner.store is None:
            return None
        try:
            return case_key(self.cases[number].scenario, self.metrics)
        except BadInput as error:
            self.not_kept[number] = f"runs are not kept, because {error}"
            return None

    def _job(self, number: int, replication: int) -> Job:
        scenario, case = self.cases[number].scenario, self.keys[number]
        seed = replica_seed(scenario.seed, replication)
        return Job(
            number,
            replication,
            scenario.replace(seed=seed),
            key=run_key(case, seed) if case else None,
            with_history=replication == 0 and not self.is_sweep,
            raises=not self.is_sweep,
            version=self.version,
            metrics=self.metrics,
        )

    def _collected(self, done: Mapping[int, list[Done]]) -> Results:
        import pandas as pd

        fields = {field: column(field, self.cases) for field in self.varied}
        rows = [
            {
                "case": n,
                **{field: values[n] for field, values in fields.items()},
                "replication": d.replication,
                **d.row,
            }
            for n, runs in done.items()
            for d in runs
        ]
        kept = {n: d.frames for n, runs in done.items() for d in runs[:1] if d.frames is not None}
        text = pd.StringDtype("python", na_value=float("nan"))
        frame = pd.DataFrame(rows).astype({"engine": text, "failure": text})
        return Results(self.cases, frame, kept, self._remarks(done))

    def _remarks(self, done: Mapping[int, list[Done]]) -> list[str]:
        """Return the notes about the number of runs and about the store."""
        said: dict[str, list[str]] = {}
        for n, runs in done.items():
            for why in (self.rule.shortfall([d.row for d in runs]), self.not_kept.get(n, "")):
                said.setdefault(why, []).append(self.cases[n].name)
        said.pop("", None)
        damaged = self.runner.store.damaged if self.runner.store else []
        again = [f"{len(damaged)} damaged files were run again: {', '.join(damaged)}"]
        return again * bool(damaged) + [f"{few(names)}: {why}" for why, names in said.items()]


def cases_of(scenario: Scenario, varied: Mapping[str, Values]) -> Iterator[Case]:
    """Yield a case for every combination of the values of the varied fields.

    >>> [case.name for case in cases_of(Scenario(), {"strategy__ttl": [1, 10], "seed": [7]})]
    ['1', '10']

    Raises
    ------
    BadInput
        A field without values, or a value that its field does not take.
    """
    for field, values in varied.items():
        if not len(values):
            raise BadInput(f"{field} has no values to compare; give at least one")
    for choice in product(*(labelled(values) for values in varied.values())):
        labels = dict(zip(varied, (label for label, _ in choice), strict=True))
        changes = dict(zip(varied, (value for _, value in choice), strict=True))
        telling = [label for field, label in labels.items() if len(varied[field]) > 1]
        name = ", ".join(telling or labels.values()) or "scenario"
        yield Case(labels, scenario.replace(**changes), name)


def _check_files(cases: Sequence[Case], replications: int) -> None:
    """Refuse a database file that several runs would write."""
    file = next(
        (c.scenario.database.file for c in cases if c.scenario.database.file != MEMORY), None
    )
    if file is not None and len(cases) * replications > 1:
        raise BadInput(
            f'database.file is "{file}", which {len(cases) * replications} runs cannot share; '
            f'leave it "{MEMORY}", or run one scenario once'
        )
