"""The Memcached engine: a hash of items, slabs under them, and the threads that keep order, run on demand.

Time is the server's: whole seconds since a minute before it started. What its background threads do is caught
up with when a command comes.
"""

import math
from typing import Annotated, Any

from cachesim.clock import Clock
from cachesim.engines.base import (
    EXPIRED,
    LOST,
    START,
    Command,
    EngineSpec,
    Random,
    Work,
)
from cachesim.engines.memcached import commands, meta, operations
from cachesim.engines.memcached.allocate import Allocator
from cachesim.engines.memcached.crawler import Crawler
from cachesim.engines.memcached.items import ACTIVE, ClassLRU
from cachesim.engines.memcached.keyspace import UPDATE_INTERVAL, Keyspace
from cachesim.engines.memcached.maintainer import Maintainer
from cachesim.engines.memcached.rebalance import Mover
from cachesim.engines.memcached.slabs import Slabs
from cachesim.errors import BadInput
from cachesim.spec import Bytes, Count, Rule
from cachesim.units import MIB

MONTH = 60 * 60 * 24 * 30  # seconds: a larger expiration time is a date
MICROSECONDS = 1_000_000  # of a second
NEVER = 1 << 63  # microseconds
HEAD_START = UPDATE_INTERVAL + 2 + 1  # seconds on the server's clock, a second after it started
DEAD = 1  # an expiration in the past: before the server started

Factor = Annotated[float, Rule("> 1 and <= 2", lambda x: 1 < x <= 2)]
Pages = Annotated[int, Rule(">= 1 MiB (1048576 bytes), one page", lambda x: x >= MIB)]


class Memcached(EngineSpec):
    """A memcached 1.6 server; it always evicts by its own segmented (or flat) LRU.

    >>> cache = Memcached().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> cache.set("a", b"1")
    >>> cache.get("a"), cache.execute(("incr", "a", 5))
    (b'1', 6)
    """

    speaks = "memcached"
    why_refused = "memory full, or too large for an item"
    memory: Pages = 64 * MIB  # -m: bytes in pages of 1 MiB; item hash and connections come on top
    threads: Count = 4  # -t
    growth_factor: Factor = 1.25  # -f
    item_size_max: Bytes = MIB  # -I: largest item, header included
    segmented: bool = True  # False: flat LRU without maintainer and crawler, -o no_lru_maintainer
    automove: bool = True  # False: pages stay with their class, -o slab_automove=0
    use_cas: bool = True  # False: -C, 8 bytes less an item

    @property
    def workers(self) -> int:
        """The threads."""
        return self.threads

    def build(self, clock: Clock, random: Random) -> "MemcachedEngine":
        """Return a new, empty server."""
        return MemcachedEngine(self, clock, random)


class MemcachedEngine(Keyspace):
    """A running memcached."""

    version = "embedded, as memcached 1.6"

    def __init__(self, spec: Memcached, clock: Clock, random: Random) -> None:
        super().__init__(clock, random, use_cas=spec.use_cas)
        self.spec = spec
        self._start()

    def _start(self) -> None:
        spec, exact = self.spec, self.clock()
        second = int(exact * MICROSECONDS + 0.5) // MICROSECONDS
        self.head_start = HEAD_START - second  # clock -> the server's seconds
        self.now = HEAD_START  # whole seconds
        self.clear(segmented=spec.segmented)
        self.slabs = Slabs(spec.memory, spec.growth_factor)
        self.lrus = [ClassLRU(slab, self.settings, self.drop) for slab in self.slabs.classes]
        self.allocator = Allocator(self)
        self.mover = Mover(self)
        self.crawler = Crawler(self.lrus, lambda item: self.drop(item, EXPIRED))
        self.maintainer = Maintainer(self, automove=spec.automove)
        self.memory = 0
        self.verbosity = 0
        self.sizes_from: int | None = (
            None  # the unique id from which on sizes are tracked; stats.py
        )
        self.next_round = second * MICROSECONDS if spec.segmented else NEVER
        self._maintain(second * MICROSECONDS)
        self._wake(exact)

    # --- time

    def tick(self) -> None:
        """Look at the clock, and let the background threads catch up; every command begins so."""
        exact = self.clock()
        if exact >= self.next_wake:
            self._wake(exact)

    def _wake(self, exact: float) -> None:
        """Let the background threads work at the last whole second, if it is a new one, and now."""
        at = int(exact * MICROSECONDS + 0.5)
        second = at // MICROSECONDS
        if self.now < second + self.head_start:
            self.now = second + self.head_start
            self._maintain(second * MICROSECONDS)
        self._maintain(at)
        next_wake = min((second + 1) * MICROSECONDS, self.next_round)
        self.next_wake = (next_wake - 0.5) / MICROSECONDS  # when it is rounded to that

    def _maintain(self, at: int) -> None:
        while at >= self.next_round:
            self.next_round = at + self.maintainer.round()

    @property
    def started(self) -> int:
        """Unix time of which the server's seconds are counted."""
        return START - self.head_start

    def deadline(self, exptime: int) -> int:
        """Return the expiration of an item, in the server's seconds; 0: never (memcached.c, realtime).

        Up to 30 days is seconds from now, beyond it is a Unix date, below 0 it is past.
        """
        if exptime == 0:
            return 0
        if exptime < 0:
            return DEAD
        return max(DEAD, exptime - self.started) if exptime > MONTH else exptime + self.now

    # --- what the model calls

    def held_bytes(self, key: str) -> int:
        """Return the bytes of the value under a key, 0 if there is none."""
        item = self.items.get(key)
        return 0 if item is None else len(item.value)

    def get(self, key: str) -> bytes | None:
        """Return the value, or None; a hit bumps the item, a dead item is removed."""
        exact = self.clock()
        if exact >= self.next_wake:
            self._wake(exact)
        item = self.items.get(key)
        if item is None or (
            (item.expires or self.settings.oldest_live) and not self._survives(item)
        ):
            self.counts.get_misses += 1
            return None
        if item.hits != ACTIVE:
            self.bump(item)
        item.segment.hits += 1
        return item.value

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value.

        The server knows whole seconds only, so a client rounds a TTL up; one above 30 days is sent as a date.

        Raises
        ------
        OutOfMemory
            The item is too large, or nothing in its class can be evicted.
        """
        exact = self.clock()
        if exact >= self.next_wake:
            self._wake(exact)
        if ttl == math.inf:
            self.store(key, value, 0, 0)
        elif ttl > 0:
            self.store(key, value, 0, self.now + math.ceil(ttl))
        else:
            raise BadInput(f"ttl must be > 0 seconds (inf for no limit), got {ttl}")

    def store(self, key: str, value: bytes, flags: int, expires: int) -> None:
        """Link a new item under a key, in place of the old one."""
        item = self.allocator.item(key, value, flags, expires, replaces=True)
        item.segment.lru.sets += 1
        old = self.items.get(key)
        if old is not None:
            self.unlink(old)
        self.link(item)

    def delete(self, key: str) -> bool:
        """Remove a key; return whether it was there and alive."""
        self.tick()
        return operations.delete(self, key)

    def execute(self, command: Command) -> Any:
        """Run a command of the text protocol; see commands.TABLE and meta.py for the shape of each.

        Raises
        ------
        CommandError
            With the server's own text.
        """
        self.tick()
        return _face(command).execute(self, command)

    def work(self, command: Command) -> Work:
        """Return the work that a command would ask of its node now, by its row of the table."""
        return _face(command).work(self, command) or super().work(command)

    def flush(self) -> None:
        """Lose everything, as a restart does."""
        self._gone.update(dict.fromkeys(self.items, LOST))
        self._start()

    def __len__(self) -> int:
        """Return the number of items held, the dead but not yet removed ones included."""
        return len(self.items)


def _face(command: Command) -> Any:
    """Return the module that has the command."""
    return meta if command and command[0] in meta.RUN else commands
