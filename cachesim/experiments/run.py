"""The verbs: run one scenario, replicate it, compare alternatives, sweep a grid."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from cachesim.errors import BadInput
from cachesim.experiments.jobs import Bench, Done, Job, Progress, run
from cachesim.experiments.parallel import in_parallel
from cachesim.experiments.result import Case, Results, column, few, labelled
from cachesim.experiments.stopping import Enough, enough
from cachesim.experiments.store import Store, case_key, code_version, run_key
from cachesim.model.size import check_runs, check_size
from cachesim.rng import replica_seed
from cachesim.scenario import Scenario
from cachesim.storage.sqlite import MEMORY

__all__ = ["Progress", "compare", "in_parallel", "replicate", "run", "sweep"]

Values = Sequence[Any] | Mapping[str, Any]


def replicate(scenario: Scenario, replications: int = 5, **options: Any) -> Results:
    """Run a scenario several times with independent seeds; return Results with one case."""
    return compare(scenario, replications=replications, **options)


def compare(
    scenario: Scenario,
    *,
    replications: int | None = None,
    until_precision: float | None = None,
    precision_of: str = "hit_ratio",
    n_jobs: int = -1,
    backend: str = "processes",
    address: str | None = None,
    progress: Progress | None = None,
    **varied: Values,
) -> Results:
    """Run a few alternatives on the same draws and return Results: intervals, and paired differences.

    The history of each alternative's first replication is kept in memory, for plots. An error in a run is
    raised. For many alternatives, and runs that may take the night, there is `sweep`.

    Parameters
    ----------
    scenario : Scenario
        What all alternatives share.
    replications : int, default 5, or 100 with `until_precision`
        Independent repetitions of each; replication k draws the same numbers in every alternative.
    until_precision : float, optional
        Repeat each alternative until half the 95 % interval of a metric is at most this share of its mean,
        such as 0.05, and stays so for five more (Hoad, Robinson & Davies 2010); `replications` is the limit.
    precision_of : str
        The metric that is to be so precise.
    n_jobs : int
        Processes; -1 takes every core, 1 stays in this one. The result does not depend on it.
    backend : {"processes", "dask"}
        Where to run: on this machine, or on a Dask cluster (see `sweep`).
    address : str, optional
        Of the Dask scheduler.
    progress : callable, optional
        Called with the stream of finished runs and `total`, such as `tqdm.auto.tqdm` in a notebook.
    **varied
        Field of the scenario (`part__field` for a nested one) -> its values, as a list or as a mapping
        that names them. Several fields give every combination.

    Raises
    ------
    BadInput
        A field that does not exist, an empty list of values, fewer than 1 replication.

    Examples
    --------
    >>> short = Scenario(duration=2, warmup=1)
    >>> results = compare(short, strategy__ttl=[1, 10], replications=2, n_jobs=1)
    >>> [case.name for case in results.cases], len(results.frame)
    (['1', '10'], 4)
    """
    rule = enough(replications, until_precision, precision_of)
    bench = Bench(n_jobs, backend, address, progress)
    return _Experiment(scenario, varied, rule, bench, is_sweep=False).results()


def sweep(
    scenario: Scenario,
    *,
    replications: int | None = None,
    until_precision: float | None = None,
    precision_of: str = "hit_ratio",
    n_jobs: int = -1,
    backend: str = "processes",
    address: str | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    progress: Progress | None = None,
    **varied: Values,
) -> Results:
    """Run every combination of the varied fields and return Results: a row a run, `frame`, without histories.

    As `compare`, on the same draws, but made for thousands of runs: a run that fails is a row that says
    why, and the others go on; finished runs are kept in a folder, if one is given, so that a sweep which
    was interrupted goes on, and a repeated one only reads; and it can run on a cluster.

    Parameters
    ----------
    scenario, replications, until_precision, precision_of, n_jobs, progress, **varied
        As in `compare`.
    backend : {"processes", "dask"}
        Where to run: on this machine, or on a Dask cluster, whose machines need the same cachesim. The
        frame is the same, byte for byte.
    address : str, optional
        Of the Dask scheduler, such as "tcp://10.0.0.5:8786"; without it, the Client of this process.
    store : path or Store, optional
        Folder in which finished runs are kept and looked for; by default none are. A run is found again by
        its scenario (classes of your own by their code), its seed and the version of cachesim. What
        cannot be known by these is run every time, and `results.notes` says so.

    Raises
    ------
    BadInput
        A field that does not exist, an empty list of values, fewer than 1 replication, a store that cannot
        be written.
    WorkerLost
        A process died in the middle of a run; with a store, what had ended is kept.

    Examples
    --------
    >>> short = Scenario(duration=2, warmup=1)
    >>> results = sweep(
    ...     short, strategy__ttl=[1, 10], cache__memory=[10**5, 10**6], replications=2, n_jobs=1
    ... )
    >>> results.frame.loc[5, ["strategy__ttl", "cache__memory", "replication"]].tolist()
    [10.0, 100000.0, 1.0]
    >>> results.scenario(5) == short.replace(
    ...     strategy__ttl=10, cache__memory=10**5, seed=results.frame.loc[5, "seed"]
    ... )
    True
    """
    rule = enough(replications, until_precision, precision_of)
    kept = store if store is None or isinstance(store, Store) else Store(store)
    bench = Bench(n_jobs, backend, address, progress, kept)
    return _Experiment(scenario, varied, rule, bench, is_sweep=True).results()


class _Experiment:
    """The cases of a comparison or a sweep, and what becomes of their runs."""

    def __init__(
        self,
        scenario: Scenario,
        varied: Mapping[str, Values],
        rule: Enough,
        bench: Bench,
        *,
        is_sweep: bool,
    ) -> None:
        self.varied = varied
        check_runs(math.prod(map(len, varied.values())) * rule.most, 0.0)
        self.cases = list(_cases(scenario, varied))
        self.rule = rule
        self.bench = bench
        self.is_sweep = is_sweep
        self.version = code_version() if bench.backend == "dask" else None
        self.unkept: dict[int, str] = {}  # case -> why its runs are not kept
        requests = sum(check_size(case.scenario) for case in self.cases) * rule.most
        check_runs(len(self.cases) * rule.most, requests)
        _check_files(self.cases, rule.most)
        self.keys = [self._key(n) for n in range(len(self.cases))]

    def results(self) -> Results:
        """Do all runs, in rounds: what a round gave says which cases need another one."""
        done: dict[int, list[Done]] = {n: [] for n in range(len(self.cases))}
        while jobs := list(self._round(done)):
            for ended in self.bench.finished(jobs):
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
        if self.bench.store is None:
            return None
        try:
            return case_key(self.cases[number].scenario)
        except BadInput as error:
            self.unkept[number] = f"runs are not kept, because {error}"
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
        histories = {
            n: d.history for n, runs in done.items() for d in runs[:1] if d.history is not None
        }
        text = pd.StringDtype("python", na_value=float("nan"))
        frame = pd.DataFrame(rows).astype({"engine": text, "failure": text})
        return Results(self.cases, frame, histories, self._remarks(done))

    def _remarks(self, done: Mapping[int, list[Done]]) -> list[str]:
        """Return what must be said about the number of runs, and about the store."""
        said: dict[str, list[str]] = {}
        for n, runs in done.items():
            for why in (self.rule.shortfall([d.row for d in runs]), self.unkept.get(n, "")):
                said.setdefault(why, []).append(self.cases[n].name)
        said.pop("", None)
        damaged = self.bench.store.damaged if self.bench.store else []
        again = [f"{len(damaged)} damaged files were run again: {', '.join(damaged)}"]
        return again * bool(damaged) + [f"{few(names)}: {why}" for why, names in said.items()]


def _cases(scenario: Scenario, varied: Mapping[str, Values]) -> Iterator[Case]:
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
