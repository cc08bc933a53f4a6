"""The segmented LRU: HOT for what is new, WARM for what is used, COLD for what may go.

A new item enters HOT. A first hit marks it fetched, a second active. At the tail of HOT or WARM an
active item goes (back) to WARM and the others sink to COLD, when their list has outgrown its share of
the class or they have become old; from COLD's tail items are evicted. An active item in COLD moves up
to WARM. New keys that nobody asks for again so pass through without pushing out what is used.

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
STALE, TOKEN_SENT, BINARY = 1, 2, 4  # outdated; somebody was told to fetch it anew; key in base64
TAIL_TRIES = 5  # items looked at in one pull: expired ones are reclaimed, used ones turned round
MOVES = 500  # a class, in one round of the maintainer


class Item:
    """One key: its bytes and where it stands."""

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
        self.time: int  # whole seconds: last linked or bumped
        self.cas: int
        self.prev: Any
        self.next: Any  # towards the tail

    def chunks(self) -> list[tuple[SlabClass, int]]:
        """Return the class and address of every chunk, in the order in which they are freed."""
        return [(self.segment.lru.slab, self.chunk)]


class ChainedItem(Item):
    """An item above half a MiB: a header in a small chunk, the value in several large ones."""

    __slots__ = ("pieces",)

    def __init__(self, *fields: Any, pieces: list[tuple[SlabClass, int]]) -> None:
        super().__init__(*fields)
        self.pieces = pieces  # the header first

    def chunks(self) -> list[tuple[SlabClass, int]]:
        """Return the class and address of every chunk, in the order in which they are freed."""
        return self.pieces


class Segment:
    """A list of items: a ring that begins and ends with the segment itself.

    `prev` is its tail, the next to move or go; `next` its head. An empty ring is itself both.
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
        """Take an item out, from wherever it is."""
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
    """The lists of one slab class, and what happened to its items since the last reset."""

    def __init__(
        self,
        slab: SlabClass,
        settings: Settings,
        drop: Callable[[Item, str], None],
    ) -> None:
        self.slab = slab
        self.settings = settings
        self.drop = drop  # takes an item out of the cache, and of its list
        self.segments = tuple(Segment(self, name) for name in ("hot", "warm", "cold", "temp"))
        self.hot, self.warm, self.cold, self.temp = self.segments
        self.due, self.pause = 0, 0  # microseconds; maintainer.py
        self.reset()

    def reset(self) -> None:
        """Forget what was counted (items.c, item_stats_reset)."""
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
        """Take what is dead off COLD's tail, else evict one item; return how many went.

        The item that the present command works on is locked, and so `spared`.

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
            elif not (item.expires or settings.oldest_live) or not settings.is_dead(item, now):
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
        """Take what is dead off COLD's tail, and move up an active one; return how many went."""
        cold, settings = self.cold, self.settings
        for gone in range(TAIL_TRIES):
            item = cold.prev
            if item is cold:
                return gone
            if not (item.expires or settings.oldest_live) or not settings.is_dead(item, now):
                if item.hits != ACTIVE or not settings.segmented:
                    return gone
                self.move(item, self.warm)
                return gone + 1
            self._reclaim(item)
        return TAIL_TRIES

    def pull(self, segment: Segment, now: int, limit: int, max_age: float) -> int:
        """Take what is dead off the tail of HOT or WARM, move the rest on; return how many went.

        `limit` is the bytes above which, `max_age` the seconds after which an unused item sinks to COLD.

        References
        ----------
        memcached 1.6: items.c, lru_pull_tail.
        """
        settings = self.settings
        for gone in range(TAIL_TRIES):
            item = segment.prev
            if item is segment:
                return gone
            if (item.expires or settings.oldest_live) and settings.is_dead(item, now):
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
        """Put an active item at the head of WARM; it has to be hit again to stay active."""
        if item.segment is warm:
            self.within += 1
        else:
            self.to_warm += 1
        item.hits = FETCHED
        item.segment.remove(item)
        warm.add(item)

    def pull_temp(self, now: int) -> int:
        """Take what is dead off TEMP's tail; return how many went."""
        temp = self.temp
        for gone in range(TAIL_TRIES):
            if temp.prev is temp or not self.settings.is_dead(temp.prev, now):
                return gone
            self._reclaim(temp.prev)
        return TAIL_TRIES

    def juggle(self, now: int) -> int:
        """Do one round of the maintainer; return how many times something moved.

        References
        ----------
        memcached 1.6: items.c, lru_maintainer_juggle.
        """
        hot, warm, cold, segmented = self.hot, self.warm, self.cold, self.settings.segmented
        moves = self._juggle_temp(now) if self.settings.temp_ttl is not None else 0
        hot_limit, hot_age, warm_limit, warm_age = self._bounds(now)
        for more in range(MOVES):
            moved = hot.count and self.pull(hot, now, hot_limit, hot_age)
            moved = moved or (warm.count and self.pull(warm, now, warm_limit, warm_age))
            if segmented and cold.count:
                moved += self.pull_cold(now)
            if not moved:
                return moves + more
        return moves + MOVES

    def _juggle_temp(self, now: int) -> int:
        for moves in range(MOVES):
            if not self.pull_temp(now):
                return moves
        return MOVES

    def _bounds(self, now: int) -> tuple[int, float, int, float]:
        """Return for HOT and for WARM the bytes it may hold and the age its tail may reach."""
        settings, cold = self.settings, self.cold
        if not settings.segmented:  # all drains into COLD
            return 0, 0, 0, 0
        total = self.hot.bytes + self.warm.bytes + cold.bytes
        age = now - cold.prev.time if cold.count else 0
        return (
            total * settings.hot_percent // 100,
            age * settings.hot_factor // 1,
            total * settings.warm_percent // 100,
            age * settings.warm_factor // 1,
        )
