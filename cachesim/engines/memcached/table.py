"""The table of items by key: linking an item, noting a hit, dropping it (items.c, the do_item_ functions).

It also keeps the server's time: whole seconds since a minute before the server started.
"""

from collections.abc import Callable, Iterator

from cachesim.engines.base import EVICTED, EXPIRED, LOST, START, Engine
from cachesim.engines.memcached import logged
from cachesim.engines.memcached.counts import ServerCounts
from cachesim.engines.memcached.host import Host
from cachesim.engines.memcached.items import ACTIVE, FETCHED, ClassLRU, Item
from cachesim.engines.memcached.prefixes import Prefixes
from cachesim.engines.memcached.settings import Settings
from cachesim.engines.memcached.slabs import LARGEST_CHUNK, Slabs

UPDATE_INTERVAL = 60  # seconds: the flat LRU moves an item to the head at most that often
BUMPS = 8192  # hits on COLD that can wait for the maintainer
MONTH = 60 * 60 * 24 * 30  # seconds: a larger expiration time is a date
MICROSECONDS = 1_000_000  # of a second
DEAD = 1  # an expiration in the past: before the server started


class ItemTable(Engine):
    """The items of one server, with their slabs and lists; no threads and no commands."""

    host = Host()  # one per server: daemon.py
    client = 0  # the number of the client whose command runs
    watched: frozenset[str] = frozenset()  # the kinds of lines that somebody watches; logged.py
    log: Callable[[str, str], None]  # takes a kind and a line, while somebody watches

    def clear(self, settings: Settings) -> None:
        """Start without items."""
        self.settings = settings
        self.use_cas = settings.use_cas  # again here, because every store reads it
        self.last_cas = 0
        self.items: dict[str, Item] = {}
        self.bumps: dict[Item, None] = {}  # items with a hit in COLD that waits for the maintainer
        self.counts = ServerCounts()
        self.prefixes = Prefixes()
        self.sizes_from: int | None = None  # sizes are tracked from this unique id on; stats.py
        self.slabs = Slabs(settings.memory, settings.growth_factor)
        self.lrus = [ClassLRU(slab, settings, self.drop) for slab in self.slabs.classes]
        self.memory = 0

    # --- time

    head_start: int  # seconds from the engine's clock to the server's
    now: int  # whole seconds on the server's clock

    @property
    def started(self) -> int:
        """The Unix time at which the server's clock read 0."""
        return START - self.head_start

    def deadline(self, exptime: int) -> int:
        """Return when an item expires, in the server's seconds; 0: never (memcached.c, realtime).

        Up to 30 days `exptime` is seconds from now. Above it is a Unix date. Below 0 it is past.
        """
        if exptime == 0:
            return 0
        if exptime < 0:
            return DEAD
        return max(DEAD, exptime - self.started) if exptime > MONTH else exptime + self.now

    # --- finding an item

    def peek(self, key: str) -> Item | None:
        """Return the live item of a key without noting a hit (items.c, do_item_get)."""
        item = self.items.get(key)
        alive = item is not None and self._survives(item)
        if self.watched and logged.FETCHERS in self.watched:
            status = "not_found" if item is None else self._status(item)
            logged.fetched(self, key, status, item if alive else None)
        return item if alive else None

    def _status(self, item: Item) -> str:
        if item.is_flushed(self.settings, self.now):
            return "flushed"
        return "expired" if 0 < item.expires <= self.now else "found"

    def _survives(self, item: Item) -> bool:
        """Whether an item is alive; a dead item is removed."""
        if self.settings.oldest_live and item.is_flushed(self.settings, self.now):
            self.counts.get_flushed += 1
        elif 0 < item.expires <= self.now:
            self.counts.get_expired += 1
        else:
            return True
        self.drop(item, EXPIRED)
        return False

    def find(self, key: str) -> Item | None:
        """Return the live item of a key and note the hit."""
        item = self.peek(key)
        if item is not None and item.hits != ACTIVE:
            self.bump(item)
        return item

    def keys(self) -> Iterator[str]:
        """Iterate over the keys of the items that are alive now; no thread of the server wakes."""
        settings = self.settings
        now = int(self.clock() * MICROSECONDS + 0.5) // MICROSECONDS + self.head_start
        return iter(
            [
                key
                for key, item in self.items.items()
                if not 0 < item.expires <= now and not item.is_flushed(settings, now)
            ]
        )

    def __len__(self) -> int:
        """Count the items, including dead items that are not removed yet."""
        return len(self.items)

    # --- hits

    def bump(self, item: Item) -> None:
        """Note a hit on an item that is not active (items.c, do_item_bump)."""
        if not self.settings.segmented:
            item.hits = FETCHED
            self.update(item)
        elif item.hits == 0:
            item.hits = FETCHED
        elif item.segment is not item.segment.lru.cold:
            item.hits = ACTIVE
            item.time = self.now
        elif len(self.bumps) < BUMPS:
            item.hits = ACTIVE
            self.bumps[item] = None

    def update(self, item: Item) -> None:
        """Note that an item was used or written to (items.c, do_item_update)."""
        lru = item.segment.lru
        if self.settings.segmented:
            item.time = self.now
            if item.segment is lru.cold and item.hits == ACTIVE:
                lru.move(item, lru.warm)
        elif item.time < self.now - UPDATE_INTERVAL:
            item.time = self.now
            item.segment.remove(item)
            item.segment.add(item)

    def settle_bumps(self) -> None:
        """Move the items whose hit in COLD waits; free the memory of those that left meanwhile.

        References
        ----------
        memcached 1.6: items.c, lru_maintainer_bumps.
        """
        bumps, self.bumps = self.bumps, {}
        for item in bumps:
            if self.items.get(item.key) is item:
                self.update(item)
            else:
                self.give_back(item)

    # --- coming and going

    def next_cas(self) -> int:
        """Return a unique id larger than all before; 0 if the server keeps none."""
        self.last_cas += 1
        return self.last_cas if self.use_cas else 0

    def link(self, item: Item) -> None:
        """Store a new item under its key (items.c, do_item_link)."""
        self.items[item.key] = item
        self.counts.total_items += 1
        item.cas = self.next_cas()
        item.time = self.now
        item.segment.add(item)

    def relink(self, item: Item) -> None:
        """Store an item again after it was copied to another place; it counts as new."""
        item.segment.remove(item)
        self.link(item)

    def unlink(self, item: Item) -> None:
        """Take an item out of the cache; its memory is free unless a hit still waits to be noted."""
        segment = item.segment
        del self.items[item.key]
        segment.remove(item)
        if self.bumps and item in self.bumps:
            return
        if item.size <= LARGEST_CHUNK:
            segment.lru.slab.free.append(item.chunk)
        else:
            self.give_back(item)

    def give_back(self, item: Item) -> None:
        """Free the chunks of an item."""
        if item.size <= LARGEST_CHUNK:
            item.segment.lru.slab.free.append(item.chunk)
        else:
            for slab, chunk in item.chunks():
                slab.free.append(chunk)

    def drop(self, item: Item, why: str, *, counted: bool = True) -> None:
        """Take an item out of the cache and remember why it went."""
        if self.watched and logged.EVICTIONS in self.watched and why == EVICTED and counted:
            logged.evicted(self, item)
        self.unlink(item)
        if why == EVICTED:
            self.evictions += counted
        elif why == EXPIRED:
            self.expirations += 1
            if not 0 < item.expires <= self.now:
                why = LOST  # flushed
        self._gone[item.key] = why
