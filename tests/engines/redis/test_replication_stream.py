"""The stream of our primary is that of a real one, command by command and byte by byte."""

import re
from contextlib import suppress
from itertools import pairwise
from random import Random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.base import START
from cachesim.engines.redis.arguments import argument
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.rdb_parts import crc64
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform
from tests.engines.redis.random_commands import random_command
from tests.engines.redis.real_primary import RealPrimary
from tests.engines.redis.unspecified import is_unspecified

ASIDE = {"CONFIG", "WAIT", "LATENCY", "RANDOMKEY", "INFO", "MEMORY"}
ZERO = {"(0,)", "(-1,)"}  # milliseconds: any entry has waited so long
ASIDE |= {
    "SORT",
    "SORT_RO",
}  # what they store of a hash table may have its order; examples are below
TEN_YEARS = 315_360_000  # seconds
LASTS = 3_600_000  # milliseconds: longer than the test
UNITS = {
    "EX": 1000,
    "PX": 1,
    "EXPIRE": 1000,
    "PEXPIRE": 1,
    "SETEX": 1000,
    "PSETEX": 1,
    "RESTORE": 1,
}


class Patient(ReplicatedEngine):
    """A primary without a cron: dead keys go only when they are looked up."""

    def _may_expire(self):
        return False

    def ping(self):
        """Do nothing."""


@pytest.fixture
def real():
    """Start a server, and end it after the test."""
    server = RealPrimary()
    yield server
    server.held.close()


def relative(command):
    """Return the times of a command that count from now, in milliseconds."""
    name, *arguments = [str(part).upper() for part in command]
    found = [(UNITS[x], y) for x, y in pairwise(arguments) if x in UNITS]
    if name in UNITS and len(arguments) > 1 and "ABSTTL" not in arguments:
        found.append((UNITS[name], arguments[1]))
    return [unit * int(number) for unit, number in found if number.lstrip("-").isdigit()]


def is_clear(command):
    """Whether the clocks of two machines cannot change what a command does.

    A time from now must be long or refused, and it is not compared with an older one.
    """
    if command[0].upper() in ("XCLAIM", "XAUTOCLAIM") and str(command[4:5]) not in ZERO:
        return False
    times = relative(command)
    compares = {"GT", "LT"} & {str(part).upper() for part in command}
    return command[0].upper() not in ASIDE and all(
        (time >= LASTS or time <= 0) and not compares for time in times
    )


def later(command):
    """Return the command with its dates moved: those a minute after START are not over yet."""
    return tuple(
        part + TEN_YEARS * unit
        if isinstance(part, int) and (START + 60) * unit <= part <= (START + 3600) * unit
        else part
        for part in command
        for unit in [1000 if isinstance(part, int) and part > 10**11 else 1]
    )


def the_same_time(clock, command, stream):
    """Turn our clock to the moment at which the server ran the command, if its date shows that."""
    if times := relative(command):
        for each in stream:
            dates = [int(p) for p in each if p.isdigit() and len(p) >= 13]
            if dates and times[-1] > 0:
                now = (dates[-1] - times[-1]) / 1000 - START
                clock.advance(max(0.0, now - clock()))
    added = [each for each in stream if each[0].upper() == b"XADD"]
    if "*" in command and added:
        ids = [part for part in added[0] if re.fullmatch(rb"[0-9]{13}-[0-9]+", part)]
        ahead = int(ids[0][:13]) / 1000 - START - clock() if ids else 0.0
        clock.advance(ahead if 0 < ahead < LASTS / 1000 else 0.0)  # else the last id was beyond now


def without_times(stream):
    """Return commands without the times of deliveries: XREADGROUP changes them, and does not always tell."""
    return [
        [
            b"TIME" if before == b"TIME" and len(part) == 13 else part
            for before, part in pairwise([b"", *each])
        ]
        for each in stream
    ]


def ours(engine, command):
    """Run a command; return what it adds to the log."""
    before = engine.offset
    with suppress(CommandError):
        engine.execute(command)
    return [[argument(part) for part in entry.command] for entry in engine.log.after(before)]


def start(real):
    """Return our primary, at the server's time, and its clock."""
    seconds, micro = real.call("TIME")
    clock = ManualClock(int(seconds) + int(micro) // 1000 / 1000 - START)
    return Patient(Redis(memory=1 << 30), clock, uniform(1, "primary")), clock


# What random commands meet seldom; those that wait find something, and one draws all that is there.
OF_OTHER_TYPES = (
    "RPUSH l 1 2 3 4 5 6 7 8 9", "LINSERT l AFTER 5 x", "LMOVE l m LEFT RIGHT", "RPOPLPUSH l m", "ZADD w 1 a 2 b",
    "ZREMRANGEBYRANK w 0 0", "RPUSH l 8 9", "BLMOVE l m LEFT RIGHT 0", "BLMPOP 0 1 l LEFT COUNT 2",
    "BLPOP none l 0", "BRPOP l 0", "BRPOPLPUSH l m 0", "LPOP l", "LPOP l 2", "RPOP l", "RPOP m 9",
    "LPOP none", "SADD s a", "SPOP s", "SADD s a b", "SPOP s 9", "SADD s a b", "SMOVE s t a",
    "SMOVE s t a", "SREM s b", "ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g", "BZMPOP 0 1 z MIN",
    "BZPOPMAX z 0", "BZPOPMIN none z 0", "ZMPOP 1 z MAX COUNT 1", "ZPOPMAX z", "ZREM z c nope",
    "ZADD y 1 a", "ZINTERSTORE x 1 z", "ZDIFFSTORE x 2 z y", "ZDIFFSTORE x 1 none",
    "XADD q 1-1 a 1", "XADD q 2-* a 2 b 3", "XADD q MAXLEN ~ 5 LIMIT 10 3-1 a 1",
    "XADD q NOMKSTREAM MINID ~ 1 4-1 a 1", "XADD q MAXLEN = 4 5-1 a 1", "XADD q MINID 3 6 a 1",
    "XADD none NOMKSTREAM * a 1", "XTRIM q MAXLEN ~ 3", "XTRIM q MAXLEN 3", "XDEL q 4-1 9-9",
    "CONFIG SET stream-node-max-entries 1", "XADD q 7-1 a 1", "XADD q 8-1 a 1",
    "XADD q MAXLEN ~ 3 9-1 a 1", "XADD q MINID ~ 8 10-1 a 1", "XTRIM q MAXLEN ~ 2", "XSETID q 11-1",
    "XTRIM q MINID ~ 10", "XADD q 12-1 a 1", "XADD q 13-1 a 1", "XGROUP CREATE q g 0",
    "XGROUP CREATE new g $ MKSTREAM ENTRIESREAD 3", "XGROUP CREATECONSUMER q g ann",
    "XGROUP CREATECONSUMER q g ann", "XREADGROUP GROUP g bob COUNT 2 STREAMS q >",
    "XREADGROUP GROUP g bob STREAMS q 0", "XREADGROUP GROUP g carl NOACK STREAMS q >",
    "XREADGROUP GROUP g dora STREAMS q 0", "XREADGROUP GROUP g carl NOACK STREAMS q >",
    "XCLAIM q g ann 0 12-1", "XCLAIM q g ann 0 12-1 JUSTID LASTID 99-1 TIME 7 RETRYCOUNT 9",
    "XCLAIM q g ann 999999999 12-1 LASTID 100-1", "XCLAIM q g ann 0 13-1 FORCE", "XDEL q 10-1",
    "XCLAIM q g ann 0 10", "XAUTOCLAIM q g bob 0 0 COUNT 2", "XDEL q 12-1", "XAUTOCLAIM q g bob 0 0 JUSTID",
    "XACK q g 13-1", "XACK q g 13-1", "XGROUP SETID q g 0", "XREADGROUP GROUP g bob STREAMS q >",
    "XGROUP DELCONSUMER q g bob", "XGROUP DELCONSUMER q g bob", "XGROUP DESTROY q g", "XGROUP DESTROY q g",
    "CONFIG SET stream-node-max-entries 100",
    "ZADD z 0 b 0 d", "ZREMRANGEBYLEX z - +", "GEOADD g CH 13.4 38.1 a 15.1 37.5 b", "GEOADD g nx 13.4 38.1 a",
    "GEOSEARCHSTORE h g FROMMEMBER a BYRADIUS 9 km", "GEORADIUS g 15 37 200 km STORE h", "GEORADIUS g 15 37 1 km",
    "GEORADIUSBYMEMBER g a 1 km STOREDIST h", "GEORADIUS none 15 37 1 km STORE h", "PFADD p a b", "PFADD p a",
    "PFCOUNT p", "PFCOUNT p", "PFCOUNT p none", "PFMERGE q p", "PFMERGE q", "PFDEBUG GETREG q", "PFDEBUG TODENSE p",
    "PFDEBUG TODENSE p", "RPUSH n 3 1 2", "SORT n", "SORT n STORE m", "SORT none STORE m", "SORT_RO n", "LSET n 0 4",
    "LMPOP 1 n LEFT",
    "HSET h f 1", "HDEL h f", "ZADD r 1 a", "ZREMRANGEBYSCORE r 0 5",
    "SET p v PXAT 99999999999999", "PERSIST p", "SWAPDB 0 1",
)  # fmt: skip
NO_LIBRARIES = b"\n\x00" + crc64(b"\n\x00").to_bytes(8, "little")  # what FUNCTION DUMP replies
FUNCTIONS = (
    ("FUNCTION", "LOAD", "#!lua name=x\nredis.register_function('f', function() end)"),
    ("FUNCTION", "DELETE", "x"),
    ("FUNCTION", "FLUSH"),
    ("FUNCTION", "RESTORE", NO_LIBRARIES),
)


def test_our_stream_is_the_real_one(real):
    """Of 5,000 random commands, every kind that the engine has; and the offsets are equal."""
    engine, clock = start(real)
    random, kinds = Random(11), set()
    for _ in range(5000):
        command = later(random_command(random))
        if not is_clear(command) or is_unspecified(engine, command):
            continue
        real.call(*command)
        wanted = real.propagated()
        the_same_time(clock, command, wanted)
        got = ours(engine, command)
        if command[0].upper() == "SCAN":  # dead keys in the order of the buckets
            got, wanted = sorted(got), sorted(wanted)
        assert without_times(got) == without_times(wanted), command
        assert engine.offset == real.received - real.start_offset
        kinds |= {command[0].upper()} if wanted else set()

    writes = {name.split("|")[0] for name, row in engine.commands.items() if "write" in row.flags}
    named = {line.split()[0] for line in OF_OTHER_TYPES}
    assert writes - kinds - named == {each[0] for each in FUNCTIONS}


def compare(real, engine, line):
    """Run a command in both; the streams and their offsets must be equal."""
    real.call(*line.split())
    wanted = real.propagated()
    assert without_times(ours(engine, tuple(line.split()))) == without_times(wanted), line
    assert engine.offset == real.received - real.start_offset


def test_the_examples_of_the_propagated_form(real):
    """Those that random commands meet seldom."""
    engine, _ = start(real)
    for line in (
        "set a 1", "SET a 2 NX", "SET a 3 GET KEEPTTL", "SET a 3 PXAT 1000", "SET a 4",
        "SETBIT b 3 0", "SETBIT b 3 0", "SETBIT b 200 0", "BITFIELD b SET u8 0 7",
        "BITFIELD b SET u8 0 7", "BITFIELD b SET u8 0 1 SET u8 0 7",
        "BITFIELD n OVERFLOW FAIL INCRBY u8 0 256", "APPEND a x", "SETRANGE a 0 x",
        "HSET h f 1", "HDEL h nope", "HINCRBYFLOAT h f 0", "GETEX a PERSIST", "GETEX a PXAT 1",
        "PEXPIREAT h 99999999999999 XX", "pexpireat h 99999999999999", "EXPIREAT h 1", "SET a 1",
        "RENAME a a", "COPY a z DB 2", "MOVE z 3", "SWAPDB 0 3", "SWAPDB 0 0", "FLUSHDB",
        "FLUSHALL async", "SELECT 1", "FLUSHALL", "SET k v PXAT 1", "SELECT 2", "SET k w",
        "MOVE k 1", "SELECT 1", "SET x v PXAT 1", "SET y v PXAT 1", "MGET x y", "SET x v PXAT 1",
        "DEL x", "SET x v PXAT 1", "EXPIRE x 100", "SET x v PXAT 1", "INCR x", "UNLINK x x nope",
        "SET x v PXAT 1", "GET x", "SET x v PXAT 1", "SCAN 0",
    ):  # fmt: skip
        compare(real, engine, line)


def test_the_examples_of_other_types(real):
    """Pops, moves and stores of lists, sets and sorted sets: what waits is propagated as what does not."""
    engine, _ = start(real)
    for line in OF_OTHER_TYPES:
        compare(real, engine, line)


def test_functions_and_the_effects_of_scripts(real):
    """Libraries are propagated as they came, and of a script what it did: one transaction."""
    engine, _ = start(real)
    script = "redis.call('set', KEYS[1], 1) redis.call('incr', KEYS[1]) redis.call('get', 'none')"
    only = "return redis.call('set', KEYS[1], 2)"
    for command in (
        *FUNCTIONS,
        ("EVAL", script, "1", "k"),
        ("EVAL", only, "1", "k"),
        ("EVAL", "return 1", "0"),
    ):
        real.call(*command)
        wanted = real.propagated()

        assert ours(engine, command) == wanted, command
        assert engine.offset == real.received - real.start_offset
