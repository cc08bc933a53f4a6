# %% [markdown] id="question"
# # 11 · Write ARC, which adapts itself
#
# LRU forgets popular keys when a scan passes. LFU keeps keys that were popular long ago. **Can a cache find out by itself which of the two it needs?**
# ARC (Megiddo and Modha, 2003) can. It keeps two queues of keys that are in the cache, T1 for keys *used once* and T2 for keys *used again*, and behind each of
# them the names of keys that left it lately, its *ghosts* B1 and B2. When a ghost comes back, its queue was too short, and a target says from then on how long T1 should be.
#
# You need two more methods of the contract than in exercise 1, and one number:
#
# - `before_add(self, entry)` is called before room is made for a new key. Return `True`: store it.
# - `on_evict(self, entry)` is called when a key is given up; `on_remove(self, entry)` follows, as after a delete.
# - `self.items` is the number of keys that fit.
#
# The rules, with a cache of `items` keys:
#
# 1. A hit moves the key to the young end of T2.
# 2. The new key is a ghost. A ghost of B1 raises the target by 1, or by `len(B2) / len(B1)` if that is more, up to `items`. A ghost of B2 lowers it by 1, or by
#    `len(B1) / len(B2)` if that is more, down to 0. Then room is made, and the key joins T2.
# 3. The new key is no ghost. If T1 and B1 together have `items` keys, forget the oldest key of B1. Else, if all four queues together have `2 * items` keys, forget the oldest key of
#    B2. Then room is made, and the key joins T1.
# 4. Making room. Is T1 longer than the target? Or is it exactly as long, and the new key is a ghost of B2? Then give up the oldest key of T1; it becomes a ghost of B1. Otherwise give up
#    the oldest key of T2; it becomes a ghost of B2. One exception: if T1 alone fills the cache and the new key is no ghost, the oldest key of T1 leaves no ghost.
#
# Ours took 42 lines.

# %% id="imports"
from collections import OrderedDict

import cachesim as cs


# %% id="arc"
class ARC(cs.EvictionPolicy):
    """Adaptive replacement."""

    # BEGIN SOLUTION
    def __init__(self):
        self.t1, self.t2 = OrderedDict(), OrderedDict()  # used once, used again: the oldest first
        self.b1, self.b2 = OrderedDict(), OrderedDict()  # ghosts of each
        self.target = 0  # how long t1 should be
        self.ghost = None  # where the key that comes in was a ghost

    def before_add(self, entry):
        key = entry.key
        self.ghost = self.b1 if key in self.b1 else self.b2 if key in self.b2 else None
        if self.ghost is self.b1:
            step = max(1, len(self.b2) / len(self.b1))
            self.target = min(self.items, self.target + step)
        elif self.ghost is self.b2:
            step = max(1, len(self.b1) / len(self.b2))
            self.target = max(0, self.target - step)
        elif len(self.t1) + len(self.b1) >= self.items and self.b1:
            self.b1.popitem(last=False)
        elif sum(map(len, (self.t1, self.t2, self.b1, self.b2))) >= 2 * self.items and self.b2:
            self.b2.popitem(last=False)
        return True

    def on_add(self, entry):
        if self.ghost is None:
            self.t1[entry.key] = None
        else:
            del self.ghost[entry.key]
            self.t2[entry.key] = None
        self.ghost = None

    def on_use(self, entry):
        self.t1.pop(entry.key, None)
        self.t2[entry.key] = None
        self.t2.move_to_end(entry.key)

    def on_evict(self, entry):
        if entry.key in self.t2:
            self.b2[entry.key] = None
        elif len(self.t1) < self.items or self.ghost is not None:
            self.b1[entry.key] = None

    def on_remove(self, entry):
        self.t1.pop(entry.key, None)
        self.t2.pop(entry.key, None)

    def victim(self):
        is_long = len(self.t1) > self.target
        is_even = len(self.t1) == self.target and self.ghost is self.b2
        return next(iter(self.t1 if self.t1 and (is_long or is_even or not self.t2) else self.t2))

    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"items": random(30, 60), "keys": random(150, 300)}


# %% id="helpers" tags=["helpers"]
import random

from cachesim.grading.causes import because

POPS = "victim() names a key that on_add has told of and on_remove has not; it must not remove the key itself"
SHARED = "Two caches are at work here: keep what you know in self, not in a global variable or in the class"


def cache(policy, items):
    """Return a cache with a policy."""
    return cs.Simple(items=items, policy=policy).build(cs.ManualClock(), random.Random(1).random)


def read(engine, key):
    """Read a key; a miss stores it. Return whether it was a hit."""
    if engine.get(key) is not None:
        return True
    engine.set(key, b"x" * 10)
    return False


def held(lab, keys, items=3):
    """Read keys with your policy; return what the cache then holds. Keys have longer names inside."""
    engine, salt = cache(lab.policy("ARC"), items), f":{lab.seed % 9973}"
    for key in keys:
        read(engine, key + salt)
    return "".join(sorted(key.removesuffix(salt) for key in engine.entries))


def skewed(lab, count, first=0):
    """Return requests, of which a few keys get most."""
    draw = random.Random(lab.seed + first)
    return [f"k{first + int(lab.params['keys'] * draw.random() ** 3)}" for _ in range(count)]


# %% id="visible" tags=["visible"]
def test_names_keys_that_are_held(lab):
    engine = cache(lab.policy("ARC"), lab.params["items"])
    with because(POPS):
        for key in skewed(lab, 600):
            read(engine, key)


def test_used_once_goes_first(lab):
    for keys, right in (("abcd", "bcd"), ("aabcd", "acd"), ("aabbcdef", "abf")):
        found = held(lab, keys)
        assert found == right, (
            f"after reading {' '.join(keys)} a cache of three held {' '.join(found)}, expected {' '.join(right)}"
        )


def test_a_ghost_comes_back_as_used_again(lab):
    for keys, right in (("aabcdb", "abd"), ("aabcdbe", "bde"), ("aabcdbea", "abe")):
        found = held(lab, keys)
        assert found == right, (
            f"after reading {' '.join(keys)} a cache of three held {' '.join(found)}, expected {' '.join(right)}"
        )


# %% id="hidden" tags=["hidden"]
def test_caches_keep_apart(lab):
    one, two = (cache(lab.policy("ARC"), 10) for _ in range(2))
    with because(SHARED):
        for key in skewed(lab, 400):
            read(one, key)
            read(two, key.upper())


def test_the_border_moves(lab):
    mine, best = hits(lab.policy("ARC"), lab, phases(lab)), hits(cs.policies.ARC, lab, phases(lab))
    for phase, (found, right) in enumerate(zip(mine, best), 1):
        assert found >= right - 0.02 * PHASE, (
            f"in part {phase} of the run {found} of {PHASE} reads hit, expected about {right}"
        )


def test_like_arc_on_a_trace(lab):
    keys = [skewed(lab, 4000)]
    mine, best = hits(lab.policy("ARC"), lab, keys), hits(cs.policies.ARC, lab, keys)
    assert abs(mine[0] - best[0]) <= 0.005 * 4000, (
        f"{mine[0]} of 4000 reads hit, expected {best[0]}"
    )
