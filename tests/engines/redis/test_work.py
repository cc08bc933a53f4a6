"""What a Redis command asks of its node: the rows of the table against the replies themselves."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.base import Work
from cachesim.engines.redis.commands import COMMANDS
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.work import bulk
from cachesim.rng import uniform

LONG = "y" * 700  # a hash with such a value is no listpack
REPLIES = {
    "CONFIG|GET": [("CONFIG", "GET", "maxmemory*")],
    "DUMP": [("DUMP", "a"), ("DUMP", "h"), ("DUMP", "none")],
    "ECHO": [("ECHO", "hello")],
    "GEODIST": [("GEODIST", "geo", "Palermo", "Catania", "km"), ("GEODIST", "geo", "Palermo", "none")],
    "GEOHASH": [("GEOHASH", "geo", "Palermo", "none", "Catania")],
    "GEOPOS": [("GEOPOS", "geo", "Palermo", "none")],
    "GEORADIUS": [
        ("GEORADIUS", "geo", 15, 37, 200, "km", "WITHDIST", "WITHCOORD"),
        ("GEORADIUS", "geo", 15, 37, 200, "km", "STORE", "other"),
    ],
    "GEORADIUSBYMEMBER": [("GEORADIUSBYMEMBER", "geo", "Palermo", 500, "km", "COUNT", 1)],
    "GEORADIUSBYMEMBER_RO": [("GEORADIUSBYMEMBER_RO", "geo", "Palermo", 500, "km", "WITHHASH")],
    "GEORADIUS_RO": [("GEORADIUS_RO", "geo", 15, 37, 100, "km")],
    "GEOSEARCH": [("GEOSEARCH", "geo", "FROMMEMBER", "Catania", "BYBOX", 400, 400, "km", "WITHDIST")],
    "GET": [("GET", "a"), ("GET", "none"), ("GET", "number")],
    "GETDEL": [("GETDEL", "a"), ("GETDEL", "none")],
    "GETEX": [("GETEX", "a"), ("GETEX", "a", "EX", 10)],
    "GETRANGE": [("GETRANGE", "a", 2, 5), ("GETRANGE", "a", -3, -1), ("GETRANGE", "a", 9, 2)],
    "GETSET": [("GETSET", "a", "new")],
    "HGET": [("HGET", "h", "f2"), ("HGET", "h", "none"), ("HGET", "large", "f7")],
    "HGETALL": [("HGETALL", "h"), ("HGETALL", "large"), ("HGETALL", "none")],
    "HKEYS": [("HKEYS", "h"), ("HKEYS", "large")],
    "HMGET": [("HMGET", "h", "f1", "none", "f3")],
    "HRANDFIELD": [("HRANDFIELD", "large", 40), ("HRANDFIELD", "h", 9, "WITHVALUES")],
    "HSCAN": [("HSCAN", "h", 0), ("HSCAN", "large", 0, "COUNT", 3), ("HSCAN", "h", 0, "MATCH", "f1")],
    "HVALS": [("HVALS", "h"), ("HVALS", "large")],
    "INFO": [("INFO", "memory"), ("INFO", "server")],
    "KEYS": [("KEYS", "*"), ("KEYS", "n*")],
    "LINDEX": [("LINDEX", "l", 1), ("LINDEX", "l", 9)],
    "LMOVE": [("LMOVE", "l", "other", "RIGHT", "LEFT"), ("LMOVE", "none", "l", "LEFT", "LEFT")],
    "LMPOP": [("LMPOP", 2, "none", "l", "LEFT", "COUNT", 2), ("LMPOP", 1, "none", "LEFT")],
    "LPOP": [("LPOP", "l"), ("LPOP", "l", 2), ("LPOP", "none")],
    "LRANGE": [("LRANGE", "l", 0, -1), ("LRANGE", "l", 1, 1)],
    "RPOP": [("RPOP", "l"), ("RPOP", "l", 9)],
    "RPOPLPUSH": [("RPOPLPUSH", "l", "other")],
    "SDIFF": [("SDIFF", "s", "ints"), ("SDIFF", "none")],
    "SINTER": [("SINTER", "s", "s"), ("SINTER", "s", "ints")],
    "SMEMBERS": [("SMEMBERS", "s"), ("SMEMBERS", "ints")],
    "SORT": [("SORT", "ints", "DESC", "GET", "#", "GET", "name:*"), ("SORT", "ints", "STORE", "other")],
    "SORT_RO": [("SORT_RO", "z", "ALPHA", "LIMIT", 0, 2)],
    "SPOP": [("SPOP", "s", 9), ("SPOP", "ints", 2), ("SPOP", "ints")],
    "SRANDMEMBER": [("SRANDMEMBER", "s", 9), ("SRANDMEMBER", "same", -3), ("SRANDMEMBER", "same")],
    "SSCAN": [("SSCAN", "s", 0), ("SSCAN", "ints", 0, "MATCH", "1*")],
    "SUNION": [("SUNION", "s", "ints")],
    "LCS": [("LCS", "a", "b"), ("LCS", "a", "b", "LEN")],
    "MGET": [("MGET", "a", "none", "h", "b")],
    "PFDEBUG": [("PFDEBUG", "DECODE", "hll"), ("PFDEBUG", "GETREG", "hll")],
    "PING": [("PING",), ("PING", "hello")],
    "SCAN": [("SCAN", 0), ("SCAN", 0, "MATCH", "a*"), ("SCAN", 0, "TYPE", "hash", "COUNT", 100)],
    "SET": [("SET", "a", "v"), ("SET", "a", "v", "GET"), ("SET", "none", "v", "XX", "GET")],
    "SUBSTR": [("SUBSTR", "a", 0, 3)],
    "XRANGE": [("XRANGE", "q", "-", "+"), ("XRANGE", "none", "-", "+")],
    "XREAD": [("XREAD", "STREAMS", "q", "none", 0, 0), ("XREAD", "STREAMS", "q", "$")],
    "XREADGROUP": [
        ("XREADGROUP", "GROUP", "g", "ann", "COUNT", 1, "STREAMS", "q", ">"),
        ("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "q", 0),
        ("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "q", "1-0"),
        ("XREADGROUP", "GROUP", "g", "new", "STREAMS", "q", 0),
    ],
    "XREVRANGE": [("XREVRANGE", "q", "+", "-", "COUNT", 1)],
    "ZDIFF": [("ZDIFF", 2, "z", "same"), ("ZDIFF", 1, "none")],
    "ZINTER": [("ZINTER", 2, "z", "same", "WITHSCORES"), ("ZINTER", 2, "z", "none")],
    "ZMPOP": [("ZMPOP", 2, "none", "z", "MIN", "COUNT", 2), ("ZMPOP", 1, "none", "MAX")],
    "ZPOPMAX": [("ZPOPMAX", "z"), ("ZPOPMAX", "z", 2), ("ZPOPMAX", "none")],
    "ZPOPMIN": [("ZPOPMIN", "z"), ("ZPOPMIN", "z", 0), ("ZPOPMIN", "z", 9)],
    "ZRANDMEMBER": [("ZRANDMEMBER", "z", 9), ("ZRANDMEMBER", "z", 9, "WITHSCORES")],
    "ZRANGE": [("ZRANGE", "z", 0, -1), ("ZRANGE", "z", 0, 0, "WITHSCORES"), ("ZRANGE", "none", 0, -1)],
    "ZRANGEBYLEX": [("ZRANGEBYLEX", "z", "-", "(one")],
    "ZRANGEBYSCORE": [("ZRANGEBYSCORE", "z", 2, "inf"), ("ZRANGEBYSCORE", "z", "(1", 2, "WITHSCORES")],
    "ZREVRANGE": [("ZREVRANGE", "z", 0, 1)],
    "ZREVRANGEBYLEX": [("ZREVRANGEBYLEX", "z", "+", "-", "LIMIT", 1, 1)],
    "ZREVRANGEBYSCORE": [("ZREVRANGEBYSCORE", "z", 2, 1)],
    "ZSCAN": [("ZSCAN", "z", 0), ("ZSCAN", "z", 0, "MATCH", "t*")],
    "ZUNION": [("ZUNION", 2, "z", "s")],
}  # fmt: skip
STORES = {
    ("SET", "a", "12345", "PX", 10): 5, ("SETEX", "a", 10, "12345"): 5, ("PSETEX", "a", 10, b"12345"): 5,
    ("SETNX", "z", 12345): 5, ("APPEND", "a", "12345"): 5, ("SETRANGE", "a", 100, "12345"): 5,
    ("MSET", "a", "12345", "b", b"123"): 8, ("MSETNX", "y", "12345", "z", "123"): 8, ("set", "a", "12345"): 5,
    ("HSET", "h", "f1", "12345", "f2", "123"): 12, ("HMSET", "h", "f1", "12345"): 7,
    ("HSETNX", "h", "f1", "12345"): 7, ("INCRBY", "number", 12345): 0, ("EXPIRE", "a", 12345): 0,
}  # fmt: skip


def build(seed=1):
    """Return an engine with strings, numbers, a small and a large hash."""
    engine = Redis().build(ManualClock(), uniform(seed, "eviction"))
    engine.set("a", b"0123456789" * 3)
    engine.set("b", b"1357902468")
    engine.set("number", b"42")
    for n in range(40):
        engine.set(f"name:{n}", b"x")
        engine.execute(("HSET", "large", f"f{n}", LONG))
    engine.execute(("RPUSH", "l", "one", "twenty", "three"))
    engine.execute(("SADD", "s", "one", "twenty", "three"))
    engine.execute(("SADD", "ints", 10, 20, 30))
    engine.execute(("SADD", "same", "abc", "def"))
    for id in ("1-0", "2-0", "3-0"):
        engine.execute(("XADD", "q", id, "field", "value"))
    engine.execute(("XGROUP", "CREATE", "q", "g", 0))
    engine.execute(("XREADGROUP", "GROUP", "g", "bob", "COUNT", 1, "STREAMS", "q", ">"))
    engine.execute(
        ("GEOADD", "geo", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")
    )
    engine.execute(("PFADD", "hll", "a", "b", "c"))
    engine.execute(("ZADD", "z", 1, "one", 2, "abc", 3, "three"))
    engine.execute(("HSET", "h", "f1", "one", "f2", "twenty", "f3", "three"))
    return engine


HELD = len([*build().keys()])


def test_every_row_that_replies_strings_is_tried():
    """The table below has the rows of the command table that say what they reply."""
    assert {name for name, row in COMMANDS.items() if row.replies} == set(REPLIES)


@pytest.mark.parametrize("command", [c for commands in REPLIES.values() for c in commands], ids=str)
def test_the_price_is_that_of_the_reply(command):
    """The bytes foretold are those that are stored, and those of the strings that the engine then replies."""
    engine = build()
    foretold = engine.work(command).bytes
    stored = sum(len(part) for part in command[2:3] if command[0] in ("SET", "GETSET"))
    stored += sum(len(part) for part in command[1:] if command[0] in ("ECHO", "PING"))

    assert foretold == stored + bulk(engine.execute(command))


@pytest.mark.parametrize(("command", "stored"), STORES.items(), ids=str)
def test_what_is_stored_costs_whatever_type_it_is_given_as(command, stored):
    """Texts, bytes and numbers alike; keys, options and numbers that are not kept cost nothing."""
    assert stored == build().work(command).bytes


def test_the_price_is_asked_without_a_trace():
    """Every command's price leaves counters, random draws, TTLs and the bits of use as they are."""
    asked, untouched = build(), build()
    for engine in (asked, untouched):
        engine.set("dead", b"x" * 10, ttl=1)
        engine.clock.advance(2)
    for commands in (*REPLIES.values(), STORES):
        for command in commands:
            asked.work(command)
    assert 10 == asked.work(("GET", "dead")).bytes == asked.held_bytes("dead")

    for engine in (asked, untouched):
        engine.execute(("PING",))
    for command in (("INFO", "everything"), ("HRANDFIELD", "large", 5), ("SCAN", 0), ("KEYS", "*")):
        assert untouched.execute(command) == asked.execute(command)
    assert untouched.random() == asked.random()


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (("GET", "a"), 1), (("MGET", "a", "b", "c"), 3), (("DEL", "a", "b"), 2), (("MSET", "a", "1", "b", "2"), 2),
        (("RENAME", "a", "c"), 2), (("HMGET", "h", "f1", "f2"), 1), (("HSET", "h", "f", "v"), 1),
        (("KEYS", "x"), HELD), (("FLUSHALL",), HELD + 1), (("FLUSHDB",), HELD), (("SCAN", 0), 10),
        (("SCAN", 0, "COUNT", 1000), HELD), (("BITOP", "AND", "d", "a", "b"), 3), (("DBSIZE",), 1),
        (("OBJECT", "ENCODING", "a"), 1),
    ],
    ids=str,
)  # fmt: skip
def test_the_keys_that_a_command_looks_at(command, keys):
    """Those that it names; all of its database for a walk, of every database for FLUSHALL."""
    engine = build()
    engine.execute(("SELECT", 1))
    engine.set("elsewhere", b"1")
    engine.execute(("SELECT", 0))

    assert keys == engine.work(command).keys


def test_a_command_that_is_wrong_costs_what_was_sent():
    """Without a row, or with the wrong number or type of arguments."""
    engine = build()

    assert Work(1, 8) == engine.work(("LPUSH", "list", "12345", b"123"))
    assert Work(1, 0) == engine.work(("GET",)) == engine.work(()) == engine.work(("GET", "h"))
    assert Work(1, 3) == engine.work(("GETSET", "h", "new"))
