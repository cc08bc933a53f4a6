"""What a key costs, by hand and by the formula."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis import memory
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.units import KIB, MIB

EMPTY = 60 * KIB + 32  # base and the first table of four buckets


def build(**fields) -> RedisEngine:
    return Redis(**{"memory": MIB, **fields}).build(ManualClock(), lambda: 0.5)


@pytest.mark.parametrize(
    ("size", "quantum", "expected"),
    [
        (1, 16, 8),
        (8, 16, 8),
        (9, 16, 16),
        (24, 16, 32),
        (24, 8, 24),
        (128, 16, 128),
        (129, 16, 160),
        (257, 16, 320),
        (1025, 8, 1280),
    ],
)
def test_the_allocator_rounds_up_to_its_classes(size, quantum, expected):
    """Up to 128 bytes in steps of the quantum, then four classes for each doubling."""
    assert expected == memory.allocated(size, quantum)


@pytest.mark.parametrize(("length", "expected"), [(31, 1), (32, 3), (256, 5), (65536, 9)])
def test_the_header_grows_with_the_string(length, expected):
    """A longer string needs wider length fields."""
    assert expected == memory.header(length)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("k" * 12, b"x" * 100, 176),  # 32 + 16 and 16 + 112
        ("k" * 12, b"12345", 64),  # 32 + 16 and an object
        ("k" * 12, b"7", 64),  # small integers are not shared under LRU
        ("k" * 12, b"x" * 44, 112),  # object and string in one piece: 64
        ("k" * 12, b"x" * 45, 128),  # in two: 16 + 64
        ("é" * 15, b"", 96),  # 30 bytes: 32 + 32, and 32
        ("k" * 31, b"", 112),  # 32 + 48, and 32
    ],
)
def test_a_key_costs_what_the_formula_says(key, value, expected):
    """Entry, name and value, and the table once."""
    engine = build()
    engine.set(key, value)

    assert EMPTY + expected == engine.memory


def test_small_integers_are_shared_where_no_key_needs_bits_of_its_own():
    """0 to 9999 cost nothing, except under LRU and LFU."""
    engine = build(policy="volatile-ttl")
    engine.set("k" * 12, b"9999")
    engine.set("j" * 12, b"10000")

    assert EMPTY + 48 + 64 == engine.memory


def test_a_quantum_of_eight_costs_less():
    """Redis's own build rounds the 24 bytes of an entry not at all."""
    engine = build(quantum=8)
    engine.set("k" * 12, b"x" * 100)

    assert EMPTY + 24 + 16 + 16 + 112 == engine.memory


def test_a_ttl_costs_an_entry_and_a_table():
    """Keys with a TTL are in a second table as well; PERSIST frees that entry."""
    engine = build()
    engine.set("k" * 12, b"x" * 100, ttl=10)

    assert EMPTY + 176 + 32 + 32 == engine.memory

    engine.execute(("PERSIST", "k" * 12))

    assert EMPTY + 176 + 32 == engine.memory


def test_overwriting_and_deleting_give_bytes_back():
    """Memory counts what is held now."""
    engine = build()
    engine.set("k" * 12, b"x" * 1000)
    engine.set("k" * 12, b"x" * 100)

    assert EMPTY + 176 == engine.memory

    engine.delete("k" * 12)

    assert EMPTY == engine.memory


def appended(engine: RedisEngine, length: int) -> int:
    """Return the bytes of the value after it has been lengthened byte by byte."""
    while engine.execute(("APPEND", "k" * 12, "x")) < length:
        pass
    return engine.memory - EMPTY - 48


def test_an_appended_string_has_room_to_spare():
    """APPEND makes a string raw and gives it twice the length it needs, and what the class holds."""
    engine = build()
    engine.set("k" * 12, b"ab")

    assert 16 + 16 == appended(engine, 3)  # header 3 + 6 + 1 = 10 -> 16: room for 12
    assert 16 + 16 == appended(engine, 12)
    assert 16 + 32 == appended(engine, 13)  # 3 + 26 + 1 = 30 -> 32: room for 28
    assert 16 + 64 == appended(engine, 29)  # 3 + 58 + 1 = 62 -> 64: room for 60
    assert 16 + 64 == appended(engine, 60)


def test_room_ends_where_the_header_cannot_tell_it():
    """127 bytes want 254 and get 320, of which a field of one byte can use 255."""
    assert 255 == memory.room_to_grow(127, room=0)
    assert 16 + 320 == memory.raw_bytes(255)


def test_an_empty_string_has_room_for_four():
    """It gets the second header at once: 3 + 0 + 1, and the smallest class holds 8."""
    engine = build()
    engine.set("k" * 12, b"")

    assert 16 + 8 == appended(engine, 4)
    assert 16 + 16 == appended(engine, 5)


def test_a_string_set_whole_has_no_room_beyond_a_tenth():
    """100 bytes lie in 112 and keep their room for 108; 80 lie in 96 and lose theirs."""
    engine = build()
    engine.set("k" * 12, b"x" * 100)

    assert 16 + 112 == appended(engine, 108)

    engine.set("k" * 12, b"x" * 80)

    assert 16 + 192 == appended(engine, 81)  # 3 + 162 + 1 = 166 -> 192


def test_a_copy_keeps_the_room_that_the_allocator_gives():
    """80 bytes lie in 96: SET gives back the room for 92, COPY does not."""
    engine = build()
    engine.set("b", b"x" * 80)
    engine.execute(("COPY", "b", "k" * 12))
    engine.delete("b")

    assert 16 + 96 == appended(engine, 92)
    assert 16 + 192 == appended(engine, 93)  # 3 + 186 + 1 = 190 -> 192


def test_a_copied_integer_is_not_shared():
    """SET of a small integer uses the object that all keys share; COPY makes one of its own."""
    engine = build(policy="noeviction")
    engine.set("a", b"7")
    engine.execute(("COPY", "a", "b"))
    before = engine.memory
    engine.delete("b")

    assert 40 + 16 == before - engine.memory  # the key and the object


def test_memory_usage_is_the_key_alone():
    """MEMORY USAGE counts the entry's 24 bytes as they are, and neither TTL nor table."""
    engine = build(policy="noeviction")
    engine.set("a", b"abc", ttl=10)
    engine.set("b", b"7")

    assert 64 == engine.execute(("MEMORY", "USAGE", "a"))
    assert 24 + 8 + 16 == engine.execute(("MEMORY", "USAGE", "b"))
