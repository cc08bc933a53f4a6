"""Redis 7.0 in this process: the spec `Redis` and its engine, with one thread and 16 databases.

`RedisEngine.begin` runs before each command: the time passes, then keys are evicted.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from cachesim.clock import Clock
from cachesim.engines.base import START, Command, EngineSpec, Random, Work
from cachesim.engines.redis import memory
from cachesim.engines.redis.active_expiry import active_cycle, note_silence
from cachesim.engines.redis.arguments import Arguments, argument, text
from cachesim.engines.redis.command import OOM, RedisCommand, Table, admit, call, find
from cachesim.engines.redis.commands import COMMANDS
from cachesim.engines.redis.evict import Evictor
from cachesim.engines.redis.functions import Functions
from cachesim.engines.redis.persistence import set_up
from cachesim.engines.redis.policy import LFU_MINUTES, LRU_CLOCK_MAX, POLICIES
from cachesim.engines.redis.reply import ByKey, Nested, NullArray, Reply, plain
from cachesim.engines.redis.script_cache import Scripts
from cachesim.engines.redis.seed import seeded
from cachesim.engines.redis.snapshots import USUAL, SavePoints
from cachesim.engines.redis.structure import wrong_type
from cachesim.engines.redis.together import Together
from cachesim.engines.redis.users import Users
from cachesim.engines.redis.work import work
from cachesim.errors import BadInput, CommandError, OutOfMemory
from cachesim.spec import Bytes, Count, Rule
from cachesim.units import KIB, MIB

START_MS = START * 1000
HALF = 5e-7  # seconds: the time is rounded to the microsecond
BIG = 32 * KIB  # bytes (redis 7: server.h, PROTO_MBULK_BIG_ARG)
SPECIAL = (NullArray, ByKey, Nested)  # the replies that `plain` changes
MOST_TICKS = 100  # ticks of the cron that are run late after a silence; earlier ones are skipped
MOST_AVERAGED = 400  # of the skipped ticks: what was before them has a weight of 0.98 ** 500

PolicyName = Literal[
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
]
Whole = Annotated[int, Rule(">= 0", lambda x: x >= 0)]
Hertz = Annotated[int, Rule("from 1 to 500 per second", lambda x: 1 <= x <= 500)]
Effort = Annotated[int, Rule("from 1 to 10", lambda x: 1 <= x <= 10)]


class Redis(EngineSpec):
    """A Redis 7.0 node; fields are named after redis.conf, with `memory` for maxmemory.

    `base_memory` is the memory of server and connections before the first key. The default was
    estimated from runs, and leaves out what a server takes at its start. (A whole redis-server
    7.0.15 reports 0.87 MiB when empty: give that to compare used_memory with a real server.)
    `commands` is not a field; a subclass may add rows to it (commands.py).

    >>> Redis(memory=4 * MIB, policy="allkeys-lfu")
    Redis(memory=4194304, policy='allkeys-lfu')
    """

    speaks = "redis"
    commands = COMMANDS
    memory: Bytes = 64 * MIB
    policy: PolicyName = "allkeys-lru"
    samples: Count = 5  # keys sampled per eviction
    lfu_log_factor: Whole = 10  # the higher it is, the slower the LFU counter rises
    lfu_decay_time: Whole = 1  # minutes until the LFU counter falls by one; 0: never
    hz: Hertz = 10  # ticks of the cron per second
    active_expire_effort: Effort = 1
    quantum: Literal[16, 8] = 16  # bytes: 16 in Debian's build, 8 in Redis's own
    base_memory: Bytes = 60 * KIB
    persistence: Literal["none", "rdb"] = "none"  # rdb: a restart loads the last snapshot
    save: SavePoints = USUAL  # with rdb: seconds and changes after which a snapshot begins
    seed_from: str = ""  # an RDB file whose keys the engine begins with

    def __post_init__(self) -> None:
        if self.policy not in tuple(POLICIES):
            choice = ", ".join(POLICIES)
            raise BadInput(f'unknown policy "{self.policy}"; choose from {choice}')
        super().__post_init__()
        least = self.base_memory + memory.key_bytes(1) + memory.string_bytes(1) + 32
        if self.memory < least:
            raise BadInput(
                f"Redis.memory must be at least {least} bytes (base_memory and one small key), "
                f"got {self.memory}"
            )

    def build(self, clock: Clock, random: Random) -> "RedisEngine":
        """Return a new engine, with the keys of `seed_from`. Raises BadInput if it cannot be read."""
        return seeded(RedisEngine(self, clock, random), self.seed_from)


class RedisEngine(Together):
    """A running Redis: `get`, `set` and `delete` are plain calls, `execute` runs any command.

    After a command that stores, memory may be above the limit: room is made before the next one.

    >>> from cachesim.clock import ManualClock
    >>> engine = Redis().build(ManualClock(), lambda: 0.5)
    >>> engine.execute(("INCRBY", "visits", 41)), engine.execute(("INCR", "visits"))
    (41, 42)
    """

    version = "embedded, as redis 7.0"
    busy_reply_threshold = 5000  # milliseconds that a script may run before other clients hear BUSY

    def __init__(self, spec: Redis, clock: Clock, random: Random) -> None:
        super().__init__(clock, random, base_memory=spec.base_memory, quantum=spec.quantum)
        self.commands: Table = spec.commands
        self.rows: dict[bytes, RedisCommand] = {}
        set_up(self, spec)
        self.active_expire_effort = spec.active_expire_effort
        self.lfu_log_factor = spec.lfu_log_factor
        self.lfu_decay_time = spec.lfu_decay_time
        self.limit_memory(spec.memory)
        self.use_policy(spec.policy)
        self.evictor = Evictor(self, spec.samples)
        self.scripts, self.functions = Scripts(self), Functions(self)
        self.use_hz(spec.hz)

    @cached_property
    def users(self) -> Users:
        """Who may do what; made when it is first asked for."""
        return Users(self.settings, self.commands)

    def use_hz(self, hz: int) -> None:
        """Let the cron tick `hz` times per second from now on."""
        self.hz = hz
        self._tick = int((self.clock() + HALF) * hz)  # the last tick of the cron that is over
        self._tell_time()

    def begin(self, argv: Sequence[bytes] = ()) -> bool:
        """Let time pass, expire and evict: before any command. True if there is room to store.

        Big arguments take memory meanwhile. Small ones stand in the buffer of the connection, which
        `base_memory` has.
        """
        for part in argv:
            if len(part) >= BIG:
                return self.begin_beside(sum(size for part in argv if (size := len(part)) >= BIG))
        # redis 7: server.c, processCommand: performEvictions runs before reads and deletes too
        now = self.clock()
        self.now = int(now * 1e6 + 0.5) // 1000 + START_MS  # db.unix_milliseconds, written out
        if now >= self._next_tick:
            self._cron(int((now + HALF) * self.hz))
        return self.memory <= self.limit or self.evictor.make_room()

    def begin_beside(self, size: int) -> bool:
        """Do the same while so many bytes of memory are taken by something else."""
        self.limit -= size
        try:
            return self.begin()
        finally:
            self.limit += size

    def held_bytes(self, key: str) -> int:
        """Return the bytes of the string under a key, 0 if there is none."""
        entry = self.table.entries.get(key)
        return entry.length if entry is not None else 0

    def work(self, command: Command) -> Work:
        """Return the work that a command would ask of its node now, by its row of the table."""
        return work(self.commands, self, command) or super().work(command)

    def keys_of(self, command: Command) -> list[str]:
        """Name the keys of a command, by its row of the table; none if it is unknown."""
        argv = [argument(part) for part in command]
        try:
            return [text(key) for key in find(self.commands, argv).keys.of(argv)]
        except CommandError:
            return []

    def tick(self) -> None:
        """Run the ticks of the cron that are due."""
        self.begin()
        self.disk.look(self)

    def get(self, key: str) -> bytes | None:
        """Return the value, or None if the key is absent or expired. This is a use of the key.

        It is the object that was set. Side effects: 1. the cron's ticks that are due, 2. eviction
        if memory is over its limit, 3. a dead key is removed, 4. a hit or a miss is counted.
        """
        # The hot path. `begin` and `read` are written out here, which halves its time.
        now = self.clock()
        if now >= self._next_tick:
            self.now = int(now * 1e6 + 0.5) // 1000 + START_MS
            self._cron(int((now + HALF) * self.hz))
        if self.memory > self.limit:
            self.evictor.make_room()
        entry = self.table.entries.get(key)
        if entry is None:
            self.keyspace_misses += 1
            return None
        if entry.when is not None and int(now * 1e6 + 0.5) // 1000 + START_MS > entry.when:
            self.expire(entry)
            self.keyspace_misses += 1
            return None
        self.keyspace_hits += 1
        if self.lfu:
            self.touch(entry)
        else:
            entry.lru = self.lru_clock
        value = entry.value
        if isinstance(value, bytes):
            return value
        raise wrong_type()

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value for `ttl` seconds (to the millisecond, at least one).

        Raises OutOfMemory if memory is over its limit and the policy lets nothing go.
        """
        if not self.begin() or (len(value) >= BIG and not self.begin_beside(len(value))):
            self.refuse(key)
            raise OutOfMemory(OOM)
        if not ttl > 0:
            raise CommandError("ERR invalid expire time in 'set' command")
        entry = self.table.entries.get(key)
        if entry is not None:
            entry = self.write(key)
        lasts = ttl == math.inf
        entry = self.put_at(entry, key, value, not lasts) if entry else self.add(key, value)
        if not lasts:
            self.expire_at(entry, self.now + max(1, round(ttl * 1000)))

    def delete(self, key: str) -> bool:
        """Remove a key. True if it was there."""
        self.begin()
        return self.drop(key)

    def execute(self, command: Command) -> Any:
        """Run a command by name, in the selected database, and return its reply (command.Reply).

        Arguments are texts, bytes or numbers. Raises CommandError with Redis's own text, or
        OutOfMemory; BadInput if an argument is of another type, or there is none.
        """
        if not command:
            raise BadInput('a command needs a name, such as ("GET", "key"), got ()')
        reply = self.run([argument(part) for part in command])
        return plain(reply) if isinstance(reply, SPECIAL) else reply

    def run(self, argv: Arguments) -> Reply:
        """Do the same for arguments that are bytes already; NULL_ARRAY is a reply of its own.

        A command that would wait does not: it replies what it replies when its time is up.
        """
        reply = self.call(self.admit(argv), argv)
        if self.blocked.ready:
            self.blocked.serve()
        return reply

    admit = admit
    call = call  # and nothing else: those who wait are not served
    call_unseen = call  # the same, for a script's command that no replica runs

    def why_read_only(self) -> str | None:
        """Return the error of a write that a client sends now; None if it may write."""
        return None

    def _cron(self, tick: int) -> None:
        """Run the ticks of the cron that became due since the last command.

        Each tick runs active expiry at its own time, as on a server whose time flows. After a long
        silence the early ticks are skipped: a cycle stops only when few keys are dead, so the last
        100 do nearly all of the work. Of the others, the last 400 move the average TTL.
        """
        # redis 7: server.c, serverCron
        first = max(self._tick + 1, tick - MOST_TICKS + 1)
        silent = range(max(self._tick + 1, first - MOST_AVERAGED), first)
        for database in self.databases.values() if silent else ():
            note_silence(database, (START_MS + due * 1000 // self.hz for due in silent))
        for due in range(first, tick + 1):
            if not any(database.expires.entries for database in self.databases.values()):
                break
            active_cycle(self, START_MS + due * 1000 // self.hz, self.active_expire_effort)
        for database in self.databases.values():
            database.tidy()
        self._tick = tick
        self._tell_time()

    def _tell_time(self) -> None:
        seconds = START + self._tick // self.hz
        self.lru_clock = seconds & LRU_CLOCK_MAX
        self.minute = seconds // 60 & LFU_MINUTES
        self._next_tick = (self._tick + 1) / self.hz - HALF
