"""Policies that count uses: LFU counts for ever, W-TinyLFU forgets."""

from collections import OrderedDict
from math import ceil
from zlib import crc32

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.engines.policies.parts import Sized
from cachesim.engines.policies.recency import SLRU


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
        """Forget the count: a key that returns starts again from one."""
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


class Sketch:
    """About how often each key was used lately: four rows of small counters, halved now and then.

    Each key has a counter in every row; keys may share one, so the least of the four is nearest to the truth.

    >>> sketch = Sketch(keys=16)
    >>> for key in "aab":
    ...     sketch.add(key)
    >>> sketch.count("a"), sketch.count("b"), sketch.count("c")
    (2, 1, 0)

    References
    ----------
    Cormode and Muthukrishnan, "An improved data stream summary: the count-min sketch" (2005).
    """

    MOST = 15  # a counter has four bits
    ROOM = 4  # counters per key and row
    SAMPLE = 10  # uses per key after which all counters are halved
    SPREAD = (
        0x9E3779B1,
        0x85EBCA77,
        0xC2B2AE3D,
        0x27D4EB2F,
    )  # odd: each row spreads keys its own way

    def __init__(self, keys: int) -> None:
        self.keys = keys  # that the cache holds
        self.bits = (self.ROOM * keys - 1).bit_length()
        self.rows = [bytearray(1 << self.bits) for _ in self.SPREAD]
        self.added = 0

    def add(self, key: str) -> None:
        """Count one use."""
        for row, place in zip(self.rows, self._places(key), strict=True):
            row[place] = min(row[place] + 1, self.MOST)
        self.added += 1
        if self.added >= self.SAMPLE * self.keys:
            halves = bytes(count >> 1 for count in range(256))
            self.rows = [row.translate(halves) for row in self.rows]
            self.added //= 2

    def count(self, key: str) -> int:
        """Estimate how often a key was used: never too low but for the halving, sometimes too high."""
        return min(row[p] for row, p in zip(self.rows, self._places(key), strict=True))

    def _places(self, key: str) -> list[int]:
        number = crc32(key.encode("utf-8", "surrogateescape"))
        return [(number * odd & 0xFFFFFFFF) >> (32 - self.bits) for odd in self.SPREAD]


class WTinyLFU(Sized):
    """A small LRU window in front of a segmented LRU, which a key enters only if it was used more often.

    The window's oldest key and the main part's next victim are compared by a sketch of recent uses; the one
    that was used less goes.

    References
    ----------
    Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", ACM Transactions on
    Storage 13(4), 2017.

    >>> from cachesim.engines.simple import hits_of
    >>> hits_of(WTinyLFU, items=3, keys="aabb" + "cdefghij" + "ab")
    4
    """

    window_share = 0.01  # of the cache, at least one key

    def __init__(self) -> None:
        self.window: OrderedDict[str, None] = OrderedDict()
        self.main = SLRU()
        self.sketch = Sketch(keys=16)

    def before_add(self, entry: Entry) -> bool:
        """Count the use; the sketch grows with the cache, and then counts from the start."""
        held = len(self.window) + len(self.main)
        if held > self.sketch.keys:
            self.sketch = Sketch(keys=int(min(self.full, 2 * held)))
        self.sketch.add(entry.key)
        return True

    def on_add(self, entry: Entry) -> None:
        """Join the window; while the cache has room its oldest key moves on without a contest."""
        self.window[entry.key] = None
        if len(self.window) > self._window:
            self._move_on()

    def on_use(self, entry: Entry) -> None:
        """Count the use, and be the newest of the window or of the main part."""
        self.sketch.add(entry.key)
        if entry.key in self.window:
            self.window.move_to_end(entry.key)
        else:
            self.main.on_use(entry)

    def on_remove(self, entry: Entry) -> None:
        """Leave the window or the main part."""
        if entry.key in self.window:
            del self.window[entry.key]
        else:
            self.main.on_remove(entry)

    def victim(self) -> str:
        """Let the window's oldest key and the main part's victim contest for one place."""
        self.learn(len(self.window) + len(self.main))
        self.main.items = self.full - self._window
        if not self.window or not self.main:
            return next(iter(self.window)) if self.window else self.main.victim()
        candidate, loser = next(iter(self.window)), self.main.victim()
        if len(self.window) < self._window:
            return loser
        if self.sketch.count(candidate) <= self.sketch.count(loser):
            return candidate
        self._move_on()
        return loser

    @property
    def _window(self) -> int:
        return ceil(self.window_share * min(self.full, len(self.window) + len(self.main)))

    def _move_on(self) -> None:
        key, _ = self.window.popitem(last=False)
        self.main.join(key)
