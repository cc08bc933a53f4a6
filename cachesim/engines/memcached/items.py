"""The segmented LRU: HOT for what is new, WARM for what is used, COLD for what may go.

A new item enters HOT. A first hit marks it fetched, a second active. At the tail of HOT or WARM an
active item goes (back) to WARM and the others sink to COLD, when their list has outgrown its share of
the class or they have become old; from COLD's tail items are evicted. An active item in COLD moves up
to WARM. New keys that nobody asks for again so pass through without pushing out what is used.
"""

import math
from collections import OrderedDict
from collections.abc import Callable

from cachesim.engines.memcached.slabs import SlabClass

HOT, WARM, COLD = range(3)
HOT_SHARE, WARM_SHARE = 0.20, 0.40  # of the class's bytes; settings hot_lru_pct, warm_lru_pct
HOT_AGE, WARM_AGE = 0.2, 2.0  # times the age of COLD's tail; hot_max_factor, warm_max_factor
TAIL_TRIES = 5  # expired items reclaimed from a tail in one pull
MOVES = 500  # a class, in one round of the maintainer
UPDATE_INTERVAL = 60  # seconds: flat LRU bumps an item at most that often


class Item:
    """One key: its bytes and where it stands."""

    __slots__ = (
        "active", "cas", "chunks", "expires", "fetched", "flags", "key", "segment", "size", "slab", "time", "value",
    )  # fmt: skip

    def __init__(self, key: str, value: bytes, flags: int, expires: int, size: int) -> None:
        self.key = key
        self.value = value
        self.flags = flags
        self.expires = expires  # whole seconds on the server's clock; 0: never
        self.size = size  # bytes, header included
        self.fetched = self.active = False
        self.segment = HOT
        self.time = 0  # whole seconds: last linked or bumped
        self.cas = 0
        self.chunks = 1
        self.slab: SlabClass


class ClassLRU:
    """The three lists of one slab class; the first of each is its tail, the next to move or go."""

    def __init__(self, drop: Callable[[Item, str], None], *, segmented: bool) -> None:
        self.lists: tuple[OrderedDict[Item, None], ...] = (
            OrderedDict(),
            OrderedDict(),
            OrderedDict(),
        )
        self.bytes = [0, 0, 0]
        self.drop = drop  # removes an item from the engine, which calls `unlink` here
        self.segmented = segmented

    def link(self, item: Item, segment: int, now: int) -> None:
        """Put an item at the head of a list."""
        item.segment, item.time = segment, now
        self.lists[segment][item] = None
        self.bytes[segment] += item.size

    def unlink(self, item: Item) -> None:
        """Take an item out of its list."""
        del self.lists[item.segment][item]
        self.bytes[item.segment] -= item.size

    def _move(self, item: Item, segment: int) -> None:
        self.unlink(item)
        self.link(item, segment, item.time)

    def bump(self, item: Item, now: int) -> None:
        """Note a hit.

        References
        ----------
        memcached 1.6: items.c, do_item_bump.
        """
        if not self.segmented:
            if item.time <= now - UPDATE_INTERVAL:
                self.unlink(item)
                self.link(item, COLD, now)
        elif not item.fetched:
            item.fetched = True
        elif not item.active:
            item.active = True
            if item.segment == COLD:  # SIMPLIFIED: at once; memcached queues it for the maintainer
                self.unlink(item)
                item.active = False
                self.link(item, WARM, now)
            else:
                item.time = now

    def pull(
        self, segment: int, now: int, *, total: int, max_age: float = math.inf, evict: bool = False
    ) -> int:
        """Look at a list's tail: reclaim, move, or evict one item; return how many changed place.

        `total` is the class's bytes, of which the list may hold its share (0: it may hold nothing).

        References
        ----------
        memcached 1.6: items.c, lru_pull_tail.
        """
        queue = self.lists[segment]
        for changed in range(TAIL_TRIES):
            if not queue:
                return changed
            item = next(iter(queue))
            if not 0 < item.expires < now:
                if segment == COLD:
                    return changed + self._pull_cold(item, evict=evict)
                return changed + self._pull_young(item, segment, now, total, max_age)
            self.drop(item, "expired")
        return TAIL_TRIES

    def _pull_cold(self, item: Item, *, evict: bool) -> int:
        if evict:
            self.drop(item, "evicted")
            return 1
        if item.active and self.segmented:
            item.active = False
            self._move(item, WARM)
            return 1
        return 0

    def _pull_young(self, item: Item, segment: int, now: int, total: int, max_age: float) -> int:
        share = HOT_SHARE if segment == HOT else WARM_SHARE
        if item.active:
            item.active = False
            self._move(item, WARM)
        elif self.bytes[segment] > total * share or now - item.time > max_age:
            self._move(item, COLD)
        else:
            return 0
        return 1

    def juggle(self, now: int) -> int:
        """Do one round of the maintainer; return how many items it moved.

        References
        ----------
        memcached 1.6: items.c, lru_maintainer_juggle.
        """
        hot, warm, cold = self.bytes
        total = hot + warm + cold
        tail = next(iter(self.lists[COLD]), None)
        age = 0 if tail is None else now - tail.time
        for moves in range(MOVES):
            moved = self.pull(HOT, now, total=total, max_age=age * HOT_AGE)
            moved = moved or self.pull(WARM, now, total=total, max_age=age * WARM_AGE)
            moved += self.pull(COLD, now, total=total)
            if not moved:
                return moves
        return MOVES
