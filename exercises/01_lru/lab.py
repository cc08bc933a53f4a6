# %% [markdown] id="question"
# # 1 · Write an LRU policy
#
# A cache is full, and a new key comes. **Which key should go?** If what was used lately will be used again, then the one that was used longest
# ago: *least recently used*, LRU. Every managed cache offers it, and most start with it.
#
# A policy is told of every change, `on_add`, `on_use` and `on_remove`, each with an `entry` that has a `key`, and is asked for a `victim()`. Reads
# and overwrites are both uses. Ours took 10 lines.

# %% id="imports"
import cachesim as cs


# %% id="lru"
class LRU(cs.EvictionPolicy):
    """Least recently used."""

    # BEGIN SOLUTION
    def __init__(self):
        self.keys = {}  # a dict keeps the order in which keys came in: the oldest use first

    def on_add(self, entry):
        self.keys[entry.key] = None

    def on_use(self, entry):
        self.keys[entry.key] = self.keys.pop(entry.key)

    def on_remove(self, entry):
        del self.keys[entry.key]

    def victim(self):
        return next(iter(self.keys))

    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Return what differs from student to student."""
    return {"items": random(20, 60), "keys": random(150, 300)}


# %% id="helpers" tags=["helpers"]
import random


def played(policy, items, steps, salt=""):
    """Play steps such as "+a ?a -a" (store, read, delete); return the keys held, sorted, and the victims in order.

    In the cache the keys have longer names, which differ from student to student: none can be known beforehand.
    """
    engine = cs.Simple(items=items, policy=policy).build(cs.ManualClock(), random.Random(1).random)
    act = {"+": lambda key: engine.set(key, b"x" * 10), "?": engine.get, "-": engine.delete}
    victims, held = [], set()
    for step in steps.split():
        act[step[0]](step[1:] + salt)
        now = {key.removesuffix(salt) for key in engine.entries}
        victims += sorted(held - now) if step[0] == "+" else []
        held = now
    return sorted(held), victims


def mine(lab, items, steps):
    """Play steps to your policy."""
    return played(lab.policy("LRU"), items, steps, salt=f":{lab.seed % 9973}")


# %% id="visible" tags=["visible"]
def test_oldest_goes(lab):
    held, _ = mine(lab, 3, "+a +b +c +d")
    assert held == ["b", "c", "d"], f"after storing a, b, c, d in a cache of three it held {held}"


def test_a_read_counts(lab):
    held, _ = mine(lab, 3, "+a +b +c ?a +d")
    assert held == ["a", "c", "d"], f"after storing a, b, c, reading a and storing d it held {held}"


# %% id="hidden" tags=["hidden"]
def test_a_write_counts(lab):
    held, _ = mine(lab, 3, "+a +b +c +a +d")
    assert held == ["a", "c", "d"], f"after storing a, b, c, a again and d it held {held}"


def test_removed_keys_are_forgotten(lab):
    held, _ = mine(lab, 3, "+a +b +c -a +d +e")
    assert held == ["c", "d", "e"], f"after a was deleted and d and e were stored it held {held}"


def test_like_lru_on_a_trace(lab):
    steps = trace(lab.seed, lab.params["keys"], 3000)
    _, victims = mine(lab, lab.params["items"], steps)
    _, best = right(lab.params["items"], steps)
    assert victims == best, first_difference(victims, best)
