"""Plays a trace to a running engine, request by request, and counts."""

import math
from collections import Counter
from collections.abc import Iterable
from itertools import repeat

from cachesim.engines.base import Engine
from cachesim.engines.simple import SimpleEngine
from cachesim.errors import BadInput, OutOfMemory
from cachesim.replay.columns import times_of_chunk
from cachesim.replay.fast import BYTES_PER_CHARACTER, ReplayCounts, only_items_limit
from cachesim.traces.chunks import DELETE, READ, WRITE, Chunk


class Player:
    """Plays one trace. It is the engine's clock too: each request moves it.

    Parameters
    ----------
    value_size : int
        Bytes of a value where the trace names none.
    """

    def __init__(self, value_size: int) -> None:
        self.seconds = 0.0
        self.value_size = value_size
        self.values = ValuesBySize()
        self.misses: Counter[str] = Counter()
        self.requests = self.items = self.peak = self.refused = 0
        self.read_bytes = self.missed_bytes = 0
        self.checked = self.longest = 0  # number of keys looked at, characters of the longest

    def __call__(self) -> float:
        """Tell the time in seconds."""
        return self.seconds

    def play(self, engine: Engine, chunks: Iterable[Chunk]) -> ReplayCounts:
        """Play all chunks of a trace, and count."""
        self.engine, empty = engine, engine.memory
        # A real server's memory is a command away, so it is not asked.
        self.is_embedded = engine.version.startswith("embedded")
        for chunk in chunks:
            self._play(chunk)
        return ReplayCounts(
            items=self.items,
            peak=self.peak - empty if self.peak else math.inf,
            memory=engine.memory,
            evictions=engine.evictions,
            expirations=engine.expirations,
            misses=dict(self.misses),
            refused=max(self.refused, engine.refusals),
            read_bytes=self.read_bytes,
            hit_bytes=self.read_bytes - self.missed_bytes,
        )

    def _play(self, chunk: Chunk) -> None:
        missed, missed_bytes = self.misses.total(), self.missed_bytes
        if self._needs_no_clock(chunk):
            self.misses += self.engine.read_through(chunk.keys, self.values[self.value_size])
            self.items = max(self.items, len(self.engine))
        else:
            self._play_slowly(chunk)
        self.requests += len(chunk.codes)
        if chunk.sizes is None:  # all values have one size, which counts as one
            self.read_bytes += chunk.count(READ)
            self.missed_bytes = missed_bytes + self.misses.total() - missed
        else:
            reads = chunk.sizes if chunk.ops is None else chunk.sizes[chunk.ops == READ]
            self.read_bytes += sum(reads.tolist())

    def _needs_no_clock(self, chunk: Chunk) -> bool:
        """Whether Simple may take all keys at once: it refuses none, and none expires."""
        engine = self.engine
        if not chunk.is_plain or not isinstance(engine, SimpleEngine) or engine.asks:
            return False
        new = chunk.names[self.checked :]
        self.longest = max([self.longest, *map(len, new)])
        self.checked += len(new)
        largest = BYTES_PER_CHARACTER * self.longest + self.value_size
        return only_items_limit(engine.items_limit, engine.memory_limit, largest)

    def _play_slowly(self, chunk: Chunk) -> None:
        count = len(chunk.codes)
        rows = zip(
            chunk.keys,
            repeat(READ, count) if chunk.ops is None else chunk.ops.tolist(),
            repeat(self.value_size, count) if chunk.sizes is None else chunk.sizes.tolist(),
            times_of_chunk(chunk, self.requests).tolist(),
            repeat(math.inf, count) if chunk.ttls is None else chunk.ttls.tolist(),
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


class ValuesBySize(dict[int, bytes]):
    """Size -> a value of that many bytes, made when it is first needed; at most `most` values are kept."""

    def __init__(self, most: int = 1 << 16) -> None:
        self.most = most

    def __missing__(self, size: int) -> bytes:
        """Make the value; refuse one that does not fit into memory."""
        if len(self) >= self.most:
            self.clear()  # else a trace with ever new sizes would fill the memory
        try:
            value = self[size] = bytes(size)
        except (MemoryError, OverflowError):
            raise BadInput(
                f"a value of {size:,} bytes does not fit into memory; lower its size"
            ) from None
        return value
