"""Policies that look at the last use of a key: LRU, segmented LRU, 2Q and LRU-2."""

from collections import OrderedDict

from cachesim.engines.base import Entry
from cachesim.engines.policies.parts import Ghosts, RankHeap, Sized
from cachesim.engines.policies.queues import FIFO


class LRU(FIFO):
    """Least recently used: a use moves the entry to the end of the queue."""

    def __init__(self) -> None:
        super().__init__()
        if type(self) is LRU:  # these calls run in C, which is faster; a subclass may override
            self.on_add = self.queue.setdefault  # type: ignore
            self.on_use = self.queue.move_to_end  # type: ignore
            self.on_remove = self.queue.__delitem__  # type: ignore

    def on_use(self, entry: Entry) -> None:
        """Move the entry to the end of the queue."""
        self.queue.move_to_end(entry)


class SLRU(Sized):
    """Segmented LRU: a new key is on probation, a use protects it; victims come from probation.

    When the protected segment is full, its least recently used key goes back to probation.

    References
    ----------
    Karedla, Love and Wherry, "Caching strategies to improve disk system performance", Computer 27(3), 1994.

    >>> from cachesim.engines.simple import hits_of
    >>> hits_of(SLRU, items=3, keys="aabcda"), hits_of(LRU, items=3, keys="aabcda")
    (2, 1)
    """

    protected_share = 0.8  # of the cache

    def __init__(self) -> None:
        self.probation: OrderedDict[str, None] = OrderedDict()  # both: least recently used first
        self.protected: OrderedDict[str, None] = OrderedDict()

    def on_add(self, entry: Entry) -> None:
        """Put the key on probation."""
        self.join(entry.key)

    def join(self, key: str) -> None:
        """Put the key on probation."""
        self.probation[key] = None

    def on_use(self, entry: Entry) -> None:
        """Make the key the newest of the protected keys."""
        self.probation.pop(entry.key, None)
        self.protected[entry.key] = None
        self.protected.move_to_end(entry.key)
        while len(self.protected) > max(1, self.protected_share * self.full):
            key, _ = self.protected.popitem(last=False)
            self.probation[key] = None

    def on_remove(self, entry: Entry) -> None:
        """Take the key out of its segment."""
        del (self.probation if entry.key in self.probation else self.protected)[entry.key]

    def victim(self) -> str:
        """Choose the least recently used key on probation."""
        self.learn(len(self))
        return next(iter(self.probation or self.protected))

    def __len__(self) -> int:
        """Count the keys."""
        return len(self.probation) + len(self.protected)


class TwoQ(Sized):
    """2Q: new keys pass through a short queue; a key that returns soon after it left is kept by LRU.

    References
    ----------
    Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement algorithm", VLDB
    1994: the full version.

    >>> from cachesim.engines.simple import hits_of
    >>> hits_of(TwoQ, items=4, keys="abcdeaafghija"), hits_of(LRU, items=4, keys="abcdeaafghija")
    (2, 1)
    """

    name = "2q"
    in_share = 0.25  # of the cache: keys in the queue
    out_share = 0.5  # of the cache: remembered keys that left the queue

    def __init__(self) -> None:
        self.queue: OrderedDict[str, None] = OrderedDict()  # A1in: oldest first
        self.ghosts = Ghosts()  # A1out
        self.hot: OrderedDict[str, None] = OrderedDict()  # Am: least recently used first
        self.returned = False  # whether the new key was a ghost

    def before_add(self, entry: Entry) -> bool:
        """Note whether the key was a ghost."""
        self.returned = entry.key in self.ghosts
        return True

    def on_add(self, entry: Entry) -> None:
        """Put the key into the queue, or among the hot keys if it was a ghost."""
        (self.hot if self.returned else self.queue)[entry.key] = None
        self.ghosts.forget(entry.key)
        self.returned = False

    def on_use(self, entry: Entry) -> None:
        """Make a hot key the most recently used; in the queue nothing moves."""
        if entry.key in self.hot:
            self.hot.move_to_end(entry.key)

    def on_evict(self, entry: Entry) -> None:
        """Remember a key of the queue."""
        if entry.key in self.queue:
            self.ghosts.remember(entry.key, most=self.out_share * self.full)

    def on_remove(self, entry: Entry) -> None:
        """Take the key out."""
        del (self.queue if entry.key in self.queue else self.hot)[entry.key]

    def victim(self) -> str:
        """Choose the oldest of the queue if it is too long, else the least recently used hot key."""
        self.learn(len(self.queue) + len(self.hot))
        is_long = len(self.queue) > self.in_share * self.full
        return next(iter(self.queue if is_long or not self.hot else self.hot))


class LRU2(Sized):
    """LRU-K with K = 2: evicts the key whose second last use is the oldest.

    A key with only one use counts as the oldest of all. The policy remembers the times of evicted keys,
    as many as the cache holds, so it knows a key that returns.

    References
    ----------
    O'Neil, O'Neil and Weikum, "The LRU-K page replacement algorithm for database disk buffering", SIGMOD 1993.

    >>> from cachesim.engines.simple import hits_of
    >>> hits_of(LRU2, items=2, keys="aabcaa"), hits_of(LRU, items=2, keys="aabcaa")
    (3, 2)
    """

    name = "lru-2"
    NEVER = 0  # the time of a use that did not happen

    def __init__(self) -> None:
        self.now = self.NEVER  # in requests
        self.times = RankHeap()  # key -> (second last use, last use)
        # The times of keys that left, the oldest first.
        self.history: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def on_add(self, entry: Entry) -> None:
        """Note a use, after the uses that are remembered."""
        self._use(entry.key, self.history.pop(entry.key, (self.NEVER, self.NEVER)))

    def on_use(self, entry: Entry) -> None:
        """Note a use."""
        self._use(entry.key, self.times.ranks[entry.key])

    def on_evict(self, entry: Entry) -> None:
        """Remember the times of the key's uses."""
        self.history[entry.key] = self.times.ranks[entry.key]
        while len(self.history) > self.full:
            self.history.popitem(last=False)

    def on_remove(self, entry: Entry) -> None:
        """Forget the key."""
        self.times.drop(entry.key)

    def victim(self) -> str:
        """Choose the key whose second last use is the oldest, among equals the least recently used."""
        self.learn(len(self.times))
        return self.times.lowest()

    def _use(self, key: str, times: tuple[int, int]) -> None:
        self.now += 1
        self.times.put(key, (times[1], self.now))
