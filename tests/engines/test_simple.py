"""Simple: its answers by hand."""

import math
from collections import Counter

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.policies import FIFO, LRU
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput, CommandError, OutOfMemory
from tests.engines.simple_caches import build
from tests.engines.watched import watched


def test_an_entry_is_key_and_value():
    """Bytes of the key in UTF-8 and of the value: é has two."""
    cache, _ = build()
    cache.set("é", b"123")

    assert 5 == cache.memory


def test_memory_limits_and_items_limit_together():
    """Whichever is reached first."""
    by_memory, _ = build(memory=6, items=9)
    by_items, _ = build(memory=99, items=2)
    for key in "abcd":
        by_memory.set(key, b"1")
        by_items.set(key, b"1")

    assert ["b", "c", "d"] == list(by_memory.entries)
    assert ["c", "d"] == list(by_items.entries)


@pytest.mark.parametrize(("now", "found"), [(0.0, b"1"), (4.999, b"1"), (5.0, None), (6.0, None)])
def test_an_entry_is_dead_from_its_expiry_on(now, found):
    """At 5 s exactly it is dead; removed when it is touched, not before."""
    cache, clock = build()
    cache.set("a", b"1", ttl=5)
    clock.advance(now)

    assert 1 == len(cache)
    assert found == cache.get("a")
    assert (found is not None) == len(cache) == 1 - cache.expirations
    if found is None:
        assert "expired" == cache.why_missed("a")


@pytest.mark.parametrize("touch", ["get", "delete", "set"])
def test_whatever_touches_a_dead_entry_removes_it(touch):
    """A dead entry is neither deleted nor overwritten: it has expired, and the policy hears of it."""
    cache, clock = build(policy=watched(LRU))
    cache.set("a", b"1", ttl=5)
    dead = cache.policy.told["a"]
    clock.advance(5)
    getattr(cache, touch)(*(("a", b"2") if touch == "set" else ("a",)))

    assert 1 == cache.expirations
    assert dead is not cache.policy.told.get("a")


def test_an_overwrite_takes_the_new_ttl():
    """Without one it lasts for ever."""
    cache, clock = build()
    cache.set("a", b"1", ttl=5)
    cache.set("a", b"2")
    clock.advance(9)

    assert b"2" == cache.get("a")


def test_an_overwrite_is_a_use():
    """Not a removal and a new entry: FIFO keeps its place, LRU moves it to the end."""
    survivors = {}
    for policy in (FIFO, LRU):
        cache, _ = build(items=2, policy=watched(policy))
        for key in "abac":
            cache.set(key, b"1")
        survivors[policy] = list(cache.entries)

    assert {FIFO: ["b", "c"], LRU: ["a", "c"]} == survivors


def test_an_overwrite_that_grows_may_cost_the_key_its_place():
    """FIFO evicts a, the oldest, to make room for a's own longer value; then a is stored again."""
    cache, _ = build(memory=6, policy=watched(FIFO))
    for key, value in (("a", b"1"), ("b", b"1"), ("c", b"1"), ("a", b"12")):
        cache.set(key, value)

    assert {"c": b"1", "a": b"12"} == {key: entry.value for key, entry in cache.entries.items()}
    assert (5, 2) == (cache.memory, cache.evictions)


def test_a_value_that_can_never_fit():
    """Is refused; others stay; the old value under the key is outdated, so it goes and that is counted."""
    cache, _ = build(memory=10)
    cache.set("a", b"1")
    cache.set("b", b"1")

    with pytest.raises(OutOfMemory, match=r'"a" needs 11 bytes, more than the cache has \(10\)'):
        cache.set("a", b"0123456789")
    assert (None, "refused", 1) == (cache.get("a"), cache.why_missed("a"), cache.evictions)
    assert b"1" == cache.get("b")

    with pytest.raises(OutOfMemory):
        cache.set("new", b"0123456789")
    assert "refused" == cache.why_missed("new")


def test_a_value_that_just_fits():
    """The limit itself is within the limit; everything else goes for it."""
    cache, _ = build(memory=10)
    cache.set("a", b"1")
    cache.set("b", b"012345678")

    assert (10, ["b"]) == (cache.memory, list(cache.entries))


@pytest.mark.parametrize("ttl", [0, -1, -math.inf, math.nan])
def test_a_ttl_must_be_positive(ttl):
    """Refused with a sentence, and nothing changes."""
    cache, _ = build()
    cache.set("a", b"1")

    with pytest.raises(BadInput, match="ttl must be > 0 seconds"):
        cache.set("a", b"2", ttl)
    assert b"1" == cache.get("a")


def test_why_each_miss_missed():
    """Every way a key can leave, and the one that never came."""
    cache, clock = build(items=1)
    cache.set("a", b"1")
    cache.set("b", b"1", ttl=1)  # evicts a
    clock.advance(1)
    cache.get("b")
    cache.set("c", b"1")
    cache.delete("c")
    cache.set("d", b"1")
    cache.flush()

    assert ["evicted", "expired", "invalidated", "lost", "cold"] == [
        cache.why_missed(key) for key in "abcde"
    ]


def test_the_last_way_out_counts():
    """Evicted first, then stored and deleted: invalidated; and the other way round."""
    cache, _ = build(items=1)
    cache.set("a", b"1")
    cache.set("b", b"1")
    cache.set("a", b"1")
    cache.delete("a")
    assert "invalidated" == cache.why_missed("a")

    cache.set("a", b"1")
    cache.set("b", b"1")
    assert "evicted" == cache.why_missed("a")


def test_read_through_tells_misses_apart():
    """Cold at first, evicted later; of keys that came before the call, what was known of them."""
    cache, _ = build(items=2)
    cache.set("x", b"1")
    cache.delete("x")
    cache.set("y", b"1")

    assert Counter(cold=2, evicted=2, invalidated=1) == cache.read_through("xabyx", b"1")
    assert {} == cache.read_through("x", b"1")
    assert {"y", "x"} == set(cache.entries)
    assert ["evicted", "evicted"] == [cache.why_missed(key) for key in "ab"]


def test_read_through_that_fails_keeps_the_books():
    """The keys before the one that does not fit are stored, and known later."""
    cache, _ = build(memory=6)
    with pytest.raises(OutOfMemory):
        cache.read_through(["a", "b", "much too long"], b"1234")

    assert ["evicted", "refused"] == [cache.why_missed(key) for key in ("a", "much too long")]
    assert (["b"], 5) == (list(cache.entries), cache.memory)


def test_each_build_is_an_engine_of_its_own():
    """Nothing leaks from one run to the next."""
    spec = Simple(items=1)
    first, second = (spec.build(ManualClock(), lambda: 0.5) for _ in range(2))
    first.set("a", b"1")

    assert (1, 0, None) == (len(first), len(second), second.get("a"))
    assert first.policy is not second.policy


def test_commands_by_name():
    """In any case; the reply is what the method returns."""
    cache, clock = build()
    replies = [
        cache.execute(command)
        for command in [
            ("GET", "a"), ("set", "a", b"1"), ("Get", "a"), ("EXISTS", "a"), ("TTL", "a"),
            ("SET", "b", b"2", "ex", "5"), ("DBSIZE",), ("DEL", "a"), ("DEL", "a"), ("TTL", "a"),
        ]
    ]  # fmt: skip
    clock.advance(2)

    assert [None, None, b"1", True, math.inf, None, 2, True, False, None] == replies
    assert 3 == cache.execute(("TTL", "b"))
    clock.advance(3)
    assert (None, False) == (cache.execute(("TTL", "b")), cache.execute(("EXISTS", "b")))
    cache.execute(("set", "c", b"1"))
    cache.execute(("flushall",))
    assert 0 == cache.execute(("DBSIZE",))


@pytest.mark.parametrize("command", [("EXISTS", "a"), ("TTL", "a"), ("DBSIZE",)])
def test_looking_is_no_use(command):
    """Only reading and overwriting count for the policy."""
    cache, _ = build(items=2)
    cache.set("a", b"1")
    cache.set("b", b"1")
    cache.execute(command)
    cache.set("c", b"1")

    assert ["b", "c"] == list(cache.entries)


@pytest.mark.parametrize(
    "command",
    [(), ("LPUSH", "a", b"1"), ("GET",), ("GET", "a", "b"), ("SET", "a"), ("SET", "a", "text"),
     ("GET", 7), ("SET", "a", b"1", "PX", 5), ("SET", "a", b"1", "EX"), (7,)],
)  # fmt: skip
def test_other_commands_are_refused(command):
    """With what there is instead."""
    cache, _ = build()

    with pytest.raises(CommandError, match=r"Simple does not know .*; it has GET key"):
        cache.execute(command)
    assert 0 == len(cache)


@pytest.mark.parametrize("seconds", [0, -1, "x", None, math.nan])
def test_a_command_with_a_wrong_ttl_is_refused(seconds):
    """As a failed command, which a strategy may catch, not as a wrong call."""
    cache, _ = build()

    with pytest.raises(CommandError, match="EX must be followed by seconds > 0"):
        cache.execute(("SET", "a", b"1", "EX", seconds))
    assert 0 == len(cache)
