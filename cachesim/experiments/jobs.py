"""One run as a job that any process can do: found in the store, or run and kept there, failures told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.experiments.parallel import in_parallel
from cachesim.experiments.result import Result
from cachesim.experiments.scenario import Scenario
from cachesim.experiments.store import Row, Store, case_key, code_version, run_key
from cachesim.measure.history import Recorder
from cachesim.measure.metrics import METRICS
from cachesim.model.unreliable.system import system_for

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[..., Iterable[Any]]  # tqdm, or whatever takes the finished runs and `total`


class Job(NamedTuple):
    """One run to do."""

    case: int
    replication: int
    scenario: Scenario  # with this replication's seed
    key: str | None = None  # in the store; None: not kept
    with_history: bool = False
    raises: bool = (
        False  # an error ends the experiment; otherwise it is written down in the run's row
    )
    version: str | None = None  # of the code that must run it; None: whatever is there


class Done(NamedTuple):
    """One run that ended: its place, what a frame says of it, and its history if that was asked for."""

    case: int
    replication: int
    row: Row  # seed, engine, failure, every metric
    history: pd.DataFrame | None


class Bench(NamedTuple):
    """Where and how jobs are done."""

    n_jobs: int
    backend: str
    address: str | None
    progress: Progress | None
    store: Store | None = None

    def finished(self, jobs: Sequence[Job]) -> Iterator[Done]:
        """Yield every job's run as it ends: those in the store first, and each new one after it is kept."""
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
            if self.store and key and done.row["failure"] is None:  # what failed is tried again
                self.store.put(key, done.row)
            yield done


def run(scenario: Scenario) -> Result:
    """Run a scenario and return its Result; the same scenario always gives the same records.

    >>> result = run(Scenario(duration=2, warmup=1))
    >>> 0 <= result.metrics["hit_ratio"] <= 1
    True
    """
    recorder = Recorder()
    system = system_for(scenario)(scenario, recorder.request, recorder.sample)
    system.run()
    return Result(scenario, recorder.hand_over(system.db.versions), system.cache.engine.version)


def do(job: Job) -> Done:
    """Run one job, in whatever process this is.

    Raises
    ------
    BadInput
        This process would run other code than the one that wants the result.
    """
    if job.version is not None:
        _check_code(job)
    try:
        result = run(job.scenario)
        row = _row(job, result.engine, None, result.metrics)
    except (Exception, SystemExit) as error:
        if job.raises:
            raise
        return Done(job.case, job.replication, _row(job, None, _told(error), {}), None)
    return Done(job.case, job.replication, row, result.history if job.with_history else None)


def _check_code(job: Job) -> None:
    """Refuse a job whose numbers would not be those of the machine that asks for them."""
    if job.version != code_version():
        raise BadInput(
            f"a worker of the cluster runs {code_version()}, but this process {job.version}; "
            "install the same everywhere, or their numbers may differ"
        )
    if job.key and job.key != run_key(case_key(job.scenario), job.scenario.seed):
        raise BadInput(
            f"a worker of the cluster has other code of yours, or another trace, for {job.scenario!r}; "
            "install the same everywhere"
        )


def _row(job: Job, engine: str | None, failure: str | None, metrics: dict[str, float]) -> Row:
    known = {name: metrics.get(name, math.nan) for name in METRICS}
    # One NaN for all: others differ in bytes that no reader sees, but a comparison of files does.
    same = {name: math.nan if math.isnan(x) else x for name, x in known.items()}
    return {"seed": job.scenario.seed, "engine": engine, "failure": failure, **same}


def _told(error: BaseException) -> str:
    """Return an error's type and sentence, on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
