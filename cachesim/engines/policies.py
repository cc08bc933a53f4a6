"""Eviction policies, each on one screen: told of every change, asked for a victim.

FIFO, LRU, CLOCK and SIEVE look at time, LFU at counts, Random at nothing, Belady at the future.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.errors import BadInput, PolicyError


class FIFO(EvictionPolicy):
    """First in, first out: the oldest entry goes, however often it is used."""

    def __init__(self) -> None:
        self.queue: OrderedDict[Entry, None] = OrderedDict()  # oldest first

    def on_add(self, entry: Entry) -> None:
        """Join the end of the queue."""
        self.queue[entry] = None

    def on_remove(self, entry: Entry) -> None:
        """Leave the queue."""
        del self.queue[entry]

    def victim(self) -> str:
        """Return the oldest key."""
        return next(iter(self.queue)).key


class LRU(FIFO):
    """Least recently used: a use moves the entry to the end of the queue."""

    def __init__(self) -> None:
        super().__init__()
        if type(self) is LRU:  # told in C: measured, it is faster; a subclass may override
            self.on_add = self.queue.setdefault  # type: ignore
            self.on_use = self.queue.move_to_end  # type: ignore
            self.on_remove = self.queue.__delitem__  # type: ignore

    def on_use(self, entry: Entry) -> None:
        """Move to the end."""
        self.queue.move_to_end(entry)


class CLOCK(EvictionPolicy):
    """Second chance: the hand passes over a used entry once, taking its mark away.

    References
    ----------
    Corbató, "A paging experiment with the Multics system" (1968).
    """

    def __init__(self) -> None:
        self.ring: OrderedDict[str, bool] = OrderedDict()  # key -> used since the hand last passed

    def on_add(self, entry: Entry) -> None:
        """Enter behind the hand, unmarked."""
        self.ring[entry.key] = False

    def on_use(self, entry: Entry) -> None:
        """Set the mark."""
        self.ring[entry.key] = True

    def on_remove(self, entry: Entry) -> None:
        """Leave the ring."""
        del self.ring[entry.key]

    def victim(self) -> str:
        """Move the hand to the first unmarked key."""
        while True:
            key, used = next(iter(self.ring.items()))
            if not used:
                return key
            self.ring[key] = False
            self.ring.move_to_end(key)


class _Node:
    """One entry of SIEVE's list."""

    __slots__ = ("key", "newer", "older", "visited")

    def __init__(self, key: str) -> None:
        self.key = key
        self.visited = False
        self.newer: _Node = self
        self.older: _Node = self


class SIEVE(EvictionPolicy):
    """FIFO in which the hand spares used entries *where they are*; new ones never push the hand.

    References
    ----------
    Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is simpler than LRU", NSDI 2024.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, _Node] = {}
        self.ends = _Node("")  # a ring: ends.older is the newest entry, ends.newer the oldest
        self.hand = self.ends

    def on_add(self, entry: Entry) -> None:
        """Enter as the newest, unvisited."""
        node = self.nodes[entry.key] = _Node(entry.key)
        node.newer, node.older = self.ends, self.ends.older
        node.older.newer = self.ends.older = node

    def on_use(self, entry: Entry) -> None:
        """Set the mark; nothing moves."""
        self.nodes[entry.key].visited = True

    def on_remove(self, entry: Entry) -> None:
        """Leave the list; the hand steps on if it pointed here."""
        node = self.nodes.pop(entry.key)
        if self.hand is node:
            self.hand = node.newer
        node.newer.older, node.older.newer = node.older, node.newer

    def victim(self) -> str:
        """Move the hand from old to new until it meets an unvisited key."""
        node = self.hand
        while node is self.ends or node.visited:
            node.visited = False
            node = node.newer
        self.hand = node
        return node.key


class _Bucket:
    """The keys of LFU that were used equally often, the least recently used first."""

    __slots__ = ("fewer", "keys", "more", "uses")

    def __init__(self, uses: int) -> None:
        self.uses = uses
        self.keys: OrderedDict[str, None] = OrderedDict()
        self.fewer: _Bucket = self
        self.more: _Bucket = self


class LFU(EvictionPolicy):
    """Least frequently used; among equals the least recently used goes. Every step is O(1).

    References
    ----------
    Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme" (2010).
    """

    def __init__(self) -> None:
        self.bucket: dict[str, _Bucket] = {}  # key -> where it is
        self.ends = _Bucket(0)  # a ring in order of uses: ends.more has the fewest

    def on_add(self, entry: Entry) -> None:
        """Start with one use."""
        self._enter(entry.key, self.ends)

    def on_use(self, entry: Entry) -> None:
        """Move up by one use."""
        bucket = self.bucket[entry.key]
        self._enter(entry.key, bucket)
        self._leave(entry.key, bucket)

    def on_remove(self, entry: Entry) -> None:
        """Forget the count: a key that returns starts anew."""
        self._leave(entry.key, self.bucket.pop(entry.key))

    def victim(self) -> str:
        """Return the key with the fewest uses."""
        return next(iter(self.ends.more.keys))

    def _enter(self, key: str, below: _Bucket) -> None:
        """Join the bucket with one use more than `below`; make it where it is missing."""
        bucket = below.more
        if bucket.uses != below.uses + 1:
            bucket = _Bucket(below.uses + 1)
            bucket.fewer, bucket.more = below, below.more
            below.more.fewer = below.more = bucket
        bucket.keys[key] = None
        self.bucket[key] = bucket

    def _leave(self, key: str, bucket: _Bucket) -> None:
        """Leave a bucket, which goes when it is empty."""
        del bucket.keys[key]
        if not bucket.keys:
            bucket.fewer.more, bucket.more.fewer = bucket.more, bucket.fewer


class Random(EvictionPolicy):
    """Any key, each as likely as the others."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.place: dict[str, int] = {}

    def on_add(self, entry: Entry) -> None:
        """Take the last place."""
        self.place[entry.key] = len(self.keys)
        self.keys.append(entry.key)

    def on_remove(self, entry: Entry) -> None:
        """Give the place to the last key: removal without a gap."""
        place, last = self.place.pop(entry.key), self.keys.pop()
        if last != entry.key:
            self.keys[place], self.place[last] = last, place

    def victim(self) -> str:
        """Draw a place."""
        return self.keys[int(self.random() * len(self.keys))]


class _Belady(EvictionPolicy):
    """What `Belady(keys)` makes: follows the requests and knows when each key is asked for next."""

    def __init__(self, keys: Sequence[str], next_uses: Sequence[float]) -> None:
        self.keys, self.next_uses = keys, next_uses
        self.number = 0  # of the request that comes next
        self.held: dict[str, float] = {}  # key -> number of the request that asks for it next
        self.farthest: list[
            tuple[float, str]
        ] = []  # a heap of (-number, key), the outdated included

    def on_add(self, entry: Entry) -> None:
        """Note the next use."""
        self.on_use(entry)

    def on_use(self, entry: Entry) -> None:
        """Note the use after this one."""
        number, self.number = self.number, self.number + 1
        expected = self.keys[number] if number < len(self.keys) else None
        if expected != entry.key:
            what = "nothing more" if expected is None else f'"{expected}"'
            raise PolicyError(
                f'Belady was told that request {number} asks for {what}, not for "{entry.key}"; '
                "make it with Belady(keys) from the very requests that read or store, in their order"
            )
        self.held[entry.key] = self.next_uses[number]
        heappush(self.farthest, (-self.next_uses[number], entry.key))

    def on_remove(self, entry: Entry) -> None:
        """Forget the key; its future stays known."""
        del self.held[entry.key]

    def victim(self) -> str:
        """Return the key that is needed again last, or never."""
        while True:
            when, key = self.farthest[0]
            if self.held.get(key) == -when:
                return key
            heappop(self.farthest)


def Belady(keys: Iterable[str] | None = None) -> Callable[[], EvictionPolicy]:  # noqa: N802 (used like a class)
    """Return a maker of the optimum for these very requests, each asked once and filled on a miss.

    No policy can hit more on equal-sized items. It follows the requests one by one, so any other order,
    such as that of several clients, is refused.

    >>> from cachesim.engines.simple import Simple
    >>> keys = ["a", "b", "c", "a"]
    >>> cache = Simple(items=2, policy=Belady(keys)).build(lambda: 0.0, lambda: 0.5)
    >>> for key in keys:
    ...     if cache.get(key) is None:
    ...         cache.set(key, b"")
    >>> cache.evictions, cache.why_missed("b")
    (1, 'evicted')

    Raises
    ------
    BadInput
        It is made without the keys; PolicyError, later, if others are asked for.

    References
    ----------
    Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems J. 5 (1966).
    """
    if keys is None:
        raise BadInput(
            "Belady needs the future: give policy=Belady(keys), the keys of all requests"
        )
    known, upcoming = list(keys), dict[str, float]()
    next_uses = [math.inf] * len(known)
    for number in range(len(known) - 1, -1, -1):
        next_uses[number] = upcoming.get(known[number], math.inf)
        upcoming[known[number]] = number
    return lambda: _Belady(known, next_uses)
