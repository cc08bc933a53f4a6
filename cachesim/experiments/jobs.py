"""One run as a job for any process: found in the store, or run and then kept there; a failure becomes a row."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.experiments.parallel import in_parallel
from cachesim.experiments.run import run
from cachesim.experiments.store import RunRow, Store, case_key, code_version, run_key
from cachesim.measure.metrics import OURS, Metric, measure
from cachesim.scenario import Scenario

Progress = Callable[..., Iterable[Any]]  # tqdm, or whatever takes the finished runs and `total`


class Job(NamedTuple):
    """One run to do."""

    case: int
    replication: int
    scenario: Scenario  # with this replication's seed
    key: str | None = None  # in the store; None: not kept
    with_history: bool = False
    raises: bool = (
        False  # True: an error ends the experiment; False: the run's row holds its sentence
    )
    version: str | None = None  # of the code that must run it; None: any
    metrics: tuple[Metric, ...] = ()  # of the user's own: another process does not know them


class Done(NamedTuple):
    """One run that ended: its place, its row of the frame, and its frames if the job asked for its history."""

    case: int
    replication: int
    row: RunRow  # seed, engine, failure, every metric
    frames: tuple[Any, ...] | None  # `Result.frames`


class JobRunner(NamedTuple):
    """Where jobs run, who watches their progress, and the store that keeps their rows."""

    n_jobs: int
    backend: str
    address: str | None
    progress: Progress | None
    store: Store | None = None

    def finished(self, jobs: Sequence[Job]) -> Iterator[Done]:
        """Yield every run as it ends: those in the store first, and each new one after the store has it."""
        missing = []
        for job in jobs:
            row = self.store.get(job.key) if self.store and job.key else None
            if row is None:
                missing.append(job)
            else:
                yield Done(job.case, job.replication, row, None)
        yield from self._new(missing)

    def _new(self, jobs: Sequence[Job]) -> Iterator[Done]:
        keys = {(job.case, job.replication): job.key for job in jobs}
        place = {"backend": self.backend, "address": self.address, "ordered": False}
        ended: Iterable[Done] = in_parallel(do, jobs, self.n_jobs, **place)  # type: ignore[arg-type]
        for done in self.progress(ended, total=len(jobs)) if self.progress else ended:
            key = keys[done.case, done.replication]
            if self.store and key and done.row["failure"] is None:  # a failed run is tried again
                self.store.put(key, done.row)
            yield done


def do(job: Job) -> Done:
    """Run one job in this process.

    Raises
    ------
    BadInput
        This process would run other code than the process that asks for the result.
    """
    if job.version is not None:
        _check_code(job)
    try:
        result = run(job.scenario)
        row = _row(job, result.engine, None, measure(result.measured, (*OURS, *job.metrics)))
        frames = result.frames if job.with_history else None
    except (Exception, SystemExit) as error:
        if job.raises:
            raise
        return Done(job.case, job.replication, _row(job, None, _sentence(error), {}), None)
    return Done(job.case, job.replication, row, frames)


def _check_code(job: Job) -> None:
    """Refuse a job if the machine that asks for it would get other numbers from its own code."""
    if job.version != code_version():
        raise BadInput(
            f"a worker of the cluster runs {code_version()}, but this process {job.version}; "
            "install the same everywhere, or their numbers may differ"
        )
    if job.key and job.key != run_key(case_key(job.scenario, job.metrics), job.scenario.seed):
        raise BadInput(
            f"a worker of the cluster has other code of yours, or another trace, for {job.scenario!r}; "
            "install the same everywhere"
        )


def _row(job: Job, engine: str | None, failure: str | None, metrics: dict[str, float]) -> RunRow:
    known = {m.name: metrics.get(m.name, math.nan) for m in (*OURS, *job.metrics)}
    # One NaN for all: two NaNs can differ in their bytes, and then two equal files would differ.
    same = {name: math.nan if math.isnan(x) else x for name, x in known.items()}
    return {"seed": job.scenario.seed, "engine": engine, "failure": failure, **same}


def _sentence(error: BaseException) -> str:
    """Return an error's type and sentence on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
