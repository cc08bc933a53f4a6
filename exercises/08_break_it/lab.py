# %% [markdown] id="question"
# # 8 · Break it
#
# Four caches claim to be LRU, and none is. **Which requests give them away?** `steps()` returns a story for a cache of three keys, as text: `"+a"` stores a key,
# `"?a"` reads it, `"-a"` deletes it. It is played to LRU and to each of the four; a broken one is found when it fails, or holds other keys at the end. At most
# thirty steps. Then turn on LRU itself: `never_hits(items)` returns keys to read, from at most `items + 1` different ones, of which a cache of `items` keys never
# has one. Ours took 2 lines.


# %% id="steps"
def steps():
    """Return at most 30 steps that tell LRU from its imitations."""
    # BEGIN SOLUTION
    return "+a +b +c ?a +d +c +e -e +f +g ?c +h ?c +i"
    # END SOLUTION


# %% id="never-hits"
def never_hits(items):
    """Return a list of keys, as text, on which LRU with so many items never hits."""
    # BEGIN SOLUTION
    return [f"k{number % (items + 1)}" for number in range(4 * items)]
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Return what differs from student to student."""
    return {"items": random(5, 40)}


# %% id="helpers" tags=["helpers"]
import random
import re

import cachesim as cs
from cachesim.errors import CachesimError


def story(lab):
    """Return the student's steps. Raises AssertionError."""
    told = lab.call("steps")
    assert type(told) is str, f"a text is asked for, got {type(told).__name__}"
    each = told.split()
    assert 0 < len(each) <= 30, f"from 1 to 30 steps are asked for, got {len(each)}"
    odd = [step for step in each if not re.fullmatch(r"[+?-][A-Za-z0-9]{1,8}", step)]
    assert not odd, f"{odd[0]!r:.20} is no step; +a, ?a and -a are"
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
    assert broken != right, f"both hold {right} at the end"


# %% id="visible" tags=["visible"]
def test_steps_can_be_played(lab):
    assert held(story(lab), cs.policies.LRU) is not None, "LRU could not play the steps"


def test_finds_fifo(lab):
    found(lab, cs.policies.FIFO)


# %% id="hidden" tags=["hidden"]
def test_finds_the_youngest_goes(lab):
    found(lab, Youngest)


def test_finds_overwrites_ignored(lab):
    found(lab, cs.policies.LRU, overwrites=False)


def test_finds_deleted_keys_named(lab):
    found(lab, NeverForgets)


def test_lru_never_hits(lab):
    for items in (3, lab.params["items"]):
        missed_by_lru(lab.call("never_hits", items), items)
