"""`cachesim bench`: what a request costs here and in other people's tools, measured side by side.

The subjects of a table take turns, round after round: the machine's speed drifts, but a ratio within
one round does not. To add a table, write a Section and put it into SECTIONS.
"""

import gc
import os
import platform
import statistics
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from cachesim.cli.kinds import ruled
from cachesim.cli.options import JSON
from cachesim.cli.output import print_json
from cachesim.measure.tables import text_table
from cachesim.spec import Count
from cachesim.units import KIB

WARM_UP = 500  # requests, not counted: imports are done and Python's inline caches filled
HEADER = ["model", "µs per request", "requests/s", "times as slow as ours"]


class Subject(NamedTuple):
    """Something to measure: `cost(requests)` returns seconds of CPU per request."""

    name: str
    cost: Callable[[int], float]


class Section(NamedTuple):
    """One table: `rows(requests, rounds)` measures, and returns named tuples; `cells(row)` returns their texts."""

    title: str
    header: list[str]
    rows: Callable[[int, int], Sequence[Any]]
    cells: Callable[[Any], list[str]]


class SpeedRow(NamedTuple):
    """The result for one subject; `missing` says what to install if it could not be measured."""

    name: str
    seconds: float | None
    ratio: float | None  # of its cost to ours, the median over the rounds
    missing: str


@click.command()
@ruled("--rounds", Count, "Rounds, one after the other.", default="3")
@ruled("--requests", Count, "Requests per round.", default="20000")
@JSON
def bench(rounds: int, requests: int, as_json: bool) -> None:
    """Measure what a request costs. A textbook SimPy model and Ciw are measured beside it in the same run."""
    tables = [(section, section.rows(requests, rounds)) for section in SECTIONS]
    if as_json:
        named = [
            {"title": section.title, "rows": [row._asdict() for row in rows]}
            for section, rows in tables
        ]
        print_json({**about(), "rounds": rounds, "requests": requests, "sections": named})
        return
    click.echo(" · ".join(about().values()))
    click.echo(f"medians of {rounds} interleaved rounds of {requests:,} requests")
    for section, rows in tables:
        cells = [section.cells(row) for row in rows]
        click.echo(f"\n{section.title}\n{text_table(section.header, cells)}")


def measure(subjects: list[Subject], requests: int, rounds: int) -> list[SpeedRow]:
    """Return one row per subject, ours first: its cost and its ratio to ours, medians over the rounds."""
    missing = {subject.name: _missing(subject) for subject in subjects}  # a first run, not counted
    costs: dict[str, list[float]] = {name: [] for name, why in missing.items() if not why}
    for _ in range(rounds):
        for subject in subjects:
            if subject.name in costs:
                gc.collect()  # the garbage of one subject must not slow the next one down
                costs[subject.name].append(subject.cost(requests))
    return list(_rows(subjects, costs, missing))


def _missing(subject: Subject) -> str:
    """Name the package that the subject lacks; "" if it lacks none."""
    try:
        subject.cost(WARM_UP)
    except ImportError as error:
        return f"needs {error.name}: pip install 'cachesim-lab[bench]'"
    return ""


def _rows(
    subjects: list[Subject], costs: dict[str, list[float]], missing: dict[str, str]
) -> Iterator[SpeedRow]:
    ours = costs[subjects[0].name]
    for name, _ in subjects:
        if name not in costs:
            yield SpeedRow(name, None, None, missing[name])
            continue
        ratios = [cost / own for cost, own in zip(costs[name], ours, strict=True)]
        yield SpeedRow(name, statistics.median(costs[name]), statistics.median(ratios), "")


def _cells(row: SpeedRow) -> list[str]:
    if row.seconds is None or row.ratio is None:
        return [row.name, "-", "-", row.missing]
    return [row.name, f"{row.seconds * 1e6:.2f}", f"{1 / row.seconds:,.0f}", f"{row.ratio:.2f}"]


def closed_loop(requests: int, rounds: int) -> list[SpeedRow]:
    """Measure the closed loop."""
    from cachesim.cli.peers import ours, queues
    from cachesim.engines.redis.engine import Redis

    redis = Redis(memory=256 * KIB)
    return measure(
        [
            Subject("cachesim", ours.ours),
            Subject("cachesim, Redis engine", lambda n: ours.ours(n, cache=redis)),
            Subject("textbook SimPy, with SQLite", ours.twin),
            Subject("one bare SimPy event", queues.bare_event),
        ],
        requests,
        rounds,
    )


def open_loop(requests: int, rounds: int) -> list[SpeedRow]:
    """Measure the open loop."""
    from cachesim.cli.peers import ours, queues

    return measure(
        [
            Subject("cachesim", lambda n: ours.ours(n, is_open=True)),
            Subject("textbook SimPy, with SQLite", lambda n: ours.twin(n, is_open=True)),
            Subject("Ciw (queues only, no cache)", queues.ciw_network),
        ],
        requests,
        rounds,
    )


def replays(requests: int, rounds: int) -> Sequence[Any]:
    """Measure replays and curves; they cost so little that a round takes ten times as many requests."""
    from cachesim.cli.bench_replay import rows

    return rows(10 * requests, rounds)


def _replay_cells(row: Any) -> list[str]:
    from cachesim.cli.bench_replay import cells

    return cells(row)


def about() -> dict[str, Any]:
    """Describe this measurement: processor, cores, Python, date."""
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def _processor() -> str:
    """Return the processor's name: Linux writes it where `platform` does not look."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


SECTIONS = (
    Section("The model, closed loop: 50 users, LRU of 1,000 in 10,000 keys", HEADER, closed_loop, _cells),
    Section("The model, open loop: the same system, 900 requests per second", HEADER, open_loop, _cells),
    Section("Replay: 10,000 of 100,000 keys; ten times the requests, the best round counts",
            ["replay", "M requests/s", "beside", "times as fast"], replays, _replay_cells),
)  # fmt: skip
