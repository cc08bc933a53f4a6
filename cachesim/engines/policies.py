"""Eviction policies, each on one screen: told of every change, asked for a victim.

FIFO, LRU, CLOCK and SIEVE look at time, LFU at counts, Random at nothing, Belady at the future.
"""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.errors import PolicyError


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
        self.on_use = self.queue.move_to_end  # type: ignore # the very thing, in C


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


class LFU(EvictionPolicy):
    """Least frequently used; among equals the least recently used goes. Every step is O(1).

    References
    ----------
    Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme" (2010).
    """

    def __init__(self) -> None:
        self.uses: dict[str, int] = {}
        self.with_uses: defaultdict[int, OrderedDict[str, None]] = defaultdict(OrderedDict)
        self.fewest = 1  # a lower bound on the uses of any key

    def on_add(self, entry: Entry) -> None:
        """Start with one use."""
        self.uses[entry.key] = self.fewest = 1
        self.with_uses[1][entry.key] = None

    def on_use(self, entry: Entry) -> None:
        """Move up by one use."""
        count = self._leave(entry.key) + 1
        self.uses[entry.key] = count
        self.with_uses[count][entry.key] = None

    def on_remove(self, entry: Entry) -> None:
        """Forget the count: a key that returns starts anew."""
        self._leave(entry.key)
        del self.uses[entry.key]

    def victim(self) -> str:
        """Return the key with the fewest uses."""
        while not self.with_uses.get(self.fewest):
            self.fewest += 1
        return next(iter(self.with_uses[self.fewest]))

    def _leave(self, key: str) -> int:
        count = self.uses[key]
        keys = self.with_uses[count]
        del keys[key]
        if not keys:
            del self.with_uses[count]
        return count


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
    """What `Belady(keys)` makes: knows, for every key, when it will be asked for."""

    def __init__(self, asked: dict[str, deque[int]]) -> None:
        self.asked = asked
        self.held: dict[str, float] = {}  # key -> number of the request that asks for it next

    def on_add(self, entry: Entry) -> None:
        """Note the next use."""
        self._use(entry.key)

    def on_use(self, entry: Entry) -> None:
        """Note the use after this one."""
        self._use(entry.key)

    def on_remove(self, entry: Entry) -> None:
        """Forget the key; its future stays known."""
        del self.held[entry.key]

    def victim(self) -> str:
        """Return the key that is needed again last, or never."""
        return max(self.held, key=self.held.__getitem__)

    def _use(self, key: str) -> None:
        future = self.asked.get(key)
        if not future:
            raise PolicyError(
                f'Belady met "{key}" once more than the keys it was made with; make it with '
                "Belady(keys) from the very requests that will be replayed"
            )
        future.popleft()
        self.held[key] = future[0] if future else float("inf")


def Belady(keys: Iterable[str]) -> Callable[[], EvictionPolicy]:  # noqa: N802 (used like a class)
    """Return a maker of the optimum for these very requests, each asked once and filled on a miss.

    No policy can hit more on equal-sized items; it takes O(items) a victim, so `replay`'s bound, which
    gives the same hit ratio, is the one for long traces.

    >>> from cachesim.engines.simple import Simple
    >>> keys = ["a", "b", "c", "a"]
    >>> cache = Simple(items=2, policy=Belady(keys)).build(lambda: 0.0, lambda: 0.5)
    >>> for key in keys:
    ...     if cache.get(key) is None:
    ...         cache.set(key, b"")
    >>> cache.evictions, cache.why_missed("b")
    (1, 'evicted')

    References
    ----------
    Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems J. 5 (1966).
    """
    known = list(keys)

    def make() -> EvictionPolicy:
        asked: dict[str, deque[int]] = {}
        for number, key in enumerate(known):
            asked.setdefault(key, deque()).append(number)
        return _Belady(asked)

    return make
