"""What the tests of exercise 8 use, the broken caches among them; it never leaves the teacher."""

import random
import re

import cachesim as cs
from cachesim.errors import CachesimError


class LRU(cs.EvictionPolicy):
    """The right one."""

    def __init__(self):
        self.keys = {}

    def on_add(self, entry):
        """Join the end."""
        self.keys[entry.key] = None

    def on_use(self, entry):
        """Move to the end."""
        self.keys[entry.key] = self.keys.pop(entry.key)

    def on_remove(self, entry):
        """Leave."""
        self.keys.pop(entry.key, None)

    def victim(self):
        """Return the first."""
        return next(iter(self.keys))


class FIFO(LRU):
    """Takes no notice of uses."""

    def on_use(self, entry):
        """Stay where it is."""


class Youngest(LRU):
    """Takes the wrong end."""

    def victim(self):
        """Return the last."""
        return list(self.keys)[-1]


class NeverForgets(LRU):
    """Forgets victims only."""

    def on_remove(self, entry):
        """Stay."""

    def victim(self):
        """Return the first, and forget it."""
        key = next(iter(self.keys))
        del self.keys[key]
        return key


class ReadsOnly(LRU):
    """Takes an overwrite for nothing; told apart by the engine below."""


BROKEN = {kind.__name__: kind for kind in (LRU, FIFO, Youngest, NeverForgets, ReadsOnly)}


def story(lab):
    """Return the student's steps. Raises AssertionError."""
    told = lab.call("steps")
    assert type(told) is str, f"a text is asked for, got {type(told).__name__}"
    each = told.split()
    assert 0 < len(each) <= 30, f"from 1 to 30 steps are asked for, got {len(each)}"
    odd = [step for step in each if not re.fullmatch(r"[+?-][A-Za-z0-9]{1,8}", step)]
    assert not odd, f"{odd[0]!r:.20} is no step; +a, ?a and -a are"
    return each


def held(each, name):
    """Play steps; return the keys held at the end, None if the cache fails."""
    engine = cs.Simple(items=3, policy=BROKEN[name]).build(
        cs.ManualClock(), random.Random(1).random
    )
    policy = engine.policy
    try:
        for step in each:
            what, key = step[0], step[1:]
            if what == "+":
                order = dict(policy.keys)
                is_there = key in engine.entries
                engine.set(key, b"x" * 10)
                if name == "ReadsOnly" and is_there:
                    policy.keys = order
            elif what == "?":
                engine.get(key)
            else:
                engine.delete(key)
    except (CachesimError, StopIteration, IndexError):
        return None
    return sorted(engine.entries)


def found(lab, name):
    """Check that a story tells a broken cache from LRU. Raises AssertionError."""
    each = story(lab)
    right, broken = held(each, "LRU"), held(each, name)
    assert broken != right, f"both hold {right} at the end"


def missed_by_lru(keys, items):
    """Check that LRU never hits. Raises AssertionError."""
    assert type(keys) is list and all(type(key) is str for key in keys), (
        "a list of texts is asked for"
    )
    assert 3 * items <= len(keys) <= 10_000, (
        f"{len(keys)} keys for {items} items; from {3 * items} to 10,000 are asked for"
    )
    assert len(set(keys)) <= items + 1, (
        f"{len(set(keys))} different keys for {items} items; at most {items + 1} are allowed"
    )
    hits = round(cs.replay(keys, cs.Simple(items=items), bounds=False).hit_ratio * len(keys))
    assert hits == 0, f"with {items} items LRU hits {hits} times of {len(keys)}"
