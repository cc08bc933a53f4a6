"""Keyspace events: the same ones, in the same order, as a real server tells on the same commands."""

import random

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.watched import LoneEngine
from cachesim.live.redis_server import RedisServer
from cachesim.units import MIB
from tests.engines.redis.random_commands import random_command
from tests.engines.redis.unspecified import is_unspecified
from tests.live.test_differential import PAUSES, reply
from tests.wire.real import Client, free_ports

COMMANDS = 10_000
END = b"__key: all told"  # a channel of our own
ALL = ("CONFIG", "SET", "notify-keyspace-events", "KEAnm")
WALKS = {"SCAN", "SORT", "SORT_RO"}  # they meet dead keys, or elements, in the order of the buckets
ASIDE = {"CONFIG", "RANDOMKEY"}  # one would change a server, the other meets keys by chance
SELDOM = (
    "ZADD sd 1 a", "ZDIFFSTORE td 1 sd", "DEL sd td",
    "RPUSH l a b a", "LREM l 0 a",  # what random commands seldom do
    "RPUSH l a b", "LINSERT l AFTER a c", "LMOVE l l LEFT RIGHT", "RPOPLPUSH l m", "LTRIM m 5 6",
    "SADD s a b", "SDIFFSTORE t s", "SDIFFSTORE t none", "SMOVE s u a", "SMOVE s u b", "ZADD z 1 a",
    "ZRANGESTORE y z 0 -1", "ZRANGESTORE y z 0 -1", "ZADD z 1 b 1 c 1 d", "ZREM z a", "ZREMRANGEBYSCORE y 1 1",
    "ZREMRANGEBYLEX z - [b", "ZREMRANGEBYRANK z 0 0", "ZPOPMIN z", "ZPOPMAX y",
    "ZINTERSTORE y 1 z", "ZADD z 1 a 2 b", "ZINTERSTORE y 1 z", "ZPOPMAX y", "ZUNIONSTORE y 1 z",
    "DEL l m s t u z y", "HSET h f v", "HDEL h f", "RPUSH l 2 1", "LSET l 0 3", "SORT l BY w* GET k* STORE m",
    "SORT m GET none STORE m LIMIT 0 0", "GEOADD g 13.4 38.1 a 15.1 37.5 b", "GEORADIUS g 15 37 200 km STORE y",
    "GEOSEARCHSTORE y g FROMMEMBER a BYRADIUS 9 km", "GEORADIUS g 0 0 1 km STORE y", "PFADD p a", "PFADD p a",
    "PFCOUNT p", "PFCOUNT p none", "PFMERGE q p", "PFDEBUG TODENSE p", "SADD t a", "SUNIONSTORE t t", "DEL l g p q t",
)  # fmt: skip
EVENTS = {  # all that these commands can tell
    b"append", b"copy_to", b"del", b"expire", b"expired", b"georadiusstore", b"geosearchstore", b"hdel",
    b"hincrby", b"hincrbyfloat",
    b"hset", b"incrby", b"incrbyfloat", b"keymiss", b"linsert", b"lpop", b"lpush", b"lrem", b"lset",
    b"ltrim", b"move_from", b"move_to", b"new", b"persist", b"pfadd", b"rename_from", b"rename_to", b"rpop",
    b"rpush", b"sadd", b"sdiffstore", b"set", b"setbit", b"setrange", b"sinterstore", b"sortstore", b"srem",
    b"sunionstore", b"zadd", b"zdiffstore", b"zincr", b"zinterstore", b"zpopmax", b"zpopmin",
    b"zrangestore", b"zrem", b"zremrangebylex", b"zremrangebyrank", b"zremrangebyscore",
    b"zunionstore",
}  # fmt: skip


class OursTold:
    """What our engine tells."""

    def __init__(self, clock, draw):
        self.engine = LoneEngine(Redis(memory=256 * MIB), clock, draw)
        self.engine.channels.join(self, b"__key*", is_pattern=True)
        self.heard = []

    def hear(self, channel, message, pattern):
        """Take a message."""
        self.heard.append((channel, message))

    def told(self, command):
        """Run a command; return what was told meanwhile."""
        reply(self.engine, command)
        heard, self.heard = self.heard, []
        return heard


class ServerWithPort(RedisServer):
    """A server that listens on a loopback port, too."""

    port: int = 0

    def command(self, path):
        """Return the program and its arguments; the last value of an option counts."""
        return [*super().command(path), "--port", str(self.port), "--bind", "127.0.0.1"]


class TheirsTold(Client):
    """What a real server tells: a second connection to it listens."""

    def __init__(self, engine):
        super().__init__(engine.spec.port)
        self.engine = engine
        self.ask("PSUBSCRIBE", "__key*")

    def told(self, command):
        """Run a command; return what was told meanwhile."""
        reply(self.engine, command)
        self.engine.execute(("PUBLISH", END, ""))
        heard = []
        while (message := self.reply()[2:])[0] != END:
            heard.append(tuple(message))
        return heard


@pytest.fixture
def theirs(start, clock):
    """Start a server and listen to it."""
    clock.advance(1000.0)
    (port,) = free_ports(1)
    listener = TheirsTold(start(ServerWithPort(memory=256 * MIB, port=port)))
    yield listener
    listener.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_random_commands_tell_the_same(theirs, clock, seed):
    """10,000 random commands: equal events after each. What the cron expires has no order."""
    draw, names = random.Random(seed), set()
    ours = OursTold(clock, draw.random)
    for side in (ours, theirs):
        side.told(ALL)
    commands = [tuple(line.split()) for line in SELDOM]
    commands += [random_command(draw) for _ in range(COMMANDS)]
    for command in commands:
        clock.advance(draw.choice(PAUSES))
        assert sorted(theirs.told(("PING",))) == sorted(ours.told(("PING",)))
        name = str(command[0]).upper()
        if name in ASIDE or is_unspecified(ours.engine, command):
            continue
        wanted, got = theirs.told(command), ours.told(command)
        order = sorted if name in WALKS else list
        assert order(wanted) == order(got), command
        names |= {channel.partition(b":")[2] for channel, _ in got if b"keyevent" in channel}
    assert EVENTS - names == set()


def test_what_is_drawn_or_evicted_is_told(theirs, clock):
    """SPOP of all members, and a limit of one byte: there is only one way."""
    ours = OursTold(clock, random.Random(1).random)
    for command in (
        ALL, ("SADD", "s", "a", "b"), ("SPOP", "s", 2), ("SADD", "s", "a"), ("SPOP", "s"),
        ("SET", "a", "1"), ("CONFIG", "SET", "maxmemory", "1"),
        ("CONFIG", "SET", "notify-keyspace-events", "Ee"), ("CONFIG", "SET", "maxmemory", "0"),
        ("SET", "b", "1"), ("CONFIG", "SET", "maxmemory", "1"),
    ):  # fmt: skip
        last = [*theirs.told(command), *theirs.told(("PING",))]  # one evicts sooner than the other
        assert last == [*ours.told(command), *ours.told(("PING",))], command
    assert last == [(b"__keyevent@0__:evicted", b"b")]
