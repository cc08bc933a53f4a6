# %% [markdown] id="question"
# # 2 · A policy that survives a scan
#
# Every night a backup reads each key once. **In the morning the cache is full of keys that nobody wants, and what is popular is gone.** Write a policy
# under which the popular keys stay: CLOCK, LFU, or one of your own. Ours took 10 lines.

# %% id="imports"
import cachesim as cs


# %% id="scan-proof"
class ScanProof(cs.EvictionPolicy):
    """A policy that a scan cannot empty."""

    # BEGIN SOLUTION
    def __init__(self):
        self.uses = {}  # key -> uses since it was stored; the oldest key first

    def on_add(self, entry):
        self.uses[entry.key] = 0

    def on_use(self, entry):
        self.uses[entry.key] += 1

    def on_remove(self, entry):
        del self.uses[entry.key]

    def victim(self):
        return min(self.uses, key=self.uses.get)

    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Return what differs from student to student."""
    return {"items": random(30, 60), "keys": random(150, 250)}


# %% id="helpers" tags=["helpers"]
import random


def requests(lab, scans):
    """Return keys: some that nobody wants, then skewed ones, and after every 100 a scan of as many keys as the cache holds, never seen again."""
    draw, items = random.Random(lab.seed), lab.params["items"]
    found = [
        f"first{number}" for number in range(items)
    ]  # whoever keeps what came first keeps these
    for block in range(15):
        found += [f"k{int(lab.params['keys'] * draw.random() ** 3)}" for _ in range(100)]
        if scans:
            found += [f"scan{block * items + number}" for number in range(items)]
    return found


def hits(policy, items, keys):
    """Return how many reads hit, where a miss stores the key."""
    engine = cs.Simple(items=items, policy=policy).build(cs.ManualClock(), random.Random(1).random)
    found = 0
    for key in keys:
        if engine.get(key) is None:
            engine.set(key, b"x" * 10)
        else:
            found += 1
    return found


def compared(lab, keys):
    """Return the hits of your policy, and those of LRU."""
    items = lab.params["items"]
    return hits(lab.policy("ScanProof"), items, keys), hits(cs.policies.LRU, items, keys)


# %% id="visible" tags=["visible"]
def test_names_keys_that_are_held(lab):
    hits(lab.policy("ScanProof"), lab.params["items"], requests(lab, scans=False)[:400])


def test_as_good_as_lru_without_a_scan(lab):
    mine, lru = compared(lab, requests(lab, scans=False))
    assert mine >= 0.95 * lru, f"{mine} hits, LRU has {lru}"


# %% id="hidden" tags=["hidden"]
def test_survives_a_scan(lab):
    mine, lru = compared(lab, requests(lab, scans=True))
    assert mine >= 1.15 * lru, (
        f"{mine} hits, LRU has {lru}; at least {1.15 * lru:.0f} are asked for"
    )
