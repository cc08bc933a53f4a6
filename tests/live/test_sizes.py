"""What lists, sets, sorted sets and streams cost: the bytes of a real server on the same commands."""

import random

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.live.redis_server import RedisServer
from cachesim.units import MIB

ROUNDING = 64  # bytes: the buffers of the server's connection


class Both:
    """Our engine and a real one; each command must get the same reply."""

    def __init__(self, real, clock):
        self.real, self.clock = real, clock
        self.ours = Redis(memory=256 * MIB).build(clock, random.Random(1).random)
        for _ in range(3):  # the server's buffers get their sizes
            clock.advance(1.0)
            self.ask("PING")
        self.before = self.ours.memory, real.memory

    def ask(self, *command):
        """Run a command in both."""
        ours, theirs = self.ours.execute(command), self.real.execute(command)
        if command[0] not in ("SMEMBERS", "MEMORY"):
            assert ours == theirs, command
        return ours

    def usage(self, key):
        """Return MEMORY USAGE of both."""
        return [engine.execute(("MEMORY", "USAGE", key)) for engine in (self.ours, self.real)]

    def check(self, key, encoding, within=0.0, usage=0.0):
        """Compare the encoding, MEMORY USAGE, and the bytes in use since the start."""
        assert encoding == self.ask("OBJECT", "ENCODING", key)
        ours, theirs = self.usage(key)
        assert abs(ours - theirs) <= max(within, usage) * theirs, key
        used = self.ours.memory - self.before[0], self.real.memory - self.before[1]
        assert abs(used[0] - used[1]) <= ROUNDING + within * used[1], key


@pytest.fixture
def both(start, clock):
    """Start a server beside our engine, at the same time."""
    return Both(start(RedisServer(memory=256 * MIB)), clock)


def test_lists_exactly(both):
    """After pushes, inserts in the middle, sets, removals, a trim and pops: nodes split and merge alike."""
    draw, check = random.Random(3), lambda: both.check("l", b"quicklist")
    both.ask("RPUSH", "l", "a")
    check()
    for number in range(2000):
        both.ask("RPUSH", "l", "v" * (number % 90))
        if number % 4 == 0:
            both.ask("LPUSH", "l", number * 37)
    both.ask("LPUSH", "l", "B" * 9000)
    check()
    for _ in range(300):
        pivot = both.ask("LINDEX", "l", draw.randrange(2000))
        both.ask("LINSERT", "l", draw.choice(["BEFORE", "AFTER"]), pivot, "i" * draw.randrange(200))
        both.ask("LSET", "l", draw.randrange(2000), "s" * draw.randrange(200))
    check()
    for _ in range(60):
        element = both.ask("LINDEX", "l", draw.randrange(1000))
        both.ask("LREM", "l", draw.choice([1, -1, 2]), element)
    check()
    both.ask("LTRIM", "l", 100, -200)
    check()
    for _ in range(300):
        both.ask("RPOP", "l")
        both.ask("LMOVE", "l", "m", "LEFT", "RIGHT")
    check()
    both.check("m", b"quicklist")
    both.ask("LRANGE", "l", 0, -1)


@pytest.mark.parametrize("fill", [-1, -5, 1, 7, 128])
def test_lists_with_nodes_of_other_sizes(both, fill):
    """list-max-listpack-size in bytes, or in elements."""
    both.ask("CONFIG", "SET", "list-max-listpack-size", fill)
    draw = random.Random(fill)
    for number in range(300):
        both.ask("RPUSH", "l", "v" * draw.randrange(300))
        pivot = both.ask("LINDEX", "l", draw.randrange(number + 1))
        both.ask("LINSERT", "l", draw.choice(["BEFORE", "AFTER"]), pivot, number)
    both.check("l", b"quicklist")
    both.ask("LTRIM", "l", 20, 400)
    both.check("l", b"quicklist")


def test_intsets_exactly(both):
    """With numbers of two, four and eight bytes, which stay wide; up to 512 of them."""
    for wide in (3, 70_000, 2**40):
        both.ask("SADD", "s", 1, 2, wide)
        both.check("s", b"intset")
    both.ask("SREM", "s", 2**40)
    both.check("s", b"intset")
    both.ask("SADD", "t", *range(512))
    both.check("t", b"intset")


def test_hash_tables_of_sets(both):
    """While the table grows."""
    for number in range(3000):
        both.ask("SADD", "s", f"member {number}")
        if number in (3, 100, 1000, 2999):
            both.check("s", b"hashtable", within=0.03)
    both.ask("SADD", "t", *range(513))
    both.check("t", b"hashtable", within=0.03)


def test_listpacks_of_sorted_sets_exactly(both):
    """Scores are numbers, or texts of up to 17 digits."""
    both.ask("ZADD", "z", 1e17, "a", 0.1, "b", "inf", "c", 3, 4, -7.5, "e")
    both.check("z", b"listpack")
    for number in range(120):
        both.ask("ZADD", "z", number / 3, f"member {number}")
    both.check("z", b"listpack")


def test_skip_lists(both):
    """The levels are drawn, so many members are needed; MEMORY USAGE looks at five of them only."""
    for number in range(5000):
        both.ask("ZADD", "z", number * 7 % 1000, f"member {number}")
    both.check("z", b"skiplist", within=0.03, usage=0.2)


@pytest.mark.parametrize(("entries", "size"), [(100, 4096), (7, 4096), (0, 300), (1, 0)])
def test_streams_exactly(both, entries, size):
    """While nodes fill, shrink, lose entries and go; the radix tree has shared beginnings."""
    both.ask("CONFIG", "SET", "stream-node-max-entries", entries)
    both.ask("CONFIG", "SET", "stream-node-max-bytes", size)
    draw = random.Random(entries)
    for number in range(1200):
        both.clock.advance(draw.choice([0, 0, 0.001, 0.3, 70.0]))
        fields = ["f", "v" * draw.randrange(90), "n", number] if draw.random() < 0.8 else ["x", "y"]
        both.ask("XADD", "q", "*", *fields)
        if number in (130, 500, 1199):
            both.check("q", b"stream")
    ids = [id for id, _ in both.ask("XRANGE", "q", "-", "+")]
    for id in draw.sample(ids, 700):
        both.ask("XDEL", "q", id)
    both.check("q", b"stream")
    both.ask("XTRIM", "q", "MAXLEN", 250)
    both.check("q", b"stream")
    both.ask("COPY", "q", "copy")
    both.check("copy", b"stream")
    both.ask("XTRIM", "q", "MAXLEN", 0)
    both.check("q", b"stream")


def test_groups_of_streams_exactly(both):
    """Groups, consumers and what is pending, while these come and go; one name begins with another."""
    for number in range(600):
        both.clock.advance(0.007)
        both.ask("XADD", "q", "*", "n", number)
    names = ["g", "gr", "group", "group two", "x" * 300]
    for name in names:
        both.ask("XGROUP", "CREATE", "q", name, 0)
        for consumer in (*names, "ann", "anna"):
            both.ask("XREADGROUP", "GROUP", name, consumer, "COUNT", 30, "STREAMS", "q", ">")
        both.check("q", b"stream")
    taken = both.ask("XAUTOCLAIM", "q", "g", "bob", 0, "-", "COUNT", 90, "JUSTID")[1]
    both.check("q", b"stream")
    both.ask("XACK", "q", "g", *taken[::2])
    both.check("q", b"stream")
    for consumer in ("gr", "anna", "g"):
        both.ask("XGROUP", "DELCONSUMER", "q", "group", consumer)
        both.check("q", b"stream")
    for name in names[::-1]:
        both.ask("XGROUP", "DESTROY", "q", name)
        both.check("q", b"stream")


WAYS = {  # how a string comes to be: commands that store `value` at k
    "SET": lambda value: [("SET", "k", value)],
    "GETSET": lambda value: [("SET", "k", ""), ("GETSET", "k", value)],
    "MSET": lambda value: [("MSET", "k", value)],
    "APPEND": lambda value: [("APPEND", "k", value)],
    "SETRANGE": lambda value: [("SETRANGE", "k", 0, value)],
    "COPY": lambda value: [("SET", "a", value), ("COPY", "a", "k")],
    "COPY of a string that grew": lambda value: [("APPEND", "a", value), ("COPY", "a", "k")],
    "RENAME": lambda value: [("SET", "a", value), ("RENAME", "a", "k")],
    "BITOP": lambda value: [("SET", "a", value), ("BITOP", "OR", "k", "a")],
    "DUMP, RESTORE": lambda value: [("SET", "a", value), ("RESTORE", "k", 0, ...)],
    "EVAL": lambda value: [("EVAL", "redis.call('SET', KEYS[1], ARGV[1])", 1, "k", value)],
}


def store(engine, commands):
    """Run commands; ... stands for the dump of key a."""
    for command in commands:
        dump = engine.execute(("DUMP", "a")) if ... in command else b""
        engine.execute(tuple(dump if part is ... else part for part in command))


@pytest.mark.parametrize("way", WAYS)
def test_room_of_strings_exactly(both, way):
    """However a string came to be, it has the same room to grow, and the same bytes at every step."""
    # not 65,529 and 65,530: an argument of more than 32 KiB has two bytes more (networking.c)
    for length in [0, 1, *range(28, 100), 250, 256, 262, 1000, 65_500, 65_540]:
        told = []
        for engine in (both.ours, both.real):
            store(engine, WAYS[way](b"x" * length))
            sizes = [engine.execute(("MEMORY", "USAGE", "k"))]
            for _ in range(7):
                engine.execute(("APPEND", "k", "yy"))
                sizes.append(engine.execute(("MEMORY", "USAGE", "k")))
            told.append(sizes)
            engine.execute(("DEL", "k", "a"))

        assert told[1] == told[0], length


@pytest.mark.parametrize("policy", ["noeviction", "allkeys-lru"])
def test_shared_integers(start, clock, policy):
    """However a small integer came to be, both share it, or neither does; so with what INCR makes of it."""
    spec = {"memory": 256 * MIB, "policy": policy}
    engines = Redis(**spec).build(clock, float), start(RedisServer(**spec))
    questions = [("OBJECT", "REFCOUNT", "k"), ("OBJECT", "ENCODING", "k"), ("MEMORY", "USAGE", "k")]
    for name, way in WAYS.items():
        for value in (b"0", b"7", b"9998", b"9999", b"10000", b"-1", b"07"):
            told = []
            for engine in engines:
                store(engine, way(value))
                found = [engine.execute(question) for question in questions]
                if value != b"07":
                    engine.execute(("INCR", "k"))
                told.append(found + [engine.execute(question) for question in questions])
                engine.execute(("DEL", "k", "a"))

            assert told[1] == told[0], (name, value)
