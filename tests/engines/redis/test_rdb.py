"""The RDB file by hand, byte for byte."""

from cachesim.clock import ManualClock
from cachesim.engines.base import START
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.rdb import dump, dumps
from cachesim.engines.redis.rdb_parts import crc64, length
from cachesim.engines.redis.structure import Structure


def build(*lines, **fields):
    engine = Redis(**fields).build(ManualClock(), lambda: 0.5)
    for line in lines:
        engine.execute(tuple(line.split()))
    return engine


def content(engine):
    """The file after its fields: from the first database to the end, without the checksum."""
    return dump(engine).partition(b"\xfe")[2][:-8]


def test_five_keys_by_hand():
    """A string, one with a TTL, a hash, a long name, and a key of another database."""
    long = "n" * 70
    lines = ("SET a one", "SET b two PX 1000", "HSET h f 1", f"SET {long} x", "SELECT 3", "SET c 7")
    when = ((START * 1000) + 1000).to_bytes(8, "little")

    assert content(build(*lines, policy="noeviction")) == (
        b"\x00\xfb\x04\x01"
        b"\x00\x01a\x03one"
        b"\xfc" + when + b"\x00\x01b\x03two"
        b"\x04\x01h\x01\x01f\x011"
        b"\x00\x40\x46" + long.encode() + b"\x01x"
        b"\xfe\x03\xfb\x01\x00\x00\x01c\x017\xff"
    )


def test_the_use_of_a_key_is_in_the_file():
    """LRU: seconds since the last use. LFU: the counter."""
    engine = build("SET a 1", policy="allkeys-lru")
    engine.clock.advance(9)
    engine.execute(("PING",))

    assert content(engine) == b"\x00\xfb\x01\x00\xf8\x09\x00\x01a\x011\xff"
    assert (
        content(build("SET a 1", policy="allkeys-lfu"))
        == b"\x00\xfb\x01\x00\xf9\x05\x00\x01a\x011\xff"
    )


def test_the_ends():
    """The version, the fields, and the checksum of all before it, or zeros."""
    engine = build("SET a 1")
    whole = dump(engine, {"repl-id": "x"})

    assert whole.startswith(b"REDIS0010\xfa\x09redis-ver\x067.0.15")
    assert b"\xfa\x07repl-id\x01x" in whole
    assert crc64(whole[:-8]) == int.from_bytes(whole[-8:], "little")
    assert dump(engine, checksum=False) == dump(engine)[:-8] + bytes(8)
    assert build().execute(("DBSIZE",)) == 0 < len(dump(build()))


def test_lengths():
    """Each of the four forms at its ends."""
    forms = {0: "00", 63: "3f", 64: "4040", 16_383: "7fff", 16_384: "8000004000"}
    forms |= {(1 << 32) - 1: "80ffffffff", 1 << 32: "810000000100000000"}

    assert forms == {number: length(number).hex() for number in forms}


def test_every_type_can_be_written():
    """A new type of value brings its dump in its own file."""
    assert set(dumps()) == {bytes, *Structure.__subclasses__()}
    assert len(dumps()) == len({number for number, _ in dumps().values()})
