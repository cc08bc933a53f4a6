"""Replay beside libcachesim (extra "bench") in the same run: CPU seconds, rounds that take turns, the best counts.

A trace of Zipf .99 over 100,000 keys. What is timed: "numbers" begins with the trace's keys as whole numbers in
memory, which is what libcachesim's reader gives its caches; "file" begins with the same file for both, ours with
its texts made and its keys numbered. Compiling is not timed: it happens once, before the first round.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from cachesim.engines.simple import Simple
from cachesim.replay import hit_ratio_curve, lru_hits, replay
from cachesim.replay.bounds import optima
from cachesim.replay.columns import keys_and_ops, times
from cachesim.replay.compiled import is_installed
from cachesim.replay.one_size import SIMPLE, redis_by_items
from cachesim.rng import stream
from cachesim.traces import Trace, read_trace

KEYS, SKEW, ITEMS = 100_000, 0.99, 10_000
SIZES = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 80_000]
HASHPOWERS = (12, 14, 16, 18)  # libcachesim's default of 24 is four times slower than its best
RECORD = np.dtype([("time", "<u4"), ("key", "<u8"), ("size", "<u4"), ("next", "<i8")])
PURE = 100_000  # requests of the subjects that run in Python


class ReplayRow(NamedTuple):
    """One subject: its speed, its peer, and the ratio of both."""

    subject: str
    requests_per_s: float | None  # in CPU time; for a curve of ten sizes the trace counts once
    peer: str | None = None
    ratio: float | None = None  # times the speed of the peer
    missing: str = ""  # what to install, if it could not be measured


HEADER = ["replay", "M requests/s", "beside", "times as fast"]


def cells(row: ReplayRow) -> list[str]:
    """Return the texts of a row."""
    speed = "-" if row.requests_per_s is None else f"{row.requests_per_s / 1e6:.2f}"
    ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
    return [row.subject, speed, row.missing or row.peer or "", ratio]


def rows(requests: int = 1_000_000, rounds: int = 5) -> list[ReplayRow]:
    """Measure the speed of replays and curves, each beside its peer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "zipf.oracleGeneral"
        _write(path, requests)
        subjects = {**_python(path), **(_ours(path) if is_installed() else {}), **_peers(path)}
        best = dict.fromkeys(subjects, 0.0)
        for subject in subjects.values():
            subject()  # compiles, fills caches
        for _ in range(rounds):
            for name, subject in subjects.items():
                begin = process_time()
                played = subject()
                best[name] = max(best[name], played / (process_time() - begin))
    return _rows(best)


PAIRS = {  # ours -> its peer
    "LRU, one size, from numbers": "libcachesim LRU, one size",
    "LFU, one size, from numbers": "libcachesim LFU, one size",
    "SIEVE, one size, from numbers": "libcachesim SIEVE, one size",
    "optimum, one size, from numbers": "libcachesim Belady, one size (its answer is wrong)",
    "Redis's sampled LRU, one size, from numbers": "libcachesim LRU, one size",
    "LRU curve, ten sizes, from numbers": "libcachesim LRU, ten sizes",
    "LRU curve, ten sizes, from the file": "libcachesim LRU, ten sizes",
}


def _rows(best: dict[str, float]) -> list[ReplayRow]:
    """Return one row per subject; libcachesim is taken at its best hash power."""
    peers: dict[str, float] = {}
    for name, speed in best.items():
        peer, at, _ = name.partition(" @")
        if at:
            peers[peer] = max(speed, peers.get(peer, 0.0))
    found = []
    for name in (name for name in best if "@" not in name):
        peer = PAIRS.get(name, "")
        ratio = best[name] / peers[peer] if peer in peers else None
        found.append(ReplayRow(name, best[name], peer if peer in peers else None, ratio))
    found += [ReplayRow(f"{name}, at its best hash power", speed) for name, speed in peers.items()]
    return found + [
        ReplayRow(name, None, missing=f"needs {name}: pip install 'cachesim-lab[{extra}]'")
        for name, extra in (("numba", "fast"), ("libcachesim", "bench"))
        if find_spec(name) is None
    ]


def _write(path: Path, requests: int) -> None:
    sums = np.cumsum(1 / np.arange(1, KEYS + 1) ** SKEW)
    records = np.zeros(requests, RECORD)
    records["key"] = np.searchsorted(sums / sums[-1], stream(1, "keys").random(requests))
    records["size"], records["next"] = 1, -1
    records.tofile(path)


def _plain(path: Path) -> Trace:
    """Return the file's keys as plain reads, numbered."""
    trace = read_trace(path, "oracleGeneral")
    return Trace.of_codes(trace.columns.codes, trace.names)


def _ours(path: Path) -> dict[str, Callable[[], int]]:
    trace = _plain(path)
    given, names, when, n = keys_and_ops(trace), trace.names, times(trace), len(trace)

    def one(name: str) -> Callable[[], int]:
        return lambda: (SIMPLE[name](given, ITEMS, 1, compiled=True), n)[1]

    return {
        "LRU, one size, from numbers": one("lru"),
        "LFU, one size, from numbers": one("lfu"),
        "SIEVE, one size, from numbers": one("sieve"),
        "optimum, one size, from numbers": lambda: (optima(given, [ITEMS], compiled=True), n)[1],
        "Redis's sampled LRU, one size, from numbers": lambda: (
            redis_by_items(given, names, when, "allkeys-lru", ITEMS, 1, compiled=True), n,
        )[1],
        "LRU curve, ten sizes, from numbers": lambda: _curve(trace),
        "LRU curve, ten sizes, from the file": lambda: _curve(_plain(path)),
    }  # fmt: skip


def _curve(trace: Trace) -> int:
    hits = lru_hits(trace, compiled=True)
    return len(trace) if len(hits[np.minimum(SIZES, trace.unique)]) else 0


def _python(path: Path) -> dict[str, Callable[[], int]]:
    """Return the subjects that run without numba, on the first requests of the trace."""
    part = Trace.of_keys(_plain(path).keys[:PURE])

    def curve(name: str) -> Callable[[], int]:
        return lambda: (hit_ratio_curve(part, [name], SIZES, compiled=False), len(part))[1]

    return {
        "replay into Simple with LRU, in Python": lambda: (
            replay(part, Simple(items=ITEMS), bounds=False, compiled=False), len(part),
        )[1],
        "LRU curve, ten sizes and the optimum, in Python": curve("lru"),
    }  # fmt: skip


def _peers(path: Path) -> dict[str, Callable[[], int]]:
    """Return libcachesim's caches, one per hash power (in the name, after "@"); none if it is not installed."""
    if find_spec("libcachesim") is None:
        return {}
    import libcachesim as peer

    kinds = {"LRU": peer.LRU, "LFU": peer.LFU, "SIEVE": peer.Sieve}
    wrong = "libcachesim Belady, one size (its answer is wrong)"
    subjects: dict[str, tuple[Any, list[int]]] = {
        **{f"libcachesim {name}, one size": (kind, [ITEMS]) for name, kind in kinds.items()},
        wrong: (peer.Belady, [ITEMS]),
        "libcachesim LRU, ten sizes": (peer.LRU, SIZES),
    }
    return {
        f"{name} @{power}": partial(_play_peer, path, kind, sizes, power)
        for name, (kind, sizes) in subjects.items()
        for power in HASHPOWERS
    }


def _play_peer(path: Path, kind: Any, sizes: list[int], power: int) -> int:
    """Play the file into caches of libcachesim, one per size; return the number of its requests."""
    from libcachesim import ReaderInitParam, TraceReader, TraceType

    for items in sizes:
        by_items = ReaderInitParam(ignore_obj_size=True)
        reader = TraceReader(str(path), TraceType.ORACLE_GENERAL_TRACE, by_items)
        kind(items, hashpower=power).process_trace(reader)
    return path.stat().st_size // RECORD.itemsize
