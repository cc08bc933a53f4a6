"""A trace straight into an engine: no queueing, no event loop, full speed; and the bounds beside it.

A read asks the engine and, on a miss, stores the key (the fill takes no time); a write stores, a delete
deletes. Time is the trace's own where it has one, else the requests come at a fixed pace.
"""

from collections.abc import Iterable
from contextlib import closing
from typing import NamedTuple

from cachesim.engines.base import EngineSpec
from cachesim.errors import BadInput
from cachesim.replay.best import Best, best_possible
from cachesim.replay.bounds import infinite
from cachesim.replay.columns import ratio
from cachesim.replay.compiled import choose
from cachesim.replay.fast import Counts, by_kernel
from cachesim.replay.play import Player
from cachesim.rng import uniform
from cachesim.traces import READ, Trace

VALUE_SIZE = 100  # bytes of a value where the trace names none


class Replay(NamedTuple):
    """What a replay found; ratios are over the reads, NaN if there were none."""

    engine: str
    requests: int
    unique: int  # different keys
    reads: int
    hits: int
    hit_ratio: float
    byte_hit_ratio: float  # bytes of the reads that hit, of the bytes of all reads
    optimum: (
        float | None
    )  # the best that stores every miss, where a number of keys is the only limit; else None
    bound: (
        float | None
    )  # what no cache can exceed that holds as many keys and bytes as this one held
    infinite: float  # with a cache that never forgets
    items: int  # most keys the engine held at once
    memory: int  # bytes in use at the end
    evictions: int
    expirations: int
    misses: dict[str, int]  # by kind
    refused: int  # stores that the engine or its policy refused
    why_refused: str  # and why
    version: str  # which engine: "embedded ..." or a server's name and version

    @property
    def best(self) -> float | None:
        """The optimum, or else the bound; None if neither was asked for."""
        return self.bound if self.optimum is None else self.optimum


TOLD = ("items", "memory", "evictions", "expirations", "misses", "refused")  # of the counts


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
    >>> found = replay(["a", "b", "a"], Simple(memory=150))  # values of 100 bytes
    >>> found.hit_ratio, found.optimum, found.bound
    (0.0, None, 0.3333333333333333)

    Parameters
    ----------
    trace : Trace or iterable of str
        The requests.
    engine : EngineSpec
        The cache.
    bounds : bool
        Whether to compute the best possible (Belady), which takes longer than the replay itself.
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
    counts, version = _played(trace, engine, value_size, seed, is_fast)
    reads = trace.count(READ)
    hits = reads - sum(counts.misses.values())
    best = best_possible(trace, engine, counts, value_size, is_fast) if bounds else Best()
    return Replay(
        engine=repr(engine),
        requests=len(trace),
        unique=trace.unique,
        reads=reads,
        hits=hits,
        hit_ratio=ratio(hits, reads),
        byte_hit_ratio=ratio(counts.hit_bytes, counts.read_bytes),
        **best._asdict(),
        infinite=infinite(trace, compiled=is_fast),
        why_refused=engine.why_refused,
        version=version,
        **{name: getattr(counts, name) for name in TOLD},
    )


def _played(
    trace: Trace, engine: EngineSpec, value_size: int, seed: int, is_fast: bool
) -> tuple[Counts, str]:
    """Return the counts, and the engine's version."""
    player = Player(value_size)
    with closing(engine.build(player, uniform(seed, "eviction"))) as live:
        counts = by_kernel(trace, engine, value_size, seed) if is_fast else None
        counts = counts or player.play(live, trace)
    if counts.refused and not counts.items:
        raise BadInput(
            f"{engine!r} stored nothing ({engine.why_refused}); give it more memory or smaller values"
        )
    return counts, live.version
