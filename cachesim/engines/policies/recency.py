"""Policies that look at when a key was last used: LRU, segmented LRU, 2Q and LRU-2."""

from collections import OrderedDict

from cachesim.engines.base import Entry
from cachesim.engines.policies.parts import Ghosts, RankHeap, Sized
from cachesim.engines.policies.queues import FIFO


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


class SLRU(Sized):
    """Segmented LRU: new keys are on probation, a use protects them; room is made among those on probation.

    A protected segment that is full sends its least recently used key back to probation.

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
        """Begin on probation."""
        self.join(entry.key)

    def join(self, key: str) -> None:
        """Begin on probation."""
        self.probation[key] = None

    def on_use(self, entry: Entry) -> None:
        """Be the newest of the protected keys."""
        self.probation.pop(entry.key, None)
        self.protected[entry.key] = None
        self.protected.move_to_end(entry.key)
        while len(self.protected) > max(1, self.protected_share * self.full):
            key, _ = self.protected.popitem(last=False)
            self.probation[key] = None

    def on_remove(self, entry: Entry) -> None:
        """Leave the segment."""
        del (self.probation if entry.key in self.probation else self.protected)[entry.key]

    def victim(self) -> str:
        """Take the key on probation that was used longest ago."""
        self.learn(len(self))
        return next(iter(self.probation or self.protected))

    def __len__(self) -> int:
        """Count the keys held."""
        return len(self.probation) + len(self.protected)


class TwoQ(Sized):
    """2Q: new keys pass through a short queue; one that returns soon after it left is kept by LRU.

    References
    ----------
    Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement algorithm", VLDB
    1994: the full version.

    >>> from cachesim.engines.simple import hits_of
    >>> hits_of(TwoQ, items=4, keys="abcdeaafghija"), hits_of(LRU, items=4, keys="abcdeaafghija")
    (2, 1)
    """

    name = "2q"
    in_share, out_share = (
        0.25,
        0.5,
    )  # of the cache: keys in the queue, and keys remembered behind it

    def __init__(self) -> None:
        self.queue: OrderedDict[str, None] = OrderedDict()  # A1in: oldest first
        self.ghosts = Ghosts()  # A1out
        self.hot: OrderedDict[str, None] = OrderedDict()  # Am: least recently used first
        self.returned = False  # whether the key that comes in was a ghost

    def before_add(self, entry: Entry) -> bool:
        """Look for the key's ghost."""
        self.returned = entry.key in self.ghosts
        return True

    def on_add(self, entry: Entry) -> None:
        """Join the queue, or the hot keys if the key has returned."""
        (self.hot if self.returned else self.queue)[entry.key] = None
        self.ghosts.forget(entry.key)
        self.returned = False

    def on_use(self, entry: Entry) -> None:
        """Be the most recently used of the hot keys; in the queue nothing moves."""
        if entry.key in self.hot:
            self.hot.move_to_end(entry.key)

    def on_evict(self, entry: Entry) -> None:
        """Remember a key that leaves the queue."""
        if entry.key in self.queue:
            self.ghosts.remember(entry.key, most=self.out_share * self.full)

    def on_remove(self, entry: Entry) -> None:
        """Leave the queue or the hot keys."""
        del (self.queue if entry.key in self.queue else self.hot)[entry.key]

    def victim(self) -> str:
        """Take the oldest of the queue while that has more than its share, else the least recently used."""
        self.learn(len(self.queue) + len(self.hot))
        is_long = len(self.queue) > self.in_share * self.full
        return next(iter(self.queue if is_long or not self.hot else self.hot))


class LRU2(Sized):
    """LRU-K with K = 2: the key whose last use but one lies longest ago goes; one use is longest ago of all.

    A key that was given up keeps the times of its uses, for as many keys as the cache holds, so that a key
    which returns is known.

    References
    ----------
    O'Neil, O'Neil and Weikum, "The LRU-K page replacement algorithm for database disk buffering", SIGMOD 1993.

    >>> from cachesim.engines.simple import hits_of
    >>> hits_of(LRU2, items=2, keys="aabcaa"), hits_of(LRU, items=2, keys="aabcaa")
    (3, 2)
    """

    name = "lru-2"
    NEVER = 0  # the time of a use that there was not

    def __init__(self) -> None:
        self.now = self.NEVER  # in requests
        self.times = RankHeap()  # key -> (last use but one, last use)
        self.history: OrderedDict[str, tuple[int, int]] = (
            OrderedDict()
        )  # of keys that left, oldest first

    def on_add(self, entry: Entry) -> None:
        """Note a use, behind those that are remembered."""
        self._use(entry.key, self.history.pop(entry.key, (self.NEVER, self.NEVER)))

    def on_use(self, entry: Entry) -> None:
        """Note a use."""
        self._use(entry.key, self.times.ranks[entry.key])

    def on_evict(self, entry: Entry) -> None:
        """Remember when the key was used."""
        self.history[entry.key] = self.times.ranks[entry.key]
        while len(self.history) > self.full:
            self.history.popitem(last=False)

    def on_remove(self, entry: Entry) -> None:
        """Forget the key."""
        self.times.drop(entry.key)

    def victim(self) -> str:
        """Take the key whose last use but one lies longest ago; among equals the least recently used."""
        self.learn(len(self.times))
        return self.times.lowest()

    def _use(self, key: str, times: tuple[int, int]) -> None:
        self.now += 1
        self.times.put(key, (times[1], self.now))
