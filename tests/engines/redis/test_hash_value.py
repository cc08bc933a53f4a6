"""What a hash costs in memory, and what stays apart in copies."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.engines.redis.listpack import element_bytes
from cachesim.engines.redis.memory import key_bytes
from cachesim.engines.redis.structure import Structure
from cachesim.rng import uniform
from cachesim.units import MIB


def build() -> RedisEngine:
    return Redis(memory=MIB).build(ManualClock(), uniform(1, "fields"))


@pytest.mark.parametrize(
    ("element", "size"),
    [
        (b"127", 2),
        (b"128", 3),
        (b"-1", 3),
        (b"4096", 4),
        (b"32768", 5),
        (b"8388608", 6),
        (b"2147483648", 10),
        (b"", 2),
        (b"x" * 63, 65),
        (b"x" * 64, 67),
        (b"x" * 200, 204),
        (b"x" * 5000, 5007),
        (b"x" * 20000, 20008),
        (b"x" * 3_000_000, 3_000_009),
    ],
)
def test_an_element_of_a_listpack_has_its_form(element, size):
    """Numbers by their range, texts by their length (redis 7: listpack.c)."""
    assert size == element_bytes(element)


def hash_of(engine: RedisEngine, *parts: object) -> int:
    """Store a hash and return what it costs, its key and the table of keys left out."""
    before = engine.memory - engine.table.table_bytes
    engine.execute(("HSET", "h", *parts))
    return engine.memory - engine.table.table_bytes - before - key_bytes(1)


def test_a_small_hash_is_one_piece():
    """The object (16), then 7 bytes, 'field' (7) and 100 (2), in a class of 16."""
    assert 16 + 16 == hash_of(build(), "field", 100)


def test_a_hash_with_a_long_value_is_a_table():
    """Object 16, dict 64, 4 buckets 32; entry 32, field sds(1) 8, value sds(100) 112."""
    assert 16 + 64 + 32 + 32 + 8 + 112 == hash_of(build(), "f", "y" * 100)


def test_deleting_gives_the_bytes_back():
    """Nothing is left of a hash whose fields are gone one by one, in either encoding."""
    for value in ("1", "w" * 80):
        engine = build()
        before = engine.memory
        engine.execute(("HSET", "h", *(x for n in range(600) for x in (f"f{n}", value))))
        for number in range(600):
            engine.execute(("HDEL", "h", f"f{number}"))

        assert before == engine.memory - engine.table.table_bytes
        assert "invalidated" == engine.why_missed("h")


def test_a_copy_is_another_hash():
    """Fields of the one are not fields of the other, listpack or table."""
    for value in ("1", "w" * 80):
        engine = build()
        engine.execute(("HSET", "h", "a", value, "b", 2))
        engine.execute(("COPY", "h", "i"))
        engine.execute(("HDEL", "i", "a"))

        assert [2, 1] == [engine.execute(("HLEN", key)) for key in ("h", "i")]
        assert engine.table.entries["h"].value_size == engine.table.entries["h"].value.size


def test_hashes_are_evicted_like_any_key():
    """Their bytes count, and memory stays near its limit."""
    engine = build()
    for number in range(3000):
        engine.execute(("HSET", f"h{number}", "f", "x" * 600))

    assert engine.evictions > 1000
    assert engine.memory <= engine.limit + 800


def test_drawn_fields_are_different_ones_unless_asked():
    """A count above 0 never names a field twice; below 0 it may."""
    engine = build()
    engine.execute(("HSET", "h", *(x for n in range(20) for x in (f"f{n}", n))))
    fields = engine.execute(("HRANDFIELD", "h", 15))
    with_values = engine.execute(("HRANDFIELD", "h", 5, "WITHVALUES"))

    assert (15, 15) == (len(fields), len(set(fields)))
    assert all(field == b"f" + value for field, value in with_values)
    assert len(set(engine.execute(("HRANDFIELD", "h", -100)))) < 21


@pytest.mark.parametrize("name", ["size", "encoding", "copy"])
def test_a_new_type_must_say_what_it_is(name):
    """What a type leaves out is named."""
    with pytest.raises(NotImplementedError, match=f"Structure must define {name}"):
        getattr(Structure(), name) if name != "copy" else Structure().copy()


def test_what_memory_usage_tells_of_a_new_type_is_its_size():
    """Unless the type says otherwise."""

    class Number(Structure):
        size = 16

    assert 16 == Number().usage
