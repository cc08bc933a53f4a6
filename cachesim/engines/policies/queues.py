"""Policies with a queue and marks: FIFO, CLOCK, SIEVE and S3-FIFO. A hit moves nothing."""

from collections import OrderedDict

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.engines.policies.parts import Ghosts, Sized


class FIFO(EvictionPolicy):
    """First in, first out: evicts the oldest entry, even if it is used often."""

    def __init__(self) -> None:
        self.queue: OrderedDict[Entry, None] = OrderedDict()  # oldest first

    def on_add(self, entry: Entry) -> None:
        """Put the entry at the end of the queue."""
        self.queue[entry] = None

    def on_remove(self, entry: Entry) -> None:
        """Take the entry out of its queue."""
        del self.queue[entry]

    def victim(self) -> str:
        """Choose the oldest key."""
        return next(iter(self.queue)).key


class CLOCK(EvictionPolicy):
    """Second chance: the hand passes a used entry once and removes its mark.

    References
    ----------
    Corbató, "A paging experiment with the Multics system" (1968).
    """

    def __init__(self) -> None:
        self.ring: OrderedDict[str, bool] = OrderedDict()  # key -> used since the hand last passed

    def on_add(self, entry: Entry) -> None:
        """Put the key behind the hand, without a mark."""
        self.ring[entry.key] = False

    def on_use(self, entry: Entry) -> None:
        """Set the mark."""
        self.ring[entry.key] = True

    def on_remove(self, entry: Entry) -> None:
        """Take the key out of the ring."""
        del self.ring[entry.key]

    def victim(self) -> str:
        """Move the hand to the first key without a mark."""
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
    """FIFO with a hand that passes used entries and leaves them *where they are*.

    References
    ----------
    Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is simpler than LRU", NSDI 2024.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, _Node] = {}
        self.ends = _Node("")  # a ring: ends.older is the newest entry, ends.newer the oldest
        self.hand = self.ends

    def on_add(self, entry: Entry) -> None:
        """Put the key in as the newest, not visited."""
        node = self.nodes[entry.key] = _Node(entry.key)
        node.newer, node.older = self.ends, self.ends.older
        node.older.newer = self.ends.older = node

    def on_use(self, entry: Entry) -> None:
        """Set the mark; nothing moves."""
        self.nodes[entry.key].visited = True

    def on_remove(self, entry: Entry) -> None:
        """Take the key out of the list; the hand moves on if it pointed to it."""
        node = self.nodes.pop(entry.key)
        if self.hand is node:
            self.hand = node.newer
        node.newer.older, node.older.newer = node.older, node.newer

    def victim(self) -> str:
        """Move the hand from old to new until it finds a key that was not visited."""
        node = self.hand
        while node is self.ends or node.visited:
            node.visited = False
            node = node.newer
        self.hand = node
        return node.key


class S3FIFO(Sized):
    """Three queues: a small queue for new keys, a main queue for keys used again, and ghosts.

    Most keys leave the small queue soon. A key that was used more than once there moves to the main queue.
    So does a key that returns while its ghost is remembered. The main queue gives used keys another
    round, as CLOCK does.

    References
    ----------
    Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023.

    >>> from cachesim.engines.simple import hits_of
    >>> hits_of(S3FIFO, items=10, keys="aaa" + "".join(map(chr, range(200, 230))) + "a")
    3
    """

    small_share = 0.1  # of the cache
    most_uses = 3  # that are counted

    def __init__(self) -> None:
        self.small: OrderedDict[str, int] = OrderedDict()  # key -> uses, oldest first
        self.main: OrderedDict[str, int] = OrderedDict()
        self.ghosts = Ghosts()  # keys evicted from the small queue
        self.returned = False  # whether the new key was a ghost

    def before_add(self, entry: Entry) -> bool:
        """Note whether the key was a ghost."""
        self.returned = self.ghosts.forget(entry.key)
        return True

    def on_add(self, entry: Entry) -> None:
        """Put the key into the small queue, or into the main queue if it was a ghost."""
        (self.main if self.returned else self.small)[entry.key] = 0
        self.returned = False

    def on_use(self, entry: Entry) -> None:
        """Count the use; nothing moves."""
        queue = self.small if entry.key in self.small else self.main
        queue[entry.key] = min(queue[entry.key] + 1, self.most_uses)

    def on_evict(self, entry: Entry) -> None:
        """Remember a key of the small queue; there are as many ghosts as keys in the main queue."""
        if entry.key in self.small:
            self.ghosts.remember(entry.key, most=(1 - self.small_share) * self.full)

    def on_remove(self, entry: Entry) -> None:
        """Take the entry out of its queue."""
        del (self.small if entry.key in self.small else self.main)[entry.key]

    def victim(self) -> str:
        """Choose from the small queue if it has its share of the keys, else from the main queue."""
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
