"""The items of an engine by key, and what linking, hitting and dropping one means (items.c, the do_item_ functions)."""

from cachesim.clock import Clock
from cachesim.engines.base import EVICTED, EXPIRED, LOST, Engine, Random
from cachesim.engines.memcached.items import ACTIVE, FETCHED, Item
from cachesim.engines.memcached.settings import Settings
from cachesim.engines.memcached.slabs import LARGEST_CHUNK
from cachesim.engines.memcached.stats import Counts

UPDATE_INTERVAL = 60  # seconds: flat LRU moves an item to the head at most that often
BUMPS = 8192  # hits on COLD that can wait for the maintainer


class Keyspace(Engine):
    """An engine's items; times are whole seconds on the server's clock."""

    def __init__(self, clock: Clock, random: Random, *, use_cas: bool) -> None:
        super().__init__(clock, random)
        self.use_cas = use_cas
        self.last_cas = 0
        self.now = 0  # seconds

    def clear(self, *, segmented: bool) -> None:
        """Begin without items."""
        self.items: dict[str, Item] = {}
        self.bumps: dict[Item, None] = {}  # hits on COLD that wait for the maintainer
        self.counts = Counts()
        self.settings = Settings(segmented=segmented)
        self.last_cas = 0

    def peek(self, key: str) -> Item | None:
        """Return the living item of a key without noting a hit (items.c, do_item_get)."""
        item = self.items.get(key)
        return item if item is not None and self._survives(item) else None

    def _survives(self, item: Item) -> bool:
        """Return whether an item is alive; one that is not is removed."""
        if self.settings.oldest_live and self.settings.is_flushed(item, self.now):
            self.counts.get_flushed += 1
        elif 0 < item.expires <= self.now:
            self.counts.get_expired += 1
        else:
            return True
        self.drop(item, EXPIRED)
        return False

    def find(self, key: str) -> Item | None:
        """Return the living item of a key, noting the hit."""
        item = self.peek(key)
        if item is not None and item.hits != ACTIVE:
            self.bump(item)
        return item

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
        """Do what the hits on COLD are owed; memory they held is given back (items.c, lru_maintainer_bumps)."""
        bumps, self.bumps = self.bumps, {}
        for item in bumps:
            if self.items.get(item.key) is item:
                self.update(item)
            else:
                self.give_back(item)

    def next_cas(self) -> int:
        """Return a unique id larger than all before; 0 if the server keeps none."""
        self.last_cas += 1
        return self.last_cas if self.use_cas else 0

    def link(self, item: Item) -> None:
        """Make a new item the one of its key (items.c, do_item_link)."""
        self.items[item.key] = item
        self.counts.total_items += 1
        item.cas = self.next_cas()
        item.time = self.now
        item.segment.add(item)

    def relink(self, item: Item) -> None:
        """Make an item that was copied to another place a new one of the same content."""
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
        """Free an item's chunks."""
        if item.size <= LARGEST_CHUNK:
            item.segment.lru.slab.free.append(item.chunk)
        else:
            for slab, chunk in item.chunks():
                slab.free.append(chunk)

    def drop(self, item: Item, why: str, *, counted: bool = True) -> None:
        """Take an item out of the cache, and remember why it went."""
        self.unlink(item)
        if why == EVICTED:
            self.evictions += counted
        elif why == EXPIRED:
            self.expirations += 1
            if not 0 < item.expires <= self.now:
                why = LOST  # flushed
        self._gone[item.key] = why
