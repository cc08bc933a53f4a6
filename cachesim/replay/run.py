"""A trace straight into an engine: no queueing, no event loop, full speed; and the bounds beside it.

A read asks the engine and, on a miss, stores the key (the fill takes no time); a write stores, a delete
deletes. Time is the trace's own where it has one, else the requests come at a fixed pace.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from cachesim.engines.base import Engine, EngineSpec
from cachesim.engines.simple import SimpleEngine
from cachesim.errors import BadInput, OutOfMemory
from cachesim.replay.bounds import infinite, optimum
from cachesim.replay.columns import PACE, ratio
from cachesim.replay.compiled import choose
from cachesim.replay.fast import Counts, by_kernel, only_items_limit
from cachesim.rng import uniform
from cachesim.traces import DELETE, READ, WRITE, Trace

VALUE_SIZE = 100  # bytes of a value where the trace names none


class Replay(NamedTuple):
    """What a replay found; ratios are over the reads, NaN if there were none."""

    engine: str
    requests: int
    unique: int  # different keys
    reads: int
    hits: int
    hit_ratio: float
    optimum: float | None  # what no policy can exceed with as many keys as the engine ever held
    infinite: float  # with a cache that never forgets
    items: int  # most keys the engine held at once
    memory: int  # bytes in use at the end
    evictions: int
    expirations: int
    misses: dict[str, int]  # by kind
    too_large: int  # values the engine refused to store
    version: str  # which engine: "embedded ..." or a server's name and version


def replay(
    trace: Trace | Iterable[str],
    engine: EngineSpec,
    *,
    bounds: bool = True,
    value_size: int = VALUE_SIZE,
    seed: int = 1,
    compiled: bool | None = None,
) -> Replay:
    """Replay a trace, or plain keys to read, into an engine.

    >>> from cachesim.engines.simple import Simple
    >>> found = replay(["a", "b", "a", "c", "b"], Simple(items=2))
    >>> found.hit_ratio, found.optimum, found.infinite
    (0.2, 0.4, 0.4)

    Parameters
    ----------
    trace : Trace or iterable of str
        The requests.
    engine : EngineSpec
        The cache.
    bounds : bool
        Whether to compute the optimum (Belady), which takes longer than the replay itself.
    value_size : int
        Bytes of a value where the trace names none.
    seed : int
        Of the engine's random draws.
    compiled : bool, optional
        Whether machine code made by numba (extra "fast") may stand in for the engine: plain reads into Simple
        with one of its own policies and a limit on items, or into Redis under an allkeys policy. The numbers
        are the same, bit for bit. By default, where numba is installed and the trace is long.
    """
    trace = trace if isinstance(trace, Trace) else Trace.of_keys(trace)
    if not len(trace):
        raise BadInput("the trace has no request; give at least one")
    is_fast = choose(compiled, work=len(trace))
    now = _Now()
    with closing(engine.build(now, uniform(seed, "eviction"))) as live:
        counts = by_kernel(trace, engine, value_size, seed) if is_fast else None
        if counts is None:
            run = _Run(live, now, _Values(value_size))
            run.play(trace, longest=max(map(len, set(trace.keys))))
            counts = run.counts()
    unique, reads = trace.unique, trace.count(READ)
    hits = reads - sum(counts.misses.values())
    best = optimum(trace, counts.items, compiled=is_fast) if bounds else None
    known = repr(engine), len(trace), unique, reads, hits, ratio(hits, reads)
    bound = infinite(trace, compiled=is_fast)
    return Replay(*known, best, bound, **counts._asdict(), version=live.version)


class _Now:
    """The clock of a replay: moved by every request."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class _Values(dict[int, bytes]):
    """Size -> bytes of that size, made once."""

    def __init__(self, usual: int) -> None:
        self.usual = usual

    def __missing__(self, size: int) -> bytes:
        value = self[size] = bytes(size)
        return value


class _Run:
    """One replay under way."""

    def __init__(self, engine: Engine, now: _Now, values: _Values) -> None:
        self.engine, self.now, self.values = engine, now, values
        self.misses: Counter[str] = Counter()
        self.items = 0
        self.too_large = 0

    def play(self, trace: Trace, *, longest: int) -> None:
        """Play a trace whose longest key has so many characters."""
        if trace.ops is None and trace.sizes is None and trace.times is None and trace.ttls is None:
            self._play_keys(trace.keys, longest)
        else:
            self._play_requests(trace)

    def counts(self) -> Counts:
        """Return what the replay has counted."""
        live = self.engine
        return Counts(
            self.items,
            live.memory,
            live.evictions,
            live.expirations,
            dict(self.misses),
            self.too_large,
        )

    def _play_keys(self, keys: Sequence[str], longest: int) -> None:
        """Play plain reads of values of one size: the loop to be fast in."""
        value = self.values[self.values.usual]
        largest = 4 * longest + len(value)  # UTF-8: 4 bytes a character
        engine = self.engine
        timeless = isinstance(engine, SimpleEngine) and only_items_limit(
            engine.items_limit, engine.memory_limit, largest
        )
        try:
            self.misses = self.engine.read_through(keys if timeless else self._ticking(keys), value)
            self.items = max(self.items, len(self.engine))
        except OutOfMemory as error:
            raise BadInput(
                f"the engine stored nothing: {error}; give it more memory or smaller values"
            ) from None

    def _ticking(self, keys: Sequence[str]) -> Iterator[str]:
        """Yield the keys at their pace, noting how many the engine holds."""
        now, pace, held, most = self.now, 1 / PACE, self.engine.__len__, 0
        for number, key in enumerate(keys):
            now.seconds = number * pace
            if held() > most:
                most = held()
            yield key
        self.items = most

    def _play_requests(self, trace: Trace) -> None:
        n = len(trace)
        rows = zip(
            trace.keys,
            trace.ops or [READ] * n,
            trace.sizes or [self.values.usual] * n,
            trace.times or (number / PACE for number in range(n)),
            trace.ttls or [math.inf] * n,
            strict=True,
        )
        for key, op, size, self.now.seconds, ttl in rows:
            if op == DELETE:
                self.engine.delete(key)
            elif op == WRITE:
                self._store(key, self.values[size], ttl)
            elif self.engine.get(key) is None:
                self.misses[self.engine.why_missed(key)] += 1
                self._store(key, self.values[size], ttl)

    def _store(self, key: str, value: bytes, ttl: float) -> None:
        try:
            self.engine.set(key, value, ttl)
        except OutOfMemory:
            self.too_large += 1
        held = len(self.engine)
        if held > self.items:
            self.items = held
