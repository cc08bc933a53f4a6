"""What several policies are made of: the size of a full cache, a memory of keys that left, keys in order of a rank."""

import math
from collections import OrderedDict
from heapq import heapify, heappop, heappush
from typing import Any

from cachesim.engines.base import EvictionPolicy


class Sized(EvictionPolicy):
    """A policy whose parts are shares of the cache, so that it must know how many keys fit.

    With a limit on items that is the limit. With a limit on bytes it is the number of keys that were held when
    room was last needed; before that it is infinite, for nothing is known.
    """

    _held = math.inf

    @property
    def full(self) -> float:
        """How many keys the cache holds when it is full."""
        return min(self.items, self._held)

    def learn(self, held: int) -> None:
        """Note how many keys are held now that room is needed."""
        self._held = held


class Ghosts:
    """Keys that were given up lately, without their values, the oldest first.

    >>> ghosts = Ghosts()
    >>> for key in "abc":
    ...     ghosts.remember(key, most=2)
    >>> ghosts.forget("a"), ghosts.forget("b"), len(ghosts)
    (False, True, 1)
    """

    def __init__(self) -> None:
        self.keys: OrderedDict[str, None] = OrderedDict()

    def remember(self, key: str, most: float) -> None:
        """Add a key as the newest; the oldest go while there are more than `most`."""
        self.keys[key] = None
        while len(self.keys) > most:
            self.forget_oldest()

    def forget(self, key: str) -> bool:
        """Drop a key; say whether it was there."""
        return self.keys.pop(key, self) is None

    def forget_oldest(self) -> None:
        """Drop the oldest key."""
        self.keys.popitem(last=False)

    def __contains__(self, key: str) -> bool:
        """Say whether a key is remembered."""
        return key in self.keys

    def __len__(self) -> int:
        """Count the keys."""
        return len(self.keys)


class RankHeap:
    """Keys by a rank that changes, to find the key of the lowest: a heap whose outdated entries are passed over.

    >>> heap = RankHeap()
    >>> for key, rank in [("a", 1), ("b", 2), ("a", 3)]:
    ...     heap.put(key, rank)
    >>> heap.lowest(), heap.ranks["a"]
    ('b', 3)
    """

    def __init__(self) -> None:
        self.ranks: dict[str, Any] = {}
        self.heap: list[tuple[Any, str]] = []  # (rank, key), the outdated included

    def put(self, key: str, rank: Any) -> None:
        """Give a key its rank, a new one or for the first time."""
        self.ranks[key] = rank
        heappush(self.heap, (rank, key))
        if len(self.heap) > 2 * len(self.ranks) + 64:  # else a cache that evicts nothing only grows
            self.heap = [(rank, key) for key, rank in self.ranks.items()]
            heapify(self.heap)

    def drop(self, key: str) -> None:
        """Take a key out."""
        del self.ranks[key]

    def lowest(self) -> str:
        """Find the key of the lowest rank."""
        while self.ranks.get(self.heap[0][1]) != self.heap[0][0]:
            heappop(self.heap)
        return self.heap[0][1]

    def __len__(self) -> int:
        """Count the keys."""
        return len(self.ranks)
