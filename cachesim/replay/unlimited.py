"""The cache that never evicts, counted chunk by chunk; no cache hits more."""

from collections.abc import Iterable, Iterator

import numpy as np

from cachesim.replay.columns import ratio, times_of_chunk
from cachesim.replay.compiled import call
from cachesim.replay.kernels.future import NEVER, unlimited
from cachesim.traces.chunks import READ, Chunk


class Unlimited:
    """Counts the requests of a trace, and the hits of a cache that loses keys only by deletes and TTLs.

    If each key keeps its TTL, a cache with unlimited memory hits exactly this. If the TTL of a key changes, a
    cache that gives a copy up early may hit more. These hits count too, so no cache does better.

    Parameters
    ----------
    late : float
        Seconds that a key may outlive its TTL.
    compiled : bool
        Whether to run as machine code.
    """

    def __init__(self, late: float = 0.0, *, compiled: bool = False) -> None:
        self.late, self.compiled = late, compiled
        self.requests = self.reads = self.unique = self.hits = 0
        self._never_expire = True  # no request so far had a TTL
        self._until = self._renewed = np.empty(0)  # by key, see the kernel

    @property
    def hit_ratio(self) -> float:
        """Hits per read; NaN without a read."""
        return ratio(self.hits, self.reads)

    def watch(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Count each chunk, then pass it on."""
        for chunk in chunks:
            self.count(chunk)
            yield chunk

    def count(self, chunk: Chunk) -> None:
        """Count the next chunk of the trace."""
        if not len(chunk.codes):
            return
        self._make_room(int(chunk.codes.max()) + 1)
        self._never_expire &= chunk.ttls is None
        if chunk.ops is None and self._never_expire:
            self._count_plain(chunk.codes)
        else:
            self._count_any(chunk)
        self.unique = len(chunk.names)
        self.requests += len(chunk.codes)
        self.reads += chunk.count(READ)

    def _make_room(self, keys: int) -> None:
        held = len(self._until)
        if keys > held:
            more = np.full(max(keys - held, held), NEVER)  # doubling keeps the copies rare
            self._until = np.append(self._until, more)
            self._renewed = np.append(self._renewed, more)

    def _count_plain(self, codes: np.ndarray) -> None:
        """Only the first read of a key misses."""
        first = np.unique(codes[self._until[codes] == NEVER])
        self._until[first] = self._renewed[first] = np.inf
        self.hits += len(codes) - len(first)

    def _count_any(self, chunk: Chunk) -> None:
        """Run the kernel on the keys of this chunk."""
        different, codes = np.unique(chunk.codes, return_inverse=True)
        ops = np.zeros(len(codes), np.int8) if chunk.ops is None else chunk.ops
        now = times_of_chunk(chunk, self.requests)
        ends = now + self.late + (np.inf if chunk.ttls is None else chunk.ttls)
        held = self._until[different], self._renewed[different]
        hits, *held = call(unlimited, codes, ops, now, ends, *held, compiled=self.compiled)
        self.hits += hits
        self._until[different], self._renewed[different] = held
