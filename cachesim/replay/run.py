"""A trace straight into an engine: no queueing, no event loop, full speed; and the bounds beside it.

A read asks the engine and stores the key if it misses; that takes no time. A write stores, a delete deletes. The
requests come at the trace's own times or, if it has none, at a fixed pace.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

from cachesim.engines.base import EngineSpec
from cachesim.errors import BadInput
from cachesim.replay.best import NOT_ASKED, best_possible, lateness, too_long
from cachesim.replay.columns import ratio
from cachesim.replay.compiled import choose
from cachesim.replay.fast import ReplayCounts, by_kernel
from cachesim.replay.play import Player
from cachesim.replay.unlimited import Unlimited
from cachesim.rng import uniform
from cachesim.traces import Stream, Trace

VALUE_SIZE = 100  # bytes of a value where the trace names none
KEPT = 2_000_000  # requests of a stream that are kept in memory, for the optimum and the bound


class Replay(NamedTuple):
    """The result of a replay; ratios are per read, NaN without a read."""

    engine: str
    requests: int
    unique: int  # different keys
    reads: int
    hits: int
    hit_ratio: float
    byte_hit_ratio: float  # bytes of the reads that hit, per byte of all reads
    # The best of a cache that stores every miss; only if a number of keys is the only limit.
    optimum: float | None
    # Else: no cache holding the same number of keys and bytes hits more.
    bound: float | None
    why_no_bound: str  # why there is neither an optimum nor a bound; empty if there is one
    infinite: float  # with a cache that never evicts, but honours TTLs and deletes
    items: int  # most keys the engine held at once
    memory: int  # bytes in use at the end
    evictions: int
    expirations: int
    misses: dict[str, int]  # by kind
    refused: int  # stores that the engine or its policy refused
    why_refused: str
    version: str  # "embedded ...", or the name and version of a server

    @property
    def best(self) -> float | None:
        """The optimum, or else the bound; None if neither was computed."""
        return self.bound if self.optimum is None else self.optimum


COUNTED = ("items", "memory", "evictions", "expirations", "misses", "refused")


def replay(
    trace: Trace | Stream | Iterable[str],
    engine: EngineSpec,
    *,
    bounds: bool = True,
    value_size: int = VALUE_SIZE,
    seed: int = 1,
    compiled: bool | None = None,
    keep: int = KEPT,
) -> Replay:
    """Replay a trace, or plain keys to read, into an engine.

    >>> from cachesim.engines.simple import Simple
    >>> found = replay(["a", "b", "a", "c", "b"], Simple(items=2))
    >>> found.hit_ratio, found.optimum, found.infinite
    (0.2, 0.4, 0.4)
    >>> found = replay(["a", "b", "a"], Simple(memory=150))  # values of 100 bytes
    >>> found.hit_ratio, found.optimum, found.bound
    (0.0, None, 0.3333333333333333)
    >>> found = replay(iter("abacb"), Simple(items=2), keep=4)
    >>> found.hit_ratio, found.optimum, found.why_no_bound
    (0.2, None, 'not computed: more than 4 requests; the future would have to be kept')

    Parameters
    ----------
    trace : Trace, Stream or iterable of str
        The requests. A stream (`cs.traces.stream_trace`) or an iterator of keys may be of any length: its
        memory is bounded by the different keys.
    engine : EngineSpec
        The cache.
    bounds : bool
        Whether to compute the best possible (Belady), which takes longer than the replay itself.
    value_size : int
        Bytes of a value where the trace names none.
    seed : int
        Of the engine's random draws.
    compiled : bool, optional
        Whether machine code made by numba (extra "fast") may replace the engine. It can, for plain reads into
        Simple with fifo, lru, clock, sieve, lfu or random and a limit on items, or into Redis with an allkeys
        policy. The numbers are the same, bit for bit. By default it does if numba is installed and the trace
        is long.
    keep : int
        Requests of a stream that are kept in memory. A longer stream is played by the engine itself, as it is
        read. It has no optimum and no bound, for they need the future of each request.

    Raises
    ------
    BadInput
        The trace has no request or cannot be read, or the engine could not store a single value.
    """
    requests = _opened(trace, keep)
    is_fast = choose(compiled, work=len(requests) if isinstance(requests, Trace) else keep + 1)
    unlimited = Unlimited(lateness(engine), compiled=is_fast)
    counts, version = _played(requests, engine, value_size, seed, unlimited)
    best = too_long(keep) if bounds else NOT_ASKED
    if bounds and isinstance(requests, Trace):
        best = best_possible(requests, engine, counts, value_size, is_fast)
    hits = unlimited.reads - sum(counts.misses.values())
    return Replay(
        engine=repr(engine),
        requests=unlimited.requests,
        unique=unlimited.unique,
        reads=unlimited.reads,
        hits=hits,
        hit_ratio=ratio(hits, unlimited.reads),
        byte_hit_ratio=ratio(counts.hit_bytes, counts.read_bytes),
        **best._asdict(),
        infinite=unlimited.hit_ratio,
        why_refused=engine.why_refused,
        version=version,
        **{name: getattr(counts, name) for name in COUNTED},
    )


def _opened(trace: Trace | Stream | Iterable[str], keep: int) -> Trace | Stream:
    """Take the whole trace where it is in memory or short, else the stream."""
    if not isinstance(trace, Trace | Stream):
        kind = Stream if isinstance(trace, Iterator) else Trace
        trace = kind.of_keys(trace)
    whole = trace.fits(keep) if isinstance(trace, Stream) else trace
    if whole is not None and not len(whole):
        raise BadInput("the trace has no request; give at least one")
    return trace if whole is None else whole


def _played(
    trace: Trace | Stream, engine: EngineSpec, value_size: int, seed: int, unlimited: Unlimited
) -> tuple[ReplayCounts, str]:
    """Play a trace into the engine or its kernel; give the counts, and the engine's version."""
    player = Player(value_size)
    chunks = unlimited.watch(trace.chunks() if isinstance(trace, Trace) else trace)
    with closing(engine.build(player, uniform(seed, "eviction"))) as live:
        counts = None
        if isinstance(trace, Trace) and unlimited.compiled:
            counts = by_kernel(trace, engine, value_size, seed)
        if counts is None:
            counts = player.play(live, chunks)
        for _ in chunks:
            pass  # a kernel takes the whole trace; the chunks are only counted
    if counts.refused and not counts.items:
        raise BadInput(
            f"{engine!r} stored nothing ({engine.why_refused}); give it more memory or smaller values"
        )
    return counts, live.version
