# %% [markdown] id="question"
# # 1 · Write an LRU policy
#
# A cache is full, and a new key comes. **Which key should go?** Keys that were used lately will probably be used again. So the key goes that nobody has used
# for the longest time: *least recently used*, LRU. Every managed cache offers this policy, and most start with it.
#
# The cache tells a policy what happens, and asks it who should go:
#
# | method | when the cache calls it |
# |---|---|
# | `on_add(self, entry)` | a key was stored that was not there |
# | `on_use(self, entry)` | a key was read, or stored again |
# | `on_remove(self, entry)` | a key left: it was deleted, it expired, or it was the victim |
# | `victim(self)` | room is needed: return the key that should go |
#
# Each `entry` has a `key`. `victim` only names a key; the cache removes it and then calls `on_remove`. Each cache makes a policy of its own. Ours took 10 lines.

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
    """Draw the parameters of one student."""
    return {"items": random(20, 60), "keys": random(150, 300)}


# %% id="helpers" tags=["helpers"]
import random

from cachesim.grading.causes import because

POPS = "on_remove is called for every key that leaves, for the victim too; victim() only names the key and must not remove it"
SHARED = "Two caches are at work here: keep the keys in self (self.keys = {} in __init__), not in a global variable or in the class"


class Game:
    """A cache of a few items with your policy. It plays steps such as "+a ?a -a": store, read, delete.

    In the cache the keys have longer names, which differ from student to student: nobody can know them beforehand.
    """

    def __init__(self, policy, items, salt=""):
        self.engine = cs.Simple(items=items, policy=policy).build(
            cs.ManualClock(), random.Random(1).random
        )
        self.salt, self.victims = salt, []

    def play(self, steps):
        """Play some steps, and note who went."""
        act = {
            "+": lambda key: self.engine.set(key, b"x" * 10),
            "?": self.engine.get,
            "-": self.engine.delete,
        }
        for step in steps.split():
            before = set(self.held)
            act[step[0]](step[1:] + self.salt)
            self.victims += sorted(before - set(self.held)) if step[0] == "+" else []
        return self

    def settled(self):
        """Ask once more who should go: so the policy has been told of everything."""
        with because(POPS):
            self.engine.policy.victim()
        return self

    @property
    def held(self):
        """The keys in the cache, sorted."""
        return sorted(key.removesuffix(self.salt) for key in self.engine.entries)


def mine(lab, items):
    """Return a cache with your policy."""
    return Game(lab.policy("LRU"), items, salt=f":{lab.seed % 9973}")


def check_held(lab, steps, right):
    """Play steps to a cache of three keys, and compare what it holds."""
    held = mine(lab, 3).play(steps).settled().held
    assert held == right, (
        f"after {steps} a cache of three holds {', '.join(held)}; right: {', '.join(right)}"
    )


# %% id="visible" tags=["visible"]
def test_oldest_goes(lab):
    check_held(lab, "+a +b +c +d", ["b", "c", "d"])


def test_a_read_counts(lab):
    check_held(lab, "+a +b +c ?a +d", ["a", "c", "d"])


def test_two_caches_do_not_meet(lab):
    one, two = mine(lab, 3), mine(lab, 3)
    with because(SHARED):
        for key in "abcdef":
            one.play(f"+{key}")
            two.play(f"+{key.upper()}")
        held = [one.settled().held, two.settled().held]
        assert held == [["d", "e", "f"], ["D", "E", "F"]], f"two caches of three hold {held}"


# %% id="hidden" tags=["hidden"]
def test_a_write_counts(lab):
    check_held(lab, "+a +b +c +a +d", ["a", "c", "d"])


def test_removed_keys_are_forgotten(lab):
    check_held(lab, "+a +b +c -a +d +e", ["c", "d", "e"])


def test_like_lru_on_a_trace(lab):
    steps = trace(lab.seed, lab.params["keys"], 3000)
    game = mine(lab, lab.params["items"]).play(steps)
    best = Game(cs.policies.LRU, lab.params["items"]).play(steps)
    assert game.victims == best.victims, first_difference(game.victims, best.victims)
