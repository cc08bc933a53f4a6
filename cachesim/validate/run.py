"""All oracles, and `validate`, which runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from itertools import groupby
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.experiments.parallel import in_parallel
from cachesim.validate import (
    answers,
    crashes,
    fleets,
    freshness,
    full_copies,
    herds,
    hits,
    latency,
    networks,
    queues,
    races,
    replicas,
    shards,
    zones,
)
from cachesim.validate.oracle import Oracle, OracleRow, judge

Progress = Callable[[Iterable[Any], int], Iterable[Any]]

ORACLES: dict[str, Oracle] = {
    oracle.name: oracle
    for family in (
        queues,
        networks,
        hits,
        freshness,
        answers,
        herds,
        races,
        replicas,
        latency,
        shards,
        fleets,
        crashes,
        full_copies,
        zones,
    )
    for oracle in family.ORACLES
}


class _Job(NamedTuple):
    oracle: str
    number: int  # of the point
    seed: int


def validate(
    names: Sequence[str] | None = None,
    *,
    seed: int = 1,
    quick: bool = False,
    n_jobs: int = -1,
    progress: Progress | None = None,
) -> list[OracleRow]:
    """Run oracles and return one row per point: the prediction beside the measured value.

    Parameters
    ----------
    names : sequence of str, optional
        Names of oracles; all by default.
    seed : int
        Seed of all runs; another seed repeats everything independently.
    quick : bool
        True: run only the first point of each oracle.
    n_jobs : int
        Number of processes; -1 takes every core. The result does not depend on it.
    progress : callable, optional
        Called with the stream of finished runs and their number; returns the stream.

    Raises
    ------
    BadInput
        No oracle has this name.

    >>> [row] = validate(["arrival-rate"], quick=True, n_jobs=1)
    >>> row.predicted, row.ok
    (5.0, True)
    """
    jobs = list(_jobs([oracle(name) for name in names or ORACLES], seed, quick))
    finished: Iterable[float] = in_parallel(_work, jobs, n_jobs)
    values = list(progress(finished, len(jobs)) if progress else finished)
    points = groupby(zip(jobs, values, strict=True), lambda done: done[0][:2])
    return [_row(name, number, [value for _, value in done]) for (name, number), done in points]


def oracle(name: str) -> Oracle:
    """Return the oracle of this name; raise BadInput if there is none."""
    if name not in ORACLES:
        near = get_close_matches(name, ORACLES, n=1, cutoff=0.3)
        hint = f'did you mean "{near[0]}"?' if near else f"choose from {', '.join(ORACLES)}"
        raise BadInput(f'there is no oracle "{name}"; {hint}')
    return ORACLES[name]


def _jobs(oracles: Sequence[Oracle], seed: int, quick: bool) -> Iterable[_Job]:
    for one in oracles:
        for number in range(1 if quick else len(one.points)):
            for own in one.seeds(number, seed):
                yield _Job(one.name, number, own)


def _work(job: _Job) -> float:
    one = ORACLES[job.oracle]
    return float(one.simulate(job.seed, **one.points[job.number]))


def _row(name: str, number: int, values: list[float]) -> OracleRow:
    return judge(ORACLES[name], ORACLES[name].points[number], values)
