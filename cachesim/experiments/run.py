"""The verbs: run one scenario, replicate it, compare alternatives, sweep a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.experiments.result import Case, Result, Results, labelled
from cachesim.experiments.scenario import Scenario
from cachesim.measure.history import Recorder
from cachesim.model.system import System
from cachesim.rng import replica_seed
from cachesim.storage.sqlite import MEMORY

Values = Sequence[Any] | Mapping[str, Any]
Progress = Callable[
    [Iterable[Any], int], Iterable[Any]
]  # wraps the finished runs; tqdm on the command line


def run(scenario: Scenario) -> Result:
    """Run a scenario and return its Result; the same scenario always gives the same records.

    >>> result = run(Scenario(duration=2, warmup=1))
    >>> 0 <= result.metrics["hit_ratio"] <= 1
    True
    """
    recorder = Recorder()
    system = System(scenario, recorder.request, recorder.sample)
    system.run()
    return Result(scenario, recorder.history(), system.node.engine.version)


def replicate(scenario: Scenario, replications: int = 5, **options: Any) -> Results:
    """Run a scenario several times with independent seeds; return Results with one case."""
    return compare(scenario, replications=replications, **options)


def compare(
    scenario: Scenario,
    *,
    replications: int = 5,
    n_jobs: int = -1,
    progress: Progress | None = None,
    **varied: Values,
) -> Results:
    """Run alternatives on the same draws and return Results: intervals, and paired differences.

    Parameters
    ----------
    scenario : Scenario
        What all alternatives share.
    replications : int
        Independent repetitions of each; replication k draws the same numbers in every alternative.
    n_jobs : int
        Processes; -1 takes every core, 1 stays in this one. The result does not depend on it.
    progress : callable, optional
        Wraps the stream of finished runs, with their number.
    **varied
        Field of the scenario (`part__field` for a nested one) -> its values, as a list or as a mapping
        that names them. Several fields give every combination.

    Raises
    ------
    BadInput
        A field that does not exist, an empty list of values, fewer than 1 replication.
    """
    if replications < 1:
        raise BadInput(f"replications must be >= 1, got {replications}")
    cases = list(_cases(scenario, varied))
    _check_files(cases, replications)
    jobs = [_Job(n, case.scenario, r) for r in range(replications) for n, case in enumerate(cases)]
    finished: Iterable[_Done] = _in_parallel(jobs, n_jobs)
    done = list(progress(finished, len(jobs)) if progress else finished)
    return _collect(cases, done)


def sweep(scenario: Scenario, *, replications: int = 5, **varied: Values) -> Results:
    """Run every combination of the varied fields in this process; return Results as `compare` does."""
    return compare(scenario, replications=replications, n_jobs=1, **varied)  # type: ignore[arg-type]


class _Job(NamedTuple):
    case: int
    scenario: Scenario
    replication: int


class _Done(NamedTuple):
    job: _Job
    metrics: dict[str, float]
    engine: str
    history: Any  # only of the first replication: plots need one, processes pay for each


def _work(job: _Job) -> _Done:
    seed = replica_seed(job.scenario.seed, job.replication)
    result = run(job.scenario.replace(seed=seed))
    history = result.history if job.replication == 0 else None
    return _Done(job, result.metrics, result.engine, history)


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


def _in_parallel(jobs: list[_Job], n_jobs: int) -> Iterable[_Done]:
    if n_jobs == 1 or len(jobs) == 1:
        return map(_work, jobs)
    from joblib import Parallel, delayed

    return Parallel(n_jobs=n_jobs, return_as="generator")(delayed(_work)(job) for job in jobs)  # type: ignore[no-any-return]


def _collect(cases: list[Case], done: list[_Done]) -> Results:
    import pandas as pd

    done = sorted(done, key=lambda d: (d.job.case, d.job.replication))
    frame = pd.DataFrame([_row(cases[d.job.case], d) for d in done])
    histories = {d.job.case: d.history for d in done if d.history is not None}
    return Results(cases, frame, histories)


def _row(case: Case, done: _Done) -> dict[str, Any]:
    seed = replica_seed(done.job.scenario.seed, done.job.replication)
    about = {
        "case": done.job.case,
        **case.labels,
        "replication": done.job.replication,
        "seed": seed,
        "engine": done.engine,
    }
    return {**about, **done.metrics}
