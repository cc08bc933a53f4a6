"""Each policy by hand on a few requests, and what all of them promise."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.engines.base import EvictionPolicy
from cachesim.engines.policies import ALL, CLOCK, FIFO, LFU, LRU, SIEVE, Belady, Random
from cachesim.engines.simple import Simple
from cachesim.errors import CommandError, OutOfMemory, PolicyError
from cachesim.replay import optimum
from cachesim.rng import uniform
from cachesim.traces import Trace


def hits(keys, policy, items=3):
    """Return the hits of a cache of three, as "h" and ".", and what it holds at the end."""
    cache = Simple(items=items, policy=policy).build(lambda: 0.0, uniform(1, "eviction"))
    outcome = ""
    for key in keys:
        outcome += "." if cache.get(key) is None else "h"
        if outcome[-1] == ".":
            cache.set(key, b"")
    return outcome, "".join(sorted(cache.entries))


@pytest.mark.parametrize(
    ("policy", "outcome", "held"),
    [
        (
            FIFO,
            "...h.h.",
            "cde",
        ),  # a is the oldest, however often it is used: d evicts a, a... see below
        (LRU, "...h.h.", "ade"),
        (CLOCK, "...h.h.", "ade"),
        (SIEVE, "...h.h.", "ade"),
        (LFU, "...h.h.", "ade"),
    ],
)
def test_by_hand(policy, outcome, held):
    """A cache of three is asked for a b c, a, d, a (or d), e.

    FIFO gives up a for d, so its sixth request asks for d; the others keep a, which was used, and give up b,
    then c.
    """
    sixth = "d" if policy is FIFO else "a"

    assert (outcome, held) == hits(f"abcad{sixth}e", policy)


def test_sieve_keeps_its_hand():
    """The hand goes on from where it was: after b went, c is next although a is older."""
    assert ("...h..", "ade") == hits("abcade", SIEVE)


def test_lfu_prefers_the_least_recent_among_equals():
    """B and c were used once each, b longer ago: b goes."""
    assert ("...hh.", "acd") == hits("abcaad", LFU)


def test_random_is_uniform():
    """Each of four keys is the victim a quarter of the time: within 4 standard errors of 4,000 draws."""
    policy = Random()
    policy.random = uniform(1, "eviction")
    cache = Simple(items=4, policy=lambda: policy).build(lambda: 0.0, policy.random)
    for key in "abcd":
        cache.set(key, b"")
    drawn = [policy.victim() for _ in range(4000)]

    assert all(abs(drawn.count(key) - 1000) < 4 * (4000 * 0.25 * 0.75) ** 0.5 for key in "abcd")


@given(st.text("abcde", min_size=1, max_size=14), st.integers(1, 3))
def test_belady_is_the_optimum(keys, items):
    """No policy of the others hits more, and the bound of replay is the same number."""
    best = hits(keys, Belady(keys), items)[0].count("h")

    assert best == round(optimum(Trace.of_keys(keys), items) * len(keys))
    for policy in ALL.values():
        assert hits(keys, policy, items)[0].count("h") <= best


def test_belady_by_brute_force():
    """On every sequence of six requests for three keys, one slot: repeated keys are all that can hit."""
    for keys in itertools.product("abc", repeat=6):
        repeated = sum(a == b for a, b in itertools.pairwise(keys))

        assert repeated == hits(keys, Belady(keys), 1)[0].count("h")


def test_belady_needs_the_future():
    """Another request than those it was made with is refused."""
    with pytest.raises(PolicyError, match="from the very requests"):
        hits("aab", Belady("ab"))


class Spy(LRU):
    """An LRU that checks what it is told."""

    def __init__(self):
        super().__init__()
        self.known = set()
        self.on_use = self.used

    def on_add(self, entry):
        assert entry.key not in self.known
        self.known.add(entry.key)
        super().on_add(entry)

    def used(self, entry):
        assert entry.key in self.known
        self.queue.move_to_end(entry)

    def on_remove(self, entry):
        self.known.remove(entry.key)
        super().on_remove(entry)


@given(st.lists(st.tuples(st.sampled_from("gsdf"), st.sampled_from("abcde")), max_size=40))
def test_a_policy_knows_exactly_what_is_held(steps):
    """Told of every arrival, use and departure once, and of nothing else."""
    cache = Simple(items=3, policy=Spy).build(lambda: 0.0, float)
    for step, key in steps:
        {
            "g": lambda key: cache.get(key),
            "s": lambda key: cache.set(key, b"x"),
            "d": lambda key: cache.delete(key),
            "f": lambda key: cache.flush(),
        }[step](key)

        assert cache.policy.known == set(cache.entries)


def test_a_wrong_victim_is_named():
    """A key that is not held is refused with the policy's name, the key and what to do."""

    class Wrong(EvictionPolicy):
        def victim(self):
            return "nobody"

    cache = Simple(items=1, policy=Wrong).build(lambda: 0.0, float)
    cache.set("a", b"")
    with pytest.raises(PolicyError, match=r"Wrong.victim\(\) returned 'nobody'"):
        cache.set("b", b"")


def test_a_value_that_cannot_fit():
    """It is refused, the outdated value goes, and nothing else does."""
    cache = Simple(memory=20).build(lambda: 0.0, float)
    cache.set("a", b"1")
    cache.set("b", b"2")
    with pytest.raises(OutOfMemory, match="needs 31 bytes"):
        cache.set("a", b"x" * 30)

    assert ["b"] == list(cache.entries)


def test_growing_in_place_may_cost_the_key_itself():
    """FIFO's victim may be the key that is being overwritten: it is stored again."""
    cache = Simple(memory=20, policy=FIFO).build(lambda: 0.0, float)
    cache.set("a", b"x" * 9)
    cache.set("b", b"x" * 9)
    cache.set("a", b"x" * 15)

    assert {"a": 16} == {key: entry.size for key, entry in cache.entries.items()}


def test_commands():
    """Simple knows five commands, and says so about a sixth."""
    cache = Simple().build(lambda: 0.0, float)

    assert cache.execute(("SET", "a", b"1")) is None
    assert cache.execute(("set", "b", b"2", "EX", 5)) is None
    assert (b"1", 2) == (cache.execute(("GET", "a")), cache.execute(("DBSIZE",)))
    assert cache.execute(("DEL", "a")) is True
    cache.execute(("FLUSHALL",))
    assert cache.get("b") is None
    with pytest.raises(CommandError, match=r"Simple does not know .*INCR a"):
        cache.execute(("INCR", "a"))


def test_belady_is_shown_by_its_name():
    """An address in a table would differ from run to run."""
    assert "Simple(items=2, policy=belady)" == repr(Simple(items=2, policy=Belady(["a"])))
