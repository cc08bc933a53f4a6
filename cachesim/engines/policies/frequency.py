"""Policies that count uses: LFU never forgets a count, W-TinyLFU does."""

from collections import OrderedDict
from math import ceil
from zlib import crc32

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.engines.policies.parts import Sized
from cachesim.engines.policies.recency import SLRU


class _Bucket:
    """The keys of LFU with the same number of uses, the least recently used first."""

    __slots__ = ("fewer", "keys", "more", "uses")

    def __init__(self, uses: int) -> None:
        self.uses = uses
        self.keys: OrderedDict[str, None] = OrderedDict()
        self.fewer: _Bucket = self
        self.more: _Bucket = self


class LFU(EvictionPolicy):
    """Evicts the least frequently used key, among equals the least recently used. Every step is O(1).

    References
    ----------
    Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme" (2010).
    """

    def __init__(self) -> None:
        self.bucket: dict[str, _Bucket] = {}  # key -> its bucket
        self.ends = _Bucket(0)  # a ring in order of uses: ends.more has the fewest

    def on_add(self, entry: Entry) -> None:
        """Count the first use."""
        self._enter(entry.key, self.ends)

    def on_use(self, entry: Entry) -> None:
        """Count one more use."""
        bucket = self.bucket[entry.key]
        self._enter(entry.key, bucket)
        self._leave(entry.key, bucket)

    def on_remove(self, entry: Entry) -> None:
        """Forget the count; a key that returns starts at one again."""
        self._leave(entry.key, self.bucket.pop(entry.key))

    def victim(self) -> str:
        """Choose the key with the fewest uses."""
        return next(iter(self.ends.more.keys))

    def _enter(self, key: str, below: _Bucket) -> None:
        """Put a key into the bucket with one use more than `below`; make the bucket if it is missing."""
        bucket = below.more
        if bucket.uses != below.uses + 1:
            bucket = _Bucket(below.uses + 1)
            bucket.fewer, bucket.more = below, below.more
            below.more.fewer = below.more = bucket
        bucket.keys[key] = None
        self.bucket[key] = bucket

    def _leave(self, key: str, bucket: _Bucket) -> None:
        """Take a key out of a bucket, and remove the bucket if it is empty."""
        del bucket.keys[key]
        if not bucket.keys:
            bucket.fewer.more, bucket.more.fewer = bucket.more, bucket.fewer


class Sketch:
    """Estimates how often each key was used lately, with four rows of small counters.

    Each key has one counter in every row. Keys may share a counter, so the smallest of the four is the
    best estimate. All counters are halved from time to time.

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
    # Odd numbers: each row spreads the keys differently.
    SPREAD = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)

    def __init__(self, keys: int) -> None:
        self.keys = keys  # in the cache
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
        """Estimate the uses of a key: sometimes too high, and too low only because of the halving."""
        return min(row[p] for row, p in zip(self.rows, self._places(key), strict=True))

    def _places(self, key: str) -> list[int]:
        number = crc32(key.encode("utf-8", "surrogateescape"))
        return [(number * odd & 0xFFFFFFFF) >> (32 - self.bits) for odd in self.SPREAD]


class WTinyLFU(Sized):
    """A small LRU window in front of a segmented LRU. Only keys that were used often enter the second.

    A sketch of recent uses compares the oldest key of the window with the next victim of the main part.
    The key with fewer uses is evicted.

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
        """Count the use. When the cache has grown, a larger sketch starts to count from 0."""
        held = len(self.window) + len(self.main)
        if held > self.sketch.keys:
            self.sketch = Sketch(keys=int(min(self.full, 2 * held)))
        self.sketch.add(entry.key)
        return True

    def on_add(self, entry: Entry) -> None:
        """Put the key into the window; while the cache has room, its oldest key just moves on."""
        self.window[entry.key] = None
        if len(self.window) > self._window:
            self._move_on()

    def on_use(self, entry: Entry) -> None:
        """Count the use, and make the key the newest of its part."""
        self.sketch.add(entry.key)
        if entry.key in self.window:
            self.window.move_to_end(entry.key)
        else:
            self.main.on_use(entry)

    def on_remove(self, entry: Entry) -> None:
        """Take the key out of its part."""
        if entry.key in self.window:
            del self.window[entry.key]
        else:
            self.main.on_remove(entry)

    def victim(self) -> str:
        """Compare the oldest key of the window with the victim of the main part."""
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
