"""The engine as the model uses it, and what must hold after any commands."""

import math

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import BadInput
from cachesim.rng import uniform
from cachesim.units import KIB


def build(seed: int = 1, **fields) -> RedisEngine:
    return Redis(**fields).build(ManualClock(), uniform(seed, "engine"))


def test_the_object_that_was_set_comes_back():
    """A value may carry more than its bytes: the model's values know which write made them."""

    class Stamped(bytes):
        pass

    engine = build()
    value = Stamped(b"12")
    engine.set("a", value)

    assert engine.get("a") is value

    engine.execute(("SET", "b", value))

    assert engine.get("b") is value


def test_ttl_is_rounded_to_milliseconds():
    """0.1 s is 100 ms, however binary fractions lie; less than one ms is one."""
    engine = build()
    engine.set("a", b"1", ttl=0.1)
    engine.set("b", b"1", ttl=1e-9)
    engine.set("c", b"1", ttl=math.inf)

    assert [100, 1, -1] == [engine.execute(("PTTL", key)) for key in "abc"]


def test_setting_again_takes_the_ttl_away():
    """As SET without KEEPTTL does; with a new TTL the new one counts."""
    engine = build()
    engine.set("a", b"1", ttl=5)
    engine.set("a", b"2", ttl=9)

    assert 9 == engine.execute(("TTL", "a"))

    engine.set("a", b"3")

    assert -1 == engine.execute(("TTL", "a"))


def test_each_kind_of_miss_has_its_reason():
    """Cold, invalidated, expired, lost; evicted is tested with eviction."""
    engine = build()
    engine.set("expired", b"1", ttl=1)
    for key in ("deleted", "lost"):
        engine.set(key, b"1")
    engine.delete("deleted")
    engine.clock.advance(2)
    engine.get("expired")
    engine.flush()

    assert ["cold", "invalidated", "expired", "lost"] == [
        engine.why_missed(key) for key in ("never", "deleted", "expired", "lost")
    ]
    assert (0, 60 * KIB) == (len(engine), engine.memory)


def test_deleting_tells_whether_the_key_was_there():
    """A second delete finds nothing; a dead key is not there."""
    engine = build()
    engine.set("a", b"1")
    engine.set("dead", b"1", ttl=0.01)
    engine.clock.advance(0.02)

    assert [True, False, False] == [engine.delete(key) for key in ("a", "a", "dead")]


def test_keys_of_any_bytes_are_kept_apart():
    """Bytes that are no UTF-8 stand for themselves."""
    engine = build()
    engine.execute(("SET", b"\xff", "1"))
    engine.execute(("SET", b"\xfe", "2"))

    assert b"1" == engine.execute(("GET", b"\xff"))
    assert b"2" == engine.get(b"\xfe".decode("utf-8", "surrogateescape"))


def test_arguments_may_be_texts_bytes_and_numbers():
    """A number is sent as it is written."""
    engine = build()
    engine.execute((b"SET", "n", 12))
    engine.execute(("APPEND", "n", bytearray(b".")))
    engine.execute(("APPEND", "n", memoryview(b"5")))

    assert b"13.75" == engine.execute(("INCRBYFLOAT", "n", 1.25))


@pytest.mark.parametrize("command", [(), ("GET", None), ("SET", "a", True), ("GET", ["a"])])
def test_what_is_no_argument_is_refused(command):
    """Nothing else has one way to be written."""
    with pytest.raises(BadInput):
        build().execute(command)


def test_an_unknown_policy_is_named_with_the_choice():
    """The sentence ends with all eight."""
    with pytest.raises(BadInput, match=r'unknown policy "lur"; choose from .*allkeys-lru'):
        Redis(policy="lur")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"memory": 60 * KIB}, "Redis.memory must be at least 61[0-9]{3} bytes .*got 61440"),
        ({"memory": 0}, "Redis.memory must be >= 1 byte, got 0"),
        ({"samples": 0}, "Redis.samples must be from 1 to 10,000,000"),
        ({"lfu_log_factor": -1}, "Redis.lfu_log_factor must be >= 0"),
        ({"lfu_decay_time": -1}, "Redis.lfu_decay_time must be >= 0"),
        ({"hz": 0}, "Redis.hz must be from 1 to 500"),
        ({"active_expire_effort": 11}, "Redis.active_expire_effort must be from 1 to 10"),
        ({"quantum": 12}, "Redis.quantum must be one of 16, 8"),
    ],
)
def test_a_field_out_of_range_is_refused(fields, sentence):
    """In one sentence with field, rule and value."""
    with pytest.raises(BadInput, match=sentence):
        Redis(**fields)


def test_the_smallest_memory_holds_a_key():
    """What the refusal asks for is enough."""
    least = 60 * KIB + 32 + 40 + 32
    engine = build(memory=least)
    engine.set("a", b"x")

    assert b"x" == engine.get("a")
    with pytest.raises(BadInput, match=f"at least {least}"):
        Redis(memory=least - 1)


def test_redis_has_one_thread():
    """However many cores there are."""
    assert 1 == Redis().workers


def replay(seed: int) -> tuple:
    engine = build(seed, memory=128 * KIB, policy="allkeys-lfu")
    draw = uniform(5, "requests")
    found = []
    for _ in range(5000):
        engine.clock.advance(0.01)
        key = f"k{int(draw() ** 3 * 2000)}"
        found.append(engine.get(key) is not None)
        if not found[-1]:
            engine.set(key, b"x" * 100, ttl=20)
    return found, engine.evictions, engine.expirations, engine.memory, list(engine.table.entries)


def test_the_same_draws_give_the_same_run():
    """Everything is equal with one seed, and not with another."""
    assert replay(1) == replay(1)
    assert replay(1) != replay(2)


def hit_ratio(policy: str) -> float:
    """Return the hit ratio of 60,000 Zipf reads of 20,000 keys, about a tenth of which fit."""
    engine = build(policy=policy, memory=420 * KIB)
    draw = uniform(3, "zipf")
    for _ in range(60_000):
        engine.clock.advance(0.005)
        key = f"key:{int(20_000 ** draw()):08d}"  # log-uniform: Zipf with exponent 1
        if engine.get(key) is None:
            engine.set(key, b"x" * 100)
    return engine.keyspace_hits / 60_000


def test_policies_rank_as_they_must_on_zipf():
    """LFU beats LRU, LRU beats random, by more than ten standard errors (0.002) and a half."""
    lfu, lru, random = (hit_ratio(f"allkeys-{by}") for by in ("lfu", "lru", "random"))

    assert lfu > lru + 0.005
    assert lru > random + 0.005


def test_the_table_waits_for_memory():
    """Growth that would exceed maxmemory waits: the table stays at the size below."""
    engine = build(memory=840 * KIB)  # 4096 keys and their table take 796 KiB, the next table 64
    for number in range(10_000):
        engine.set(f"k{number:011d}", b"x" * 100)

    assert len(engine) > 4096
    assert 4096 == len(engine.table.buckets)
