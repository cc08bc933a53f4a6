"""Plays a trace to a running engine, request by request, and counts."""

import math
from collections import Counter

from cachesim.engines.base import Engine
from cachesim.engines.simple import SimpleEngine
from cachesim.errors import BadInput, OutOfMemory
from cachesim.replay.columns import PACE
from cachesim.replay.fast import Counts, largest_entry, only_items_limit
from cachesim.traces import DELETE, READ, WRITE, Trace


class Player:
    """Plays one trace; it is the engine's clock too, which every request moves.

    Parameters
    ----------
    value_size : int
        Bytes of a value where the trace names none.
    """

    def __init__(self, value_size: int) -> None:
        self.seconds = 0.0
        self.value_size = value_size
        self.values = Values()
        self.misses: Counter[str] = Counter()
        self.items = self.peak = self.refused = self.missed_bytes = 0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.seconds

    def play(self, engine: Engine, trace: Trace) -> Counts:
        """Play a trace; return what was counted."""
        self.engine, empty = engine, engine.memory
        self.is_embedded = engine.version.startswith(
            "embedded"
        )  # else its memory is a command away
        if self._needs_no_clock(trace):
            self.misses = engine.read_through(trace.keys, self.values[self.value_size])
            self.items = len(engine)
        else:
            self._play(trace)
        read_bytes, hit_bytes = self._bytes(trace)
        return Counts(
            items=self.items,
            peak=self.peak - empty if self.peak else math.inf,
            memory=engine.memory,
            evictions=engine.evictions,
            expirations=engine.expirations,
            misses=dict(self.misses),
            refused=max(self.refused, engine.refusals),
            read_bytes=read_bytes,
            hit_bytes=hit_bytes,
        )

    def _needs_no_clock(self, trace: Trace) -> bool:
        """Return whether Simple may be handed all keys at once: none is refused, and none expires."""
        engine = self.engine
        if not trace.is_plain or not isinstance(engine, SimpleEngine) or engine.asks:
            return False
        largest = largest_entry(trace, self.value_size)
        return only_items_limit(engine.items_limit, engine.memory_limit, largest)

    def _play(self, trace: Trace) -> None:
        count = len(trace)
        rows = zip(
            trace.keys,
            trace.ops or [READ] * count,
            trace.sizes or [self.value_size] * count,
            trace.times or (number / PACE for number in range(count)),
            trace.ttls or [math.inf] * count,
            strict=True,
        )
        engine, misses = self.engine, self.misses
        for key, op, size, self.seconds, ttl in rows:
            if op == DELETE:
                engine.delete(key)
            elif op == WRITE:
                self._store(key, size, ttl)
            elif engine.get(key) is None:
                misses[engine.why_missed(key)] += 1
                self.missed_bytes += size
                self._store(key, size, ttl)

    def _store(self, key: str, size: int, ttl: float) -> None:
        engine = self.engine
        try:
            engine.set(key, self.values[size], ttl)
        except OutOfMemory:
            self.refused += 1
        if (held := len(engine)) > self.items:
            self.items = held
        if self.is_embedded and engine.memory > self.peak:
            self.peak = engine.memory

    def _bytes(self, trace: Trace) -> tuple[int, int]:
        """Return the bytes of all reads, and of those that hit."""
        reads = trace.count(READ)
        if trace.sizes is None:
            return reads, reads - sum(self.misses.values())  # all are of one size
        rows = zip(trace.sizes, trace.ops or [READ] * len(trace), strict=True)
        total = sum(size for size, op in rows if op == READ)
        return total, total - self.missed_bytes


class Values(dict[int, bytes]):
    """Size -> bytes of that size, made once."""

    def __missing__(self, size: int) -> bytes:
        """Make them, if there is so much memory."""
        try:
            value = self[size] = bytes(size)
        except (MemoryError, OverflowError):
            raise BadInput(
                f"a value of {size:,} bytes does not fit into memory; lower its size"
            ) from None
        return value
