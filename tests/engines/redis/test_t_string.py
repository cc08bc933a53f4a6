"""The string commands: replies, errors and what they do to TTL and encoding."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError

SYNTAX = "ERR syntax error"
NOT_AN_INTEGER = "ERR value is not an integer or out of range"
NOT_A_FLOAT = "ERR value is not a valid float"
OVERFLOW = "ERR increment or decrement would overflow"
WIDE = b"100000000000000000003583830118858923890798487404544"
TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"


def build() -> RedisEngine:
    return Redis().build(ManualClock(1000.0), lambda: 0.5)


SCRIPTS = [
    # a script is a line of commands, each with its reply
    [("SET a 1", "OK"), ("GET a", b"1"), ("get a", b"1"), ("GET b", None)],
    [("SET a 1 EX 10", "OK"), ("TTL a", 10), ("SET a 2", "OK"), ("TTL a", -1)],
    [("SET a 1 PX 1500", "OK"), ("PTTL a", 1500), ("SET a 2 KEEPTTL", "OK"), ("PTTL a", 1500)],
    [
        ("SET a 1 EXAT 1577837810", "OK"),
        ("TTL a", 10),
        ("SET a 1 PXAT 1577837802500", "OK"),
        ("PTTL a", 2500),
    ],
    [("SET a 1 EXAT 100", "OK"), ("EXISTS a", 0)],
    [("SET a 1 NX", "OK"), ("SET a 2 NX", None), ("GET a", b"1")],
    [("SET a 1 XX", None), ("SET a 1", "OK"), ("SET a 2 XX", "OK"), ("GET a", b"2")],
    [("SET a 1 GET", None), ("SET a 2 GET", b"1"), ("SET a 3 NX GET", b"2"), ("GET a", b"2")],
    [("SET b 7 XX GET", None), ("EXISTS b", 0), ("SET a v get get ex 5", None), ("TTL a", 5)],
    [("SETEX a 10 1", "OK"), ("TTL a", 10), ("PSETEX a 500 2", "OK"), ("PTTL a", 500)],
    [("SETNX a 1", 1), ("SETNX a 2", 0), ("GET a", b"1")],
    [("GETSET a 1", None), ("EXPIRE a 10", 1), ("GETSET a 2", b"1"), ("TTL a", -1)],
    [("SET a 1", "OK"), ("GETDEL a", b"1"), ("GETDEL a", None)],
    [("SET a 1", "OK"), ("GETEX a PX 100", b"1"), ("PTTL a", 100), ("GETEX a", b"1")],
    [("SET a 1 EX 9", "OK"), ("GETEX a PERSIST", b"1"), ("TTL a", -1), ("GETEX b EX 0", None)],
    [("SET a 1", "OK"), ("GETEX a EXAT 5", b"1"), ("EXISTS a", 0)],
    [("MSET a 1 b 2 a 3", "OK"), ("MGET a b c a", [b"3", b"2", None, b"3"])],
    [("APPEND a 12", 2), ("OBJECT ENCODING a", b"int"), ("APPEND a 3", 3), ("GET a", b"123")],
    [("OBJECT ENCODING a", None), ("STRLEN a", 0), ("SET a hello", "OK"), ("STRLEN a", 5)],
    [("INCR n", 1), ("INCRBY n 41", 42), ("DECR n", 41), ("DECRBY n 50", -9), ("GET n", b"-9")],
    [("SET n 5 EX 10", "OK"), ("INCR n", 6), ("TTL n", 10), ("OBJECT ENCODING n", b"int")],
    [("INCRBY n 9223372036854775807", 2**63 - 1), ("DECRBY n 1", 2**63 - 2)],
    [("SET a hello", "OK"), ("GETRANGE a 1 3", b"ell"), ("GETRANGE a -3 -1", b"llo")],
    [("SET a hello", "OK"), ("GETRANGE a 0 -1", b"hello"), ("GETRANGE a -1 -3", b"")],
    [("SET a hello", "OK"), ("GETRANGE a 3 1", b""), ("GETRANGE a -99 99", b"hello")],
    [("GETRANGE a 0 -1", b""), ("SET a x", "OK"), ("GETRANGE a 5 9", b"")],
    [("SETRANGE a 3 ab", 5), ("GET a", b"\0\0\0ab"), ("OBJECT ENCODING a", b"raw")],
    [("SET a hello", "OK"), ("SETRANGE a 1 ipp", 5), ("GET a", b"hippo")],
    [("SET a 123", "OK"), ("SETRANGE a 5 x", 6), ("GET a", b"123\0\0x")],
    [("INCRBYFLOAT f 3.0", b"3"), ("INCRBYFLOAT f 1.1", b"4.1"), ("INCRBYFLOAT f -4.1", b"0")],
    [("SET f 1.0e2", "OK"), ("INCRBYFLOAT f .5", b"100.5"), ("INCRBYFLOAT f 5.", b"105.5")],
    [("SET f 4.1 EX 10", "OK"), ("INCRBYFLOAT f 5e3", b"5004.10000000000000009"), ("TTL f", 10)],
    [("INCRBYFLOAT f 1e30", b"1000000000000000000024696061952")],
    [("SET n 5", "OK"), ("INCRBYFLOAT n 1", b"6"), ("OBJECT ENCODING n", b"embstr"), ("INCR n", 7)],
    [("INCRBYFLOAT n 1", b"1"), ("APPEND n 2", 2), ("OBJECT ENCODING n", b"raw"), ("INCR n", 13)],
    [("INCRBYFLOAT n 1e50", WIDE), ("OBJECT ENCODING n", b"raw")],
    [("SET a 1 PX 5 PX 70", "OK"), ("PTTL a", 70)],
    [("INCRBYFLOAT f -1e-18", b"0"), ("INCRBYFLOAT f -0.25", b"-0.25")],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply was checked against a redis-server 7.0.15."""
    engine = build()
    replies = [engine.execute(tuple(line.split())) for line, _ in script]

    assert [reply for _, reply in script] == replies


ERRORS = [
    ("SET a 1 EX 0", "ERR invalid expire time in 'set' command"),
    ("SET a 1 EX -1", "ERR invalid expire time in 'set' command"),
    ("SET a 1 EX 9223372036854775807", "ERR invalid expire time in 'set' command"),
    ("SET a 1 PX 9223372036854775807", "ERR invalid expire time in 'set' command"),
    ("SET a 1 EX x", NOT_AN_INTEGER),
    ("SET a 1 FOO", SYNTAX),
    ("SET a 1 EX", SYNTAX),
    ("SET a 1 EX 1 PX 1", SYNTAX),
    ("SET a 1 EX 1 KEEPTTL", SYNTAX),
    ("SET a 1 NX XX", SYNTAX),
    ("SET a 1 PERSIST", SYNTAX),
    ("SETEX a 0 1", "ERR invalid expire time in 'setex' command"),
    ("PSETEX a -1 1", "ERR invalid expire time in 'psetex' command"),
    ("GETEX text EX 0", "ERR invalid expire time in 'getex' command"),
    ("GETEX text EX 1 PERSIST", SYNTAX),
    ("GETEX text NX", SYNTAX),
    ("GETEX text EX x", NOT_AN_INTEGER),
    ("MSET a 1 b", "ERR wrong number of arguments for 'mset' command"),
    ("INCR text", NOT_AN_INTEGER),
    ("INCR highest", OVERFLOW),
    ("INCRBY text x", NOT_AN_INTEGER),
    ("INCRBY a 1.0", NOT_AN_INTEGER),
    ("INCRBY a 99999999999999999999", NOT_AN_INTEGER),
    ("INCRBY a +1", NOT_AN_INTEGER),
    ("INCRBY a 01", NOT_AN_INTEGER),
    ("DECRBY a -9223372036854775808", "ERR decrement would overflow"),
    ("INCRBYFLOAT text 1", NOT_A_FLOAT),
    ("INCRBYFLOAT a x", NOT_A_FLOAT),
    ("INCRBYFLOAT a nan", NOT_A_FLOAT),
    ("INCRBYFLOAT a 1e5000", NOT_A_FLOAT),
    ("INCRBYFLOAT a 1e-4951", NOT_A_FLOAT),
    ("INCRBYFLOAT a inf", "ERR increment would produce NaN or Infinity"),
    ("INCRBYFLOAT a -infinity", "ERR increment would produce NaN or Infinity"),
    ("GETRANGE text x 1", NOT_AN_INTEGER),
    ("SETRANGE text -1 x", "ERR offset is out of range"),
    ("SETRANGE text 536870912 x", TOO_LONG),
]


@pytest.mark.parametrize(("line", "error"), ERRORS)
def test_an_error_has_the_words_of_redis(line, error):
    """A command refused says why, and changes nothing."""
    engine = build()
    engine.set("text", b"hello")
    engine.set("highest", b"9223372036854775807")
    before = engine.memory

    with pytest.raises(CommandError) as caught:
        engine.execute(tuple(line.split()))
    assert error == str(caught.value)
    assert (2, before) == (len(engine), engine.memory)
    assert b"hello" == engine.get("text")


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        (b"-9223372036854775808", b"int"),
        (b"9223372036854775808", b"embstr"),
        (b"007", b"embstr"),
        (b"-0", b"embstr"),
        (b"x" * 44, b"embstr"),
        (b"x" * 45, b"raw"),
    ],
)
def test_a_value_has_the_encoding_of_its_form(value, encoding):
    """Integers in their one form, short strings, long strings."""
    engine = build()
    engine.set("a", value)

    assert encoding == engine.execute(("OBJECT", "ENCODING", "a"))


def test_writes_are_no_hits_and_reads_are():
    """GET, MGET, GETRANGE and SET ... GET look a key up to read it; INCR, APPEND and SET do not."""
    engine = build()
    for line in ("INCR a", "APPEND a 1", "SET a 2", "SETNX a 3"):
        engine.execute(tuple(line.split()))

    assert (0, 0) == (engine.keyspace_hits, engine.keyspace_misses)

    for line in ("GET a", "MGET a b", "STRLEN a", "GETRANGE b 0 1", "SET a 1 GET", "TTL b"):
        engine.execute(tuple(line.split()))

    assert (4, 3) == (engine.keyspace_hits, engine.keyspace_misses)


def test_writing_nothing_changes_nothing():
    """SETRANGE and APPEND of an empty part; SETRANGE does not even make the key."""
    engine = build()

    assert 0 == engine.execute(("SETRANGE", "a", 9, ""))
    assert 0 == len(engine)

    engine.set("a", b"hello")

    assert 5 == engine.execute(("SETRANGE", "a", 9, ""))
    assert b"embstr" == engine.execute(("OBJECT", "ENCODING", "a"))
    assert 5 == engine.execute(("APPEND", "a", ""))
    assert b"hello" == engine.get("a")


def test_the_sum_may_exceed_what_the_numbers_may_not():
    """Two numbers at the limit add up to more than INCRBYFLOAT then reads."""
    engine = build()
    engine.execute(("INCRBYFLOAT", "f", b"9e3999"))
    engine.execute(("INCRBYFLOAT", "f", b"9e3999"))

    with pytest.raises(CommandError, match=NOT_A_FLOAT):
        engine.execute(("INCRBYFLOAT", "f", 1))
