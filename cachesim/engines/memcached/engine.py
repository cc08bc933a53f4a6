"""The Memcached engine: a hash of items, slabs under them, and the threads that keep order, run on demand.

Time is the server's: whole seconds, read off the clock that was handed in. The server has no event loop
here, so what its background threads do is caught up with when a command comes.
"""

import math
from typing import Annotated, Any

from cachesim.clock import Clock
from cachesim.engines.base import COLD as COLD_MISS
from cachesim.engines.base import (
    EVICTED,
    EXPIRED,
    INVALIDATED,
    LOST,
    Command,
    Engine,
    EngineSpec,
    Random,
)
from cachesim.engines.memcached import commands
from cachesim.engines.memcached.items import COLD, HOT, ClassLRU, Item
from cachesim.engines.memcached.slabs import PAGE, Slabs
from cachesim.errors import BadInput, OutOfMemory
from cachesim.spec import Bytes, Count, Rule
from cachesim.units import MIB

HEADER, CAS_SIZE, FLAGS_SIZE, TERMINATOR, LINE_END = 48, 8, 4, 1, 2  # bytes of an item's parts
MONTH = 60 * 60 * 24 * 30  # seconds: a larger expiration time is a date
EPOCH = 1_500_000_000  # the Unix time at which the clock that is handed in reads 0
ALLOCATION_TRIES = 10
SHORTEST_ROUND, LONGEST_ROUND = 0.001, 1.0  # seconds between two rounds of the maintainer
CRAWL_EVERY = 60  # seconds between two passes of the crawler
DEAD = -1  # an expiration in the past

Factor = Annotated[float, Rule("> 1 and <= 2", lambda x: 1 < x <= 2)]
Pages = Annotated[int, Rule(">= 1 MiB (1048576 bytes), one page", lambda x: x >= MIB)]


class Memcached(EngineSpec):
    """A memcached 1.6 server; it always evicts by its own segmented (or flat) LRU.

    >>> cache = Memcached().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> cache.set("a", b"1")
    >>> cache.get("a"), cache.execute(("incr", "a", 5))
    (b'1', 6)
    """

    memory: Pages = 64 * MIB  # -m: bytes in pages of 1 MiB; item hash and connections come on top
    threads: Count = 4  # -t
    growth_factor: Factor = 1.25  # -f
    item_size_max: Bytes = MIB  # -I: largest item, header included
    segmented: bool = True  # False: flat LRU, -o no_lru_maintainer
    use_cas: bool = True  # False: -C, 8 bytes less an item

    @property
    def workers(self) -> int:
        """The threads."""
        return self.threads

    def build(self, clock: Clock, random: Random) -> "MemcachedEngine":
        """Return a new, empty server."""
        return MemcachedEngine(self, clock, random)


class MemcachedEngine(Engine):
    """A running memcached."""

    version = "embedded, as memcached 1.6"

    def __init__(self, spec: Memcached, clock: Clock, random: Random) -> None:
        super().__init__(clock, random)
        self.spec = spec
        self.slabs = Slabs(spec.memory, spec.growth_factor)
        self.lrus: dict[int, ClassLRU] = {}  # by class number, for the classes that have items
        self.items: dict[str, Item] = {}
        self.counts = dict.fromkeys(commands.COUNTERS, 0)
        self.last_cas = 0
        self.flush_at = 0  # whole seconds: items linked before then are dead; 0: none
        self.overhead = HEADER + TERMINATOR + LINE_END + CAS_SIZE * spec.use_cas
        self.next_round, self.pause = 0.0, SHORTEST_ROUND
        self.next_crawl = CRAWL_EVERY

    # --- time

    def now(self) -> int:
        """Return the server's time in whole seconds, after its background threads have caught up."""
        exact = self.clock()
        if exact >= self.next_round:
            self._maintain(exact)
        return math.floor(exact) + EPOCH

    def _maintain(self, exact: float) -> None:
        """Run the maintainer's round, and the crawler's pass when it is due.

        While nothing moves the rounds come less often, from 1 ms to 1 s apart (items.c, lru_maintainer_thread).
        """
        now = math.floor(exact) + EPOCH
        moved = sum(lru.juggle(now) for lru in self.lrus.values()) if self.spec.segmented else 0
        self.pause = SHORTEST_ROUND if moved else min(LONGEST_ROUND, self.pause * 1.125)
        self.next_round = exact + self.pause
        if exact >= self.next_crawl:
            self.next_crawl = math.floor(exact) + CRAWL_EVERY
            # SIMPLIFIED: one full pass a minute; the server spreads it by a histogram of what will expire.
            for item in [item for item in self.items.values() if self.is_dead(item, now)]:
                self._drop(item, EXPIRED)

    def is_dead(self, item: Item, now: int) -> bool:
        """Return whether an item has expired or been flushed."""
        if item.expires and item.expires <= now:
            return True
        return 0 < self.flush_at <= now and item.time < self.flush_at

    def deadline(self, exptime: int) -> int:
        """Return the second at which a protocol's expiration time falls due; 0 for never.

        Up to 30 days it counts from now, beyond it is a Unix date, below 0 it is past (memcached.c, realtime).
        """
        if exptime == 0:
            return 0
        if exptime < 0:
            return DEAD
        return exptime if exptime > MONTH else self.now() + exptime

    # --- what the model calls

    def get(self, key: str) -> bytes | None:
        """Return the value, or None; a hit bumps the item, a dead item is removed."""
        item = self.find(key)
        return None if item is None else item.value

    def find(self, key: str) -> Item | None:
        """Return the living item of a key, noting the hit."""
        now = self.now()
        item = self.items.get(key)
        if item is None:
            return None
        if (item.expires or self.flush_at) and self.is_dead(item, now):
            self._drop(item, EXPIRED)
            return None
        self.lrus[item.slab.number].bump(item, now)
        return item

    def peek(self, key: str) -> Item | None:
        """Return the living item of a key without noting a hit."""
        now = self.now()
        item = self.items.get(key)
        if item is not None and self.is_dead(item, now):
            self._drop(item, EXPIRED)
            return None
        return item

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value.

        The server knows whole seconds only, so a client rounds a TTL up; one above 30 days is sent as a date.

        Raises
        ------
        OutOfMemory
            The item is too large, or nothing in its class can be evicted.
        """
        if not ttl > 0:
            raise BadInput(f"ttl must be > 0 seconds (inf for no limit), got {ttl}")
        seconds = 0 if ttl == math.inf else math.ceil(ttl)
        self.store(
            key,
            value,
            0,
            seconds + EPOCH + math.floor(self.clock()) if seconds > MONTH else seconds,
        )

    def delete(self, key: str) -> bool:
        """Remove a key; return whether it was there and alive."""
        item = self.peek(key)
        if item is None:
            return False
        self._drop(item, INVALIDATED)
        return True

    def execute(self, command: Command) -> Any:
        """Run a command of the text protocol; see commands.TABLE for the shape of each.

        Raises
        ------
        CommandError
            With the server's own text.
        """
        return commands.execute(self, command)

    def flush(self) -> None:
        """Lose everything, as a restart does: the pages stay with their classes only in this life."""
        for item in list(self.items.values()):
            self._drop(item, LOST)

    def __len__(self) -> int:
        """Return the number of items held, the dead but not yet removed ones included."""
        return len(self.items)

    # --- items and their memory

    def store(self, key: str, value: bytes, flags: int, exptime: int) -> Item:
        """Link a new item under a key, in place of the old one."""
        item = self._allocate(key, value, flags, self.deadline(exptime))
        old = self.items.get(key)
        if old is not None:
            self._unlink(old)
        self.items[key] = item
        self.last_cas += 1
        item.cas = self.last_cas
        self.lrus[item.slab.number].link(item, HOT if self.spec.segmented else COLD, self.now())
        return item

    def _allocate(self, key: str, value: bytes, flags: int, expires: int) -> Item:
        """Find memory for an item, evicting in its class if need be (items.c, do_item_alloc_pull)."""
        length = len(key) if key.isascii() else len(key.encode("utf-8", "surrogateescape"))
        size = self.overhead + length + len(value) + FLAGS_SIZE * (flags != 0)
        if size > self.spec.item_size_max:
            old = self.items.get(key)
            if old is not None:  # the client's old value is outdated: the server drops it too
                self._drop(old, EVICTED)
            raise OutOfMemory("SERVER_ERROR object too large for cache")
        item = Item(key, value, flags, expires, size)
        slab = item.slab = self.slabs.class_of(size)
        item.chunks = self.slabs.chunks_of(size)
        lru, now = self.lrus.get(slab.number), self.now()
        if lru is None:
            lru = self.lrus[slab.number] = ClassLRU(self._drop, segmented=self.spec.segmented)
        for _ in range(ALLOCATION_TRIES * item.chunks):
            if self.slabs.take(slab, item.chunks):
                self.memory = self.slabs.pages * PAGE
                return item
            if not lru.pull(COLD, now, total=0, evict=True) and self.spec.segmented:
                lru.pull(HOT, now, total=0)
        raise OutOfMemory("SERVER_ERROR out of memory storing object")

    def _unlink(self, item: Item) -> None:
        self.lrus[item.slab.number].unlink(item)
        self.slabs.give_back(item.slab, item.chunks)
        del self.items[item.key]

    def _drop(self, item: Item, why: str) -> None:
        self._unlink(item)
        self._gone[item.key] = why
        if why == EVICTED:
            self.evictions += 1
        elif why == EXPIRED:
            self.expirations += 1

    def why_missed(self, key: str) -> str:
        """Return which kind of miss asking for the absent `key` now is."""
        return self._gone.get(key, COLD_MISS)
