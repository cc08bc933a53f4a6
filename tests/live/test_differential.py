"""Random commands into the embedded and the real server at the same simulated time: every reply must be the same.

The commands are drawn over everything that the embedded engines support, with few keys, wrong types, wrong numbers
of arguments and numbers at their bounds; time moves between them. More, or fewer, of them: DIFFERENTIAL=1000000;
others: FIRST_SEED=1000.
"""

import os
import random
import re

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.errors import CommandError, OutOfMemory
from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.redis_server import RedisServer
from cachesim.units import MIB
from cachesim.wire.memcached_conversation import MemcachedConversation
from tests.engines.memcached.random_requests import random_request
from tests.engines.redis.random_commands import RANDOM, UNORDERED, VARYING, random_command
from tests.engines.redis.unspecified import is_unspecified

COMMANDS = int(os.environ.get("DIFFERENTIAL", "300000"))
FIRST_SEED = int(os.environ.get("FIRST_SEED", "0"))
BATCH = 2000  # commands from one seed
LOOK = 100  # commands between two looks at the encodings
# The levels of a skip list are drawn, and so are the buckets that a table moves while it grows or
# shrinks: test_sizes.py compares many members.
BY_CHANCE = {b"skiplist", b"hashtable"}
# Changes since the last snapshot are counted by engines that write some: test_snapshots.py.
OWN = {
    "cmdstat_info", "executable", "maxmemory", "maxmemory_human", "mem_clients_normal", "os", "process_id",
    "rdb_changes_since_last_save", "rdb_last_save_time", "run_id", "server_time_usec",
    "tcp_port", "total_connections_received", "uptime_in_days", "uptime_in_seconds",
    "used_cpu_sys", "used_cpu_user", "used_memory", "used_memory_dataset", "used_memory_human",
    "used_memory_lua", "used_memory_startup",
}  # fmt: skip
# Seconds between two commands. Long ones are rare: a silent server's cron costs more than commands do.
PAUSES = [0.0] * 40 + [0.001] * 10 + [0.05, 0.1, 0.7, 1.0] * 2 + [3.0, 61.0]

# Where the two differ for a reason; at most ten, each with the place in the server's source.
SKIPPED = {
    "CONFIG": "config.c: the server knows some 200 settings, the engine those that change what it does",
    "OBJECT IDLETIME": "object.c, tryObjectEncoding: without LRU or LFU small integers share one object, and its age",
    "OBJECT FREQ": "evict.c, LFULogIncr: the counter rises by chance",
    "INFO": "its figures are compared after every batch: figures()",
    "MEMORY": "memory is compared after every hundredth command: looked_at()",
    "DEBUG": "debug.c: refused here as by a server without enable-debug-command; tests need no more",
}


NO_ERRNO = (
    "GEORADIUS_RO",
    "no key",
    0,
    0,
    1,
    "m",
)  # sort.c looks at an errno that is left from earlier commands


def reply(engine, command):
    """Return the reply to a command, or the error as a value."""
    if str(command[0]).upper() in ("SORT", "SORT_RO"):
        engine.execute(NO_ERRNO)
    try:
        return engine.execute(command)
    except (CommandError, OutOfMemory) as error:
        return f"error: {error}"


def canonical(command, told):
    """Reduce a reply to the part that can be compared."""
    name = str(command[0]).upper()
    if isinstance(told, str) and told.startswith("error: "):
        return told
    if (
        name in VARYING
        or name in SKIPPED
        or " ".join([name, *map(str, command[1:2])]).upper() in SKIPPED
    ):
        return type(told)
    if name in RANDOM:
        return len(told) if isinstance(told, list | dict) else type(told)
    return ordered(told) if name in UNORDERED else told


def looked_at(engine):
    """Return the encoding of every key of the selected database, and its bytes where they are certain."""
    found = {}
    for key in engine.execute(("KEYS", "*")):
        encoding = engine.execute(("OBJECT", "ENCODING", key))
        size = engine.execute(("MEMORY", "USAGE", key, "SAMPLES", 0))
        found[key] = encoding, None if encoding in BY_CHANCE else size
    return found


def figures(engine):
    """Return the figures of INFO, without those that are the process's own."""
    text = engine.execute(("INFO", "everything")).decode()
    # after a silence the real server gets the last ticks of its cron only: redis_server.MOST_TICKS;
    # and it is chance which keys a cycle finds in a table with few
    lines = re.sub(r"avg_ttl=[1-9]\d*", "avg_ttl=some", text).splitlines()
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    return {name: value for name, value in told.items() if name not in OWN}


def ordered(told):
    if isinstance(told, dict):
        return {key: ordered(value) for key, value in told.items()}
    if isinstance(told, list | set):
        return sorted(map(ordered, told), key=repr)
    return told


@pytest.fixture(scope="module")
def clock():
    return ManualClock(1000.0)


@pytest.fixture(scope="module", params=["allkeys-lru", "noeviction", "volatile-lfu"])
def pair(request, clock):
    """The two Redis engines, which are emptied for every batch."""
    from tests.live.conftest import started

    spec = Redis(memory=256 * MIB, policy=request.param)
    real = started(RedisServer(memory=256 * MIB, policy=request.param), clock)
    yield spec, real
    real.close()


def play(spec, real, clock, seed):
    """Run a batch; return the first difference with what led to it, None if there is none."""
    draw = random.Random(seed)
    embedded = spec.build(clock, draw.random)
    real.execute(("FLUSHALL",))
    real.execute(("SELECT", 0))
    for engine in (embedded, real):
        engine.execute(("CONFIG", "RESETSTAT"))
    story = []
    while len(story) < BATCH:
        clock.advance(draw.choice(PAUSES))
        command = random_command(draw)
        if str(command[0]).upper() == "CONFIG":
            continue  # would change one of them for good
        if str(command[0]).upper() == "RANDOMKEY":  # removes a dead key if chance leads it there:
            command = ("KEYS", "*")  # db.c, dbRandomKey; tests/engines/redis/test_keys.py has it
        if is_unspecified(embedded, command):
            continue
        story.append((clock(), command))
        ours, theirs = (canonical(command, reply(engine, command)) for engine in (embedded, real))
        if ours == theirs and len(story) % LOOK == 0:
            ours, theirs = (looked_at(engine) for engine in (embedded, real))
        if ours != theirs:
            return command, ours, theirs, story[-12:]
    ours, theirs = figures(embedded), figures(real)
    odd = {name: (ours[name], theirs.get(name)) for name in ours if ours[name] != theirs.get(name)}
    return odd or None


def test_redis_replies_are_equal(pair, clock):
    """300,000 commands in three parts, each with another policy: no difference at all."""
    spec, real = pair
    for seed in range(FIRST_SEED, FIRST_SEED + max(1, COMMANDS // (3 * BATCH))):
        assert None is play(spec, real, clock, seed), f"seed {seed}"


@pytest.mark.parametrize("policy", ["noeviction", "allkeys-lru", "allkeys-random", "volatile-ttl"])
def test_redis_without_memory(start, policy):
    """Maxmemory of one byte: both evict all that the policy lets go, and refuse the same commands."""
    clock, draw = ManualClock(), random.Random(7)
    embedded = Redis(policy=policy).build(clock, draw.random)
    real = start(RedisServer(policy=policy), at=clock)
    for _ in range(40):
        for limit in ("0", "1"):
            for engine in (embedded, real):
                engine.execute(("CONFIG", "SET", "maxmemory", limit))
            for _ in range(25):
                clock.advance(draw.choice(PAUSES))
                command = random_command(draw)
                if str(command[0]).upper() in ("CONFIG", "OBJECT"):
                    continue  # OBJECT ENCODING of small integers depends on the limit
                if is_unspecified(embedded, command):
                    continue
                ours, theirs = (canonical(command, reply(e, command)) for e in (embedded, real))

                assert theirs == ours, command


def hangs_up(engine, stream):
    """True if a server closes the connection after this, or ignores what follows for a while."""
    talk = MemcachedConversation(engine)
    parts = (stream, *[b"mn\r\n"] * 3)
    return not any(talk.receive(part).endswith(b"MN\r\n") for part in parts)


def answers(talk, real, stream):
    """Send a stream and `mn` until both have answered it; return both answers."""
    ours, sent = b"", stream
    while True:
        part = talk.receive(sent + b"mn\r\n")
        real.process.send(sent + b"mn\r\n")
        ours, sent = ours + part, b""
        if ours.endswith(b"MN\r\n"):
            break
    theirs = b""
    while theirs.count(b"MN\r\n") < ours.count(b"MN\r\n"):
        theirs += real.process.line() + b"\r\n"
    return ours, theirs


def first_difference(start, seed):
    """Play a batch into two fresh engines; return the first difference, None if there is none."""
    clock, draw = ManualClock(), random.Random(seed)
    real = start(MemcachedServer(memory=4 * MIB), at=clock)
    scratch = Memcached(memory=4 * MIB).build(clock, draw.random)
    talk = MemcachedConversation(Memcached(memory=4 * MIB).build(clock, draw.random))
    try:
        for _ in range(BATCH):
            clock.advance(draw.choice(PAUSES))
            line, data = random_request(draw)
            stream = line + b"\r\n" + (b"" if data is None else data + b"\r\n")
            if hangs_up(scratch, stream):
                continue
            real._tell_time()
            ours, theirs = answers(talk, real, stream)
            if ours != theirs:
                return clock(), stream[:80], ours[:80], theirs[:80]
    finally:
        real.close()
    return None


def test_memcached_answers_are_equal(start):
    """A sixth as many requests, good and bad: byte for byte, but for a handful that hang on chance."""
    batches = range(COMMANDS // 6 // BATCH)
    differ = [found for seed in batches if (found := first_difference(start, seed))]

    # memcached 1.6: crawler.c, item_crawler_thread: after every thousandth item it naps for 100 microseconds;
    # util.c, safe_strtoull: from 2^63 on it looks for a minus sign beyond the end of the item
    assert len(differ) <= max(2, len(batches) // 25), differ
