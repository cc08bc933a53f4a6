"""Policies that keep a queue and look at marks: FIFO, CLOCK, SIEVE and S3-FIFO. A hit moves nothing."""

from collections import OrderedDict

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.engines.policies.parts import Ghosts, Sized


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


class S3FIFO(Sized):
    """Three queues: a small one that most keys leave again, a main one for keys that came back, and ghosts.

    A key that was used more than once in the small queue moves to the main one, and so does a key that returns
    while its ghost is remembered. The main queue gives used keys another round, as CLOCK does.

    References
    ----------
    Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023.

    >>> from cachesim.engines.simple import hits_of
    >>> hits_of(S3FIFO, items=10, keys="aaa" + "".join(map(chr, range(200, 230))) + "a")
    3
    """

    small_share = 0.1  # of the cache
    most_uses = 3  # counted

    def __init__(self) -> None:
        self.small: OrderedDict[str, int] = OrderedDict()  # key -> uses, oldest first
        self.main: OrderedDict[str, int] = OrderedDict()
        self.ghosts = Ghosts()  # keys that left from the small queue
        self.returned = False  # whether the key that comes in was a ghost

    def before_add(self, entry: Entry) -> bool:
        """Look for the key's ghost."""
        self.returned = self.ghosts.forget(entry.key)
        return True

    def on_add(self, entry: Entry) -> None:
        """Join the small queue, or the main one if the key has returned."""
        (self.main if self.returned else self.small)[entry.key] = 0
        self.returned = False

    def on_use(self, entry: Entry) -> None:
        """Count the use; nothing moves."""
        queue = self.small if entry.key in self.small else self.main
        queue[entry.key] = min(queue[entry.key] + 1, self.most_uses)

    def on_evict(self, entry: Entry) -> None:
        """Remember a key that leaves from the small queue: as many as the main queue holds."""
        if entry.key in self.small:
            self.ghosts.remember(entry.key, most=(1 - self.small_share) * self.full)

    def on_remove(self, entry: Entry) -> None:
        """Leave the queue."""
        del (self.small if entry.key in self.small else self.main)[entry.key]

    def victim(self) -> str:
        """Take from the small queue while it has more than its share, else from the main one."""
        self.learn(len(self.small) + len(self.main))
        while True:
            if self.small and (len(self.small) >= self.small_share * self.full or not self.main):
                key, uses = next(iter(self.small.items()))
                if uses <= 1:
                    return key
                del self.small[key]
                self.main[key] = 0
            else:
                key, uses = next(iter(self.main.items()))
                if uses == 0:
                    return key
                self.main[key] = uses - 1
                self.main.move_to_end(key)
