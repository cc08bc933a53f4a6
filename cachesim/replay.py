"""A trace straight into an engine: no queueing, no event loop, full speed; and the bounds beside it.

A read asks the engine and, on a miss, stores the key (the fill takes no time); a write stores, a delete
deletes. Time is the trace's own where it has one, else the requests come at a fixed pace.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from heapq import heappop, heappush
from typing import Any, NamedTuple

from cachesim.engines.base import Engine, EngineSpec
from cachesim.engines.simple import SimpleEngine
from cachesim.errors import BadInput, OutOfMemory
from cachesim.rng import uniform
from cachesim.traces import DELETE, READ, WRITE, Trace

PACE = 1000.0  # requests per simulated second of a trace without times
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
    """
    trace = trace if isinstance(trace, Trace) else Trace.of_keys(trace)
    if not len(trace):
        raise BadInput("the trace has no request; give at least one")
    now = _Now()
    with closing(engine.build(now, uniform(seed, "eviction"))) as live:
        run = _Run(live, now, _Values(value_size))
        run.play(trace, longest=max(map(len, set(trace.keys))))
        return run.found(trace, repr(engine), bounds)


def hit_ratio_curve(
    trace: Trace | Iterable[str],
    engines: Mapping[str, Callable[[int], EngineSpec]],
    sizes: Sequence[int],
) -> dict[str, list[tuple[float, float]]]:
    """Return name -> points (items, hit ratio) of engines of every size, with the two bounds.

    Parameters
    ----------
    engines : mapping
        Name -> what makes the engine of a given number of items.

    >>> from cachesim.engines.simple import Simple
    >>> curve = hit_ratio_curve(["a", "b", "a"], {"LRU": lambda n: Simple(items=n)}, [1, 2])
    >>> curve["LRU"][1]
    (2.0, 0.3333333333333333)
    """
    trace = trace if isinstance(trace, Trace) else Trace.of_keys(trace)
    found = {
        name: [(float(n), replay(trace, make(n), bounds=False).hit_ratio) for n in sizes]
        for name, make in engines.items()
    }
    next_reads, bound = _next_reads(trace), infinite(trace, trace.unique)
    return {
        **found,
        "optimum": [(float(n), optimum(trace, n, next_reads)) for n in sizes],
        "infinite cache": [(float(n), bound) for n in sizes],
    }


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

    def found(self, trace: Trace, engine: str, bounds: bool) -> Replay:
        """Return what the replay of `trace` has found."""
        live, unique, reads = self.engine, len(set(trace.keys)), trace.count(READ)
        hits = reads - sum(self.misses.values())
        return Replay(
            engine,
            len(trace),
            unique,
            reads,
            hits,
            _ratio(hits, reads),
            optimum(trace, self.items) if bounds else None,
            infinite(trace, unique),
            self.items,
            live.memory,
            live.evictions,
            live.expirations,
            dict(self.misses),
            self.too_large,
            live.version,
        )

    def _play_keys(self, keys: Sequence[str], longest: int) -> None:
        """Play plain reads of values of one size: the loop to be fast in."""
        value = self.values[self.values.usual]
        timeless = self._only_items_limit(4 * longest + len(value))  # UTF-8: 4 bytes a character
        try:
            self.misses = self.engine.read_through(keys if timeless else self._ticking(keys), value)
            self.items = max(self.items, len(self.engine))
        except OutOfMemory as error:
            raise BadInput(
                f"the engine stored nothing: {error}; give it more memory or smaller values"
            ) from None

    def _only_items_limit(self, largest: int) -> bool:
        """Return whether the engine never holds fewer keys than before, and without a TTL needs no clock.

        So it is with Simple where entries of the `largest` size all fit: were it short of memory, it could
        hold many small keys first and few large ones at the end.
        """
        engine = self.engine
        return (
            isinstance(engine, SimpleEngine) and engine.items_limit * largest <= engine.memory_limit
        )

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


def _next_reads(trace: Trace) -> list[float]:
    """Return for each request when its key is next *read* with nothing in between; inf: never."""
    upcoming: dict[str, float] = {}
    ops: Sequence[str] = trace.ops or [READ] * len(trace)
    next_reads = [math.inf] * len(trace)
    for number in range(len(trace) - 1, -1, -1):
        key = trace.keys[number]
        if ops[number] != DELETE:
            next_reads[number] = upcoming.get(key, math.inf)
        upcoming[key] = number if ops[number] == READ else math.inf
    return next_reads


def optimum(trace: Trace, items: int, next_reads: Sequence[float] | None = None) -> float:
    """Return the hit ratio that no policy holding at most `items` keys can exceed.

    The key that is read again last goes (Belady 1966); a heap with lazy deletion gives it in O(log items).
    It bounds unequal sizes and TTLs too, for these only take choices away.
    """
    next_reads = _next_reads(trace) if next_reads is None else next_reads
    ops: Sequence[str] = trace.ops or [READ] * len(trace)
    held: dict[str, float] = {}  # key -> number of the request that reads it next
    heap: list[tuple[float, str]] = []
    hits = 0
    for number, (key, op, then) in enumerate(zip(trace.keys, ops, next_reads, strict=True)):
        hits += held.pop(key, None) == number
        if op == DELETE:
            continue
        while len(held) >= items:  # make room before storing, as every engine does
            when, victim = heappop(heap)
            if held.get(victim) == -when:
                del held[victim]
        held[key] = then
        heappush(heap, (-then, key))
    return _ratio(hits, trace.count(READ))


def infinite(trace: Trace, unique: int) -> float:
    """Return the hit ratio of a cache that never forgets: every read but the first of each key hits."""
    if trace.ops is None:
        return _ratio(len(trace) - unique, len(trace))
    return _ratio(sum(1 for number in _next_reads(trace) if number < math.inf), trace.count(READ))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def as_dict(found: Replay) -> dict[str, Any]:
    """Return a replay as a plain dict, for JSON."""
    return found._asdict()
