# %% [markdown] id="question"
# # 8 · Break it
#
# Four caches say that they are LRU, and none of them is. **Which requests show it?**
#
# | cache | its bug |
# |---|---|
# | 1 | it takes no notice of reads |
# | 2 | it evicts the key that was used last |
# | 3 | it takes no notice when a key that it holds is stored again |
# | 4 | it does not forget a deleted key: later it names that key as a victim, although the key is gone or has come back since |
#
# `steps()` returns one story, as a text: `"+a"` stores a key, `"?a"` reads it, `"-a"` deletes it; a read or a delete of a key that is not there does nothing. The story has at most
# 30 steps. It is played to LRU and to each of the four, in a cache of three keys. **Only the end counts**: a broken cache is found if it holds other keys than LRU after the last
# step, or fails on the way. One story must find all four, so the difference that each bug makes must still be there at the end.
#
# Then break LRU itself. `never_hits(items)` returns a list of keys to read, as texts: at least `3 * items` reads of at most `items + 1` different keys, and a cache of `items` keys
# under LRU, in which each miss stores the key, never has the one that is asked for. Ours took 2 lines.


# %% id="steps"
def steps():
    """Return at most 30 steps that tell LRU from its imitations."""
    # BEGIN SOLUTION
    return "+a +b +c ?a +d +c +e -e +f +g ?c +h ?c +i"
    # END SOLUTION


# %% id="never-hits"
def never_hits(items):
    """Return a list of keys, as texts, on which LRU with so many items never hits."""
    # BEGIN SOLUTION
    return [f"k{number % (items + 1)}" for number in range(4 * items)]
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"items": random(5, 40)}


# %% id="helpers" tags=["helpers"]
import random
import re

import cachesim as cs
from cachesim.errors import CachesimError


def story(lab):
    """Return the student's steps. Raises AssertionError."""
    told = lab.call("steps")
    assert type(told) is str, f"steps() returned {told!r:.60}; right: one text, such as '+a ?a -a'"
    each = told.split()
    assert 0 < len(each) <= 30, f"the story has {len(each)} steps; right: from 1 to 30"
    odd = [step for step in each if not re.fullmatch(r"[+?-][A-Za-z0-9]{1,8}", step)]
    assert not odd, f"{odd[0]!r:.20} is not a step; steps are +a, ?a and -a"
    return each


def held(each, kind, overwrites=True):
    """Play steps to a cache of three keys; return those that it holds at the end, None if it fails.

    Without `overwrites` it takes no notice when a key that it holds is stored again.
    """
    engine = cs.Simple(items=3, policy=kind).build(cs.ManualClock(), random.Random(1).random)
    act = {"+": lambda key: engine.set(key, b"x" * 10), "?": engine.get, "-": engine.delete}
    try:
        for step in each:
            if overwrites or step[0] != "+" or step[1:] not in engine.entries:
                act[step[0]](step[1:])
    except (CachesimError, StopIteration, IndexError):
        return None
    return sorted(engine.entries)


def found(lab, kind, **options):
    """Check that a story tells a broken cache from LRU. Raises AssertionError."""
    each = story(lab)
    right, broken = held(each, cs.policies.LRU), held(each, kind, **options)
    assert broken != right, (
        f"at the end LRU and this cache both hold {', '.join(right) or 'nothing'}"
    )


def missed_by_lru(lab, items):
    """Check that LRU never hits. Raises AssertionError."""
    keys = lab.call("never_hits", items)
    call = f"never_hits({items})"
    assert type(keys) is list and all(type(key) is str for key in keys), (
        f"{call} returned {keys!r:.60}; right: a list of texts"
    )
    assert len(keys) >= 3 * items, f"{call} returned {len(keys)} keys; right: at least {3 * items}"
    assert len(keys) <= 10_000, f"{call} returned {len(keys):,} keys; right: at most 10,000"
    different = len(set(keys))
    assert different <= items + 1, (
        f"{call} returned {different} different keys; right: at most {items + 1}"
    )
    hits = round(cs.replay(keys, cs.Simple(items=items), bounds=False).hit_ratio * len(keys))
    assert hits == 0, f"with {items} items LRU hits {hits} of {len(keys)} times; right: never"


# %% id="visible" tags=["visible"]
def test_steps_can_be_played(lab):
    assert held(story(lab), cs.policies.LRU) is not None, "LRU could not play the steps"


def test_finds_fifo(lab):
    found(lab, cs.policies.FIFO)


def test_finds_overwrites_ignored(lab):
    found(lab, cs.policies.LRU, overwrites=False)


def test_three_items_never_hit(lab):
    missed_by_lru(lab, 3)


# %% id="hidden" tags=["hidden"]
def test_finds_the_youngest_goes(lab):
    found(lab, Youngest)


def test_finds_deleted_keys_named(lab):
    found(lab, NeverForgets)


def test_any_number_never_hits(lab):
    for number in (1, 2, lab.params["items"]):
        missed_by_lru(lab, number)
