"""The Memcached engine: the spec `Memcached`, and what the model calls of a running server.

The server itself is in the other files, from slabs.py (memory) over items.py (lists) and table.py
(items by key) to daemon.py (threads). commands.py has the table of commands.
"""

import math
from typing import Annotated, Any

from cachesim.clock import Clock
from cachesim.engines.base import LOST, Command, EngineSpec, Random, Work
from cachesim.engines.memcached import commands, operations
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.items import ACTIVE
from cachesim.engines.memcached.settings import Settings
from cachesim.errors import BadInput
from cachesim.spec import Bytes, Count, Rule
from cachesim.units import MIB

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
    use_cas: bool = True  # False: -C, 8 bytes less per item

    @property
    def workers(self) -> int:
        """The threads."""
        return self.threads

    def build(self, clock: Clock, random: Random) -> "MemcachedEngine":
        """Return a new, empty server."""
        return MemcachedEngine(self, clock, random)


class MemcachedEngine(Daemon):
    """A running memcached."""

    version = "embedded, as memcached 1.6"

    def __init__(self, spec: Memcached, clock: Clock, random: Random) -> None:
        self.spec = spec
        super().__init__(clock, random, _settings(spec))

    def held_bytes(self, key: str) -> int:
        """Return the bytes of the value under a key, 0 if there is none."""
        item = self.items.get(key)
        return 0 if item is None else len(item.value)

    def get(self, key: str) -> bytes | None:
        """Return the value, or None; a hit counts as a use, a dead item is removed."""
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
        """Store a value for `ttl` seconds.

        The server knows only whole seconds, so a client rounds a TTL up. A client sends a TTL above
        30 days as a date.

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
        """Remove a key; True if it was there and alive."""
        self.tick()
        return operations.delete(self, key)

    def execute(self, command: Command) -> Any:
        """Run a command of the text protocol; tuples.py and meta.py have the shapes of tuples.

        Raises
        ------
        CommandError
            With the server's own text.
        """
        self.tick()
        return commands.execute(self, command)

    def work(self, command: Command) -> Work:
        """Return the work that a command would ask of its node now, by its row of the table."""
        return commands.work(self, command) or super().work(command)

    def flush(self) -> None:
        """Lose everything, as a restart does."""
        self._gone.update(dict.fromkeys(self.items, LOST))
        self.start(_settings(self.spec))


def _settings(spec: Memcached) -> Settings:
    return Settings(
        memory=spec.memory,
        threads=spec.threads,
        growth_factor=spec.growth_factor,
        item_size_max=spec.item_size_max,
        maintained=spec.segmented,
        use_cas=spec.use_cas,
        segmented=spec.segmented,
        automove=int(spec.automove),
    )
