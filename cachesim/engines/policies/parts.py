"""Parts of several policies: the size of a full cache, ghosts, and keys in the order of a rank."""

import math
from collections import OrderedDict
from heapq import heapify, heappop, heappush
from typing import Any

from cachesim.engines.base import EvictionPolicy


class Sized(EvictionPolicy):
    """A policy whose parts are shares of the cache, so it must know how many keys fit.

    With a limit on items, that is the limit. With a limit on bytes, it is the number of keys in the cache
    when room was last needed. Before that it is unknown, and counts as infinite.
    """

    _held = math.inf

    @property
    def full(self) -> float:
        """The number of keys in a full cache."""
        return min(self.items, self._held)

    def learn(self, held: int) -> None:
        """Note the number of keys in the cache now, when room is needed."""
        self._held = held


class Ghosts:
    """Keys that were evicted lately, without their values, the oldest first.

    >>> ghosts = Ghosts()
    >>> for key in "abc":
    ...     ghosts.remember(key, most=2)
    >>> ghosts.forget("a"), ghosts.forget("b"), len(ghosts)
    (False, True, 1)
    """

    def __init__(self) -> None:
        self.keys: OrderedDict[str, None] = OrderedDict()

    def remember(self, key: str, most: float) -> None:
        """Add a key as the newest; forget the oldest while there are more than `most`."""
        self.keys[key] = None
        while len(self.keys) > most:
            self.forget_oldest()

    def forget(self, key: str) -> bool:
        """Forget a key; True if it was there."""
        return self.keys.pop(key, self) is None

    def forget_oldest(self) -> None:
        """Forget the oldest key."""
        self.keys.popitem(last=False)

    def __contains__(self, key: str) -> bool:
        """Whether a key is remembered."""
        return key in self.keys

    def __len__(self) -> int:
        """Count the keys."""
        return len(self.keys)


class RankHeap:
    """Finds the key with the lowest rank, though ranks change: a heap that skips its outdated entries.

    >>> heap = RankHeap()
    >>> for key, rank in [("a", 1), ("b", 2), ("a", 3)]:
    ...     heap.put(key, rank)
    >>> heap.lowest(), heap.ranks["a"]
    ('b', 3)
    """

    def __init__(self) -> None:
        self.ranks: dict[str, Any] = {}
        self.heap: list[tuple[Any, str]] = []  # (rank, key), with outdated entries

    def put(self, key: str, rank: Any) -> None:
        """Give a key its first or its new rank."""
        self.ranks[key] = rank
        heappush(self.heap, (rank, key))
        if len(self.heap) > 2 * len(self.ranks) + 64:  # or it would grow for ever without evictions
            self.heap = [(rank, key) for key, rank in self.ranks.items()]
            heapify(self.heap)

    def drop(self, key: str) -> None:
        """Take a key out."""
        del self.ranks[key]

    def lowest(self) -> str:
        """Find the key with the lowest rank."""
        while self.ranks.get(self.heap[0][1]) != self.heap[0][0]:
            heappop(self.heap)
        return self.heap[0][1]

    def __len__(self) -> int:
        """Count the keys."""
        return len(self.ranks)
