"""The segmented LRU: HOT for new items, WARM for used items, COLD for items that may be evicted.

A new item enters HOT. Its first hit marks it as fetched, its second as active. The maintainer looks
at the tails of HOT and WARM. An active item moves to WARM's head. Any other item sinks to COLD, if its
list holds more than its share of the class or the item is old. Items are evicted from COLD's tail; an
active item in COLD moves up to WARM. So a key that is used once passes through and pushes out nothing
that is used often.

    head                       tail
    HOT   new ... ........ old  -> used twice: WARM, else COLD
    WARM  ... ............ old  -> used twice: WARM's head, else COLD
    COLD  ... ............ old  -> evicted when memory is short
"""

from collections.abc import Callable
from typing import Any

from cachesim.engines.base import EVICTED, EXPIRED
from cachesim.engines.memcached.settings import Settings
from cachesim.engines.memcached.slabs import SlabClass

FETCHED, ACTIVE = 1, 2  # hits that are remembered; the server keeps two bits for them
# Marks: the value is outdated; one client has the task to fetch it again; the key came in base64.
STALE, TOKEN_SENT, BINARY = 1, 2, 4
TAIL_TRIES = 5  # items looked at in one pull: expired items are freed, used items move


class Item:
    """One key with its value, its memory and its place in a list."""

    __slots__ = (
        "cas", "chunk", "expires", "flags", "hits", "key", "marks", "next", "prev", "segment", "size", "time", "value",
    )  # fmt: skip

    def __init__(
        self, key: str, value: bytes, flags: int, expires: int, size: int, chunk: int
    ) -> None:
        self.key = key
        self.value = value
        self.flags = flags
        self.expires = expires  # whole seconds on the server's clock; 0: never
        self.size = size  # bytes, header included
        self.chunk = chunk  # address
        self.hits = 0  # 0, FETCHED or ACTIVE
        self.marks = 0  # of the meta commands: STALE, TOKEN_SENT, BINARY
        self.segment: Segment
        self.time: int  # whole seconds: when it was last linked or bumped
        self.cas: int
        self.prev: Any
        self.next: Any  # towards the tail

    def is_dead(self, settings: Settings, now: int) -> bool:
        """Whether the item expired before this second began, or was flushed."""
        return 0 < self.expires < now or self.is_flushed(settings, now)

    def is_flushed(self, settings: Settings, now: int) -> bool:
        """Whether flush_all has made the item invalid (items.c, item_is_flushed)."""
        if not 0 < settings.oldest_live <= now:
            return False
        return self.time <= settings.oldest_live or 0 < self.cas < settings.oldest_cas

    def chunks(self) -> list[tuple[SlabClass, int]]:
        """Return the class and address of every chunk, in the order in which they are freed."""
        return [(self.segment.lru.slab, self.chunk)]


class ChainedItem(Item):
    """An item above half a MiB: a header in a small chunk, the value in several large chunks."""

    __slots__ = ("pieces",)

    def __init__(self, *fields: Any, pieces: list[tuple[SlabClass, int]]) -> None:
        super().__init__(*fields)
        self.pieces = pieces  # the header first

    def chunks(self) -> list[tuple[SlabClass, int]]:
        """Return the class and address of every chunk, in the order in which they are freed."""
        return self.pieces


class Segment:
    """A list of items: a ring that begins and ends with the segment itself.

    `next` is the head. `prev` is the tail, the first item to move or go. In an empty ring both are
    the segment itself.
    """

    def __init__(self, lru: "ClassLRU", name: str) -> None:
        self.lru = lru
        self.name = name
        self.next: Any = self
        self.prev: Any = self
        self.bytes = 0
        self.count = 0
        self.hits = 0  # gets that found their item here
        self.next_crawl = self.crawl_wait = 0  # seconds; crawler.py

    def add(self, item: Item) -> None:
        """Put an item at the head."""
        first = self.next
        item.segment = self
        item.prev = self
        item.next = first
        first.prev = self.next = item
        self.bytes += item.size
        self.count += 1

    def remove(self, item: Item) -> None:
        """Take an item out, wherever in the list it is."""
        before, after = item.prev, item.next
        before.next = after
        after.prev = before
        self.bytes -= item.size
        self.count -= 1

    def items(self) -> list[Item]:
        """Return the items from the tail to the head."""
        found, item = [], self.prev
        while item is not self:
            found.append(item)
            item = item.prev
        return found


class ClassLRU:
    """The lists of one slab class, and counters of what happened to its items."""

    def __init__(
        self,
        slab: SlabClass,
        settings: Settings,
        drop: Callable[[Item, str], None],
    ) -> None:
        self.slab = slab
        self.settings = settings
        self.drop = drop  # takes an item out of the cache and out of its list
        self.segments = tuple(Segment(self, name) for name in ("hot", "warm", "cold", "temp"))
        self.hot, self.warm, self.cold, self.temp = self.segments
        self.due, self.pause = 0, 0  # microseconds; maintainer.py
        self.reset()

    def reset(self) -> None:
        """Set every counter to 0 (items.c, item_stats_reset)."""
        self.evicted = self.evicted_nonzero = self.evicted_unfetched = self.evicted_active = 0
        self.evicted_time = self.out_of_memory = self.reclaimed = self.expired_unfetched = 0
        self.crawler_reclaimed = self.crawler_checked = self.direct_reclaims = 0
        self.to_cold = self.to_warm = self.within = 0
        self.sets = self.touch_hits = self.delete_hits = self.incr_hits = self.decr_hits = 0
        self.cas_hits = self.cas_badval = 0
        for segment in self.segments:
            segment.hits = 0

    def age(self, segment: Segment, now: int) -> int:
        """Return the seconds since the tail of a list was last linked or bumped; 0 if it is empty."""
        return now - segment.prev.time if segment.count else 0

    def _reclaim(self, item: Item) -> None:
        self.reclaimed += 1
        self.expired_unfetched += item.hits == 0
        self.drop(item, EXPIRED)

    def evict(self, now: int, spared: Item | None = None) -> int:
        """Free dead items at COLD's tail, or evict one live item; return how many went.

        The running command works on `spared`, so that item is locked and stays.

        References
        ----------
        memcached 1.6: items.c, lru_pull_tail with LRU_PULL_EVICT.
        """
        cold, settings, gone = self.cold, self.settings, 0
        item = cold.prev
        for _ in range(TAIL_TRIES):
            if item is cold:
                break
            before = item.prev
            if item is spared:
                pass
            elif not (item.expires or settings.oldest_live) or not item.is_dead(settings, now):
                self._count_evicted(item, now)
                self.drop(item, EVICTED)
                return gone + 1
            else:
                self._reclaim(item)
                gone += 1
            item = before
        return gone

    def _count_evicted(self, item: Item, now: int) -> None:
        self.evicted += 1
        self.evicted_time = now - item.time
        if item.expires:
            self.evicted_nonzero += 1
        if item.hits == 0:
            self.evicted_unfetched += 1
        elif item.hits == ACTIVE:
            self.evicted_active += 1

    def pull_cold(self, now: int) -> int:
        """Free dead items at COLD's tail and move one active item up; return how many went."""
        cold, settings = self.cold, self.settings
        for gone in range(TAIL_TRIES):
            item = cold.prev
            if item is cold:
                return gone
            if not (item.expires or settings.oldest_live) or not item.is_dead(settings, now):
                if item.hits != ACTIVE or not settings.segmented:
                    return gone
                self.move(item, self.warm)
                return gone + 1
            self._reclaim(item)
        return TAIL_TRIES

    def pull(self, segment: Segment, now: int, limit: int, max_age: float) -> int:
        """Free dead items at the tail of HOT or WARM and move others; return how many went.

        An unused item sinks to COLD if its list has more than `limit` bytes, or if the item was not
        used for more than `max_age` seconds.

        References
        ----------
        memcached 1.6: items.c, lru_pull_tail.
        """
        settings = self.settings
        for gone in range(TAIL_TRIES):
            item = segment.prev
            if item is segment:
                return gone
            if (item.expires or settings.oldest_live) and item.is_dead(settings, now):
                self._reclaim(item)
            elif item.hits == ACTIVE:
                self.move(item, self.warm)
                if segment is self.hot:
                    return gone + 1
            elif segment.bytes > limit or now - item.time > max_age:
                self.to_cold += 1
                segment.remove(item)
                self.cold.add(item)
                return gone + 1
            else:
                return gone
        return TAIL_TRIES

    def move(self, item: Item, warm: Segment) -> None:
        """Put an active item at WARM's head; it is active again after one more hit."""
        if item.segment is warm:
            self.within += 1
        else:
            self.to_warm += 1
        item.hits = FETCHED
        item.segment.remove(item)
        warm.add(item)

    def pull_temp(self, now: int) -> int:
        """Free dead items at TEMP's tail; return how many went."""
        temp = self.temp
        for gone in range(TAIL_TRIES):
            if temp.prev is temp or not temp.prev.is_dead(self.settings, now):
                return gone
            self._reclaim(temp.prev)
        return TAIL_TRIES
