"""What all policies promise, and which key each gives up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.engines.policies import ALL, CLOCK, FIFO, LFU, LRU, SIEVE, Belady, Random
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput, PolicyError
from cachesim.rng import uniform


class InheritedLRU(LRU):
    """A student's subclass that overrides nothing takes the way in Python instead of the one in C."""


POLICIES = [*ALL.values(), InheritedLRU]


def made(policy):
    """Return a live policy, with the random draws that an engine would hand it."""
    live = policy()
    live.random = uniform(1, "eviction")
    return live


def entry(key):
    """Return an entry of one byte under the key."""
    return Entry(key, b"", 1, float("inf"))


@pytest.mark.parametrize("policy", POLICIES)
class TestContract:
    """What an engine relies on, whatever the policy."""

    def test_the_victim_is_held(self, policy):
        """After every change it is one of the keys added and not removed."""
        live, held = made(policy), {}
        for number in range(200):
            key = str(number * number % 23)
            if key in held and number % 3 == 0:
                live.on_remove(held.pop(key))
            elif key in held:
                live.on_use(held[key])
            else:
                held[key] = entry(key)
                live.on_add(held[key])
            assert not held or live.victim() in held

    def test_asking_changes_nothing_that_is_held(self, policy):
        """Each key can be evicted in turn, once, until nothing is left."""
        live = made(policy)
        held = {key: entry(key) for key in "abcdef"}
        for one in held.values():
            live.on_add(one)
        gone = []
        while held:
            gone.append(live.victim())
            live.on_remove(held.pop(gone[-1]))

        assert sorted(gone) == list("abcdef")

    def test_one_key_is_the_victim_however_often_it_is_used(self, policy):
        """There is no other."""
        live, only = made(policy), entry("a")
        live.on_add(only)
        for _ in range(5):
            live.on_use(only)

        assert live.victim() == "a"

    def test_a_key_that_returns_is_new(self, policy):
        """It can be added, used and removed again; nothing of its first life stays."""
        live = made(policy)
        for _ in range(3):
            again = entry("a")
            live.on_add(again)
            live.on_use(again)
            live.on_remove(again)
        live.on_add(entry("b"))

        assert live.victim() == "b"

    @given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=80))
    def test_an_engine_can_run_it(self, policy, steps):
        """Reads with fills, and deletes, in a cache of three."""
        cache = Simple(items=3, policy=policy).build(lambda: 0.0, uniform(1, "eviction"))
        for key, is_delete in steps:
            if is_delete:
                cache.delete(key)
            elif cache.get(key) is None:
                cache.set(key, b"")
            assert len(cache) <= 3


def evicted(policy, keys, items=3):
    """Return the keys that leave, in order, when `keys` are read and filled on a miss."""
    cache = Simple(items=items, policy=policy).build(lambda: 0.0, lambda: 0.5)
    gone = []
    for key in keys:
        before = list(cache.entries)
        if cache.get(key) is None:
            cache.set(key, b"")
        gone += [held for held in before if held not in cache.entries]
    return "".join(gone)


@pytest.mark.parametrize(
    ("policy", "keys", "leave"),
    [
        # a b c fill the cache; a is used; what d, e, f push out tells the policies apart
        (FIFO, "abcadef", "abc"),  # the use of a counts for nothing
        (LRU, "abcadef", "bca"),  # a moved behind c
        (InheritedLRU, "abcadef", "bca"),
        (CLOCK, "abcadef", "bca"),  # a is passed over once, and its mark is gone
        (CLOCK, "abcabcde", "ab"),  # all marked: the hand goes once round
        (SIEVE, "abcadef", "bcd"),  # the hand stays behind the spared a, new ones do not push it
        (SIEVE, "abcadaef", "bcd"),  # ... whether a is used again or not
        (SIEVE, "abcabcde", "ab"),  # all marked: the hand wraps round to the oldest
        (LFU, "abcadef", "bcd"),  # a has two uses, every newcomer one
        (LFU, "aabbcdcde", "cdcd"),  # a, b twice; newcomers push each other out
        (LFU, "aabbccbad", "c"),  # fewest first: c has two, a and b three
        (LFU, "aabbccd", "a"),  # all equal: the least recently used
    ],
)
def test_which_keys_leave(policy, keys, leave):
    """Which keys leave a cache of three, in order."""
    assert leave == evicted(policy, keys)


def test_lfu_forgets_a_key_that_left():
    """Here a was used three times, but returns with one use; b's two keep it."""
    live = made(LFU)
    a, b = entry("a"), entry("b")
    for one in (a, a, a, b, b):
        (live.on_use if one.key in live.bucket else live.on_add)(one)
    live.on_remove(a)
    live.on_add(entry("a"))

    assert live.victim() == "a"


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), max_size=80))
def test_lfu_against_counting(steps):
    """The victim is the least recently used of those with the fewest uses, found by looking at all."""
    live, entries, uses = made(LFU), {}, {}  # uses: key -> (count, time of the last)
    for now, (key, is_removal) in enumerate(steps):
        if key not in entries:
            entries[key], uses[key] = entry(key), (1, now)
            live.on_add(entries[key])
        elif is_removal:
            live.on_remove(entries.pop(key))
            del uses[key]
        else:
            uses[key] = (uses[key][0] + 1, now)
            live.on_use(entries[key])
        if uses:
            assert min(uses, key=uses.__getitem__) == live.victim()


def test_lfu_takes_no_longer_where_counts_are_high():
    """Buckets are linked: from no uses to the next number of uses is one step, not a count."""
    live, hot = made(LFU), entry("hot")
    live.on_add(hot)
    for _ in range(1000):
        live.on_use(hot)

    assert live.ends.more.uses == 1001
    assert live.ends.more.more is live.ends


@pytest.mark.parametrize(("draw", "leaves"), [(0.0, "a"), (0.34, "b"), (0.999999, "c")])
def test_random_draws_a_place(draw, leaves):
    """The draw in [0, 1) is spread evenly over the keys held."""
    live = made(Random)
    live.random = lambda: draw
    for key in "abc":
        live.on_add(entry(key))

    assert leaves == live.victim()


def test_random_gives_every_key_its_share():
    """10,000 draws of 5 keys: each within 4.5 standard deviations (40) of 2,000, 1 - 3e-5 confidence."""
    live = made(Random)
    entries = {key: entry(key) for key in "abcdefg"}
    for one in entries.values():
        live.on_add(one)
    for key in "bg":  # from the middle and from the end
        live.on_remove(entries[key])
    drawn = [live.victim() for _ in range(10_000)]

    assert set(drawn) == set("acdef")
    assert all(abs(drawn.count(key) - 2_000) < 4.5 * 40 for key in "acdef")


def test_lru_methods_can_be_overridden():
    """A subclass's own method is called, not the way in C of its parent."""

    class Deaf(LRU):
        def on_use(self, entry):
            """Hear nothing: what remains is FIFO."""

    assert evicted(FIFO, "abcadef") == evicted(Deaf, "abcadef") != evicted(LRU, "abcadef")


@given(st.lists(st.sampled_from("abcdefg"), max_size=80))
def test_lru_in_c_is_lru_in_python(keys):
    """The faster way evicts the same."""
    assert evicted(InheritedLRU, keys) == evicted(LRU, keys)


class TestBelady:
    """The optimum, which must know the future."""

    def test_the_farthest_next_use_goes(self):
        """When d comes, b is asked for again at 4, a at 5, c at 6: c goes."""
        assert evicted(Belady("abcdbac"), "abcdbac")[0] == "c"

    def test_what_is_never_used_again_goes_first(self):
        """Here b is not asked for again, so it goes though it came after a."""
        assert evicted(Belady("abcda"), "abcda") == "b"

    def test_it_makes_a_new_policy_each_time(self):
        """Two runs do not share how far they have come."""
        policy = Belady("abca")

        assert evicted(policy, "abca", items=2) == evicted(policy, "abca", items=2)

    def test_without_the_keys_it_is_refused(self):
        """`policy=Belady` instead of `policy=Belady(keys)`."""
        with pytest.raises(BadInput, match=r"Belady needs the future: give policy=Belady\(keys\)"):
            Simple(policy=Belady).build(lambda: 0.0, lambda: 0.5)

    @pytest.mark.parametrize(
        ("told", "asked", "says"),
        [
            ("ab", "aba", 'request 2 asks for nothing more, not for "a"'),
            ("ab", "ba", 'request 0 asks for "a", not for "b"'),
            ("", "x", 'request 0 asks for nothing more, not for "x"'),
        ],
    )
    def test_other_requests_are_refused(self, told, asked, says):
        """More of them, others, or another order: its plan would be worth nothing."""
        with pytest.raises(PolicyError, match=says):
            evicted(Belady(told), asked)


def test_a_policy_without_a_victim_is_told_so():
    """The one method that must be there."""

    class Mute(EvictionPolicy):
        """Decides nothing."""

    with pytest.raises(PolicyError, match=r"Mute must define victim\(self\)"):
        evicted(Mute, "abcd")
