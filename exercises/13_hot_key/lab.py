# %% [markdown] id="question"
# # 13 · A hot key
#
# A Redis Cluster deals its slots evenly to the shards, but the requests are not even. Here one key gets 40 % of them, so its shard does more than half of the work. **How can its
# shard be helped?** More shards do not help: a key has one slot, and a slot has one shard. Copies under other names do.
#
# Write `Spread`, with `read(self, app, key)` and `write(self, app, key, value)`: lazy loading for a cluster of `shards` shards, in which the key `hot` has copies. The rules:
#
# - every read returns its row, every write is in the database;
# - no shard answers more than 1.25 times its even share of the reads;
# - no read returns a version that has been outdated for more than half a second, whatever the key;
# - the cache stays useful: at most three queries per ten requests, the writes included.
#
# `shard_of(name, shards)` says which shard keeps a name; the client library computes the same. Copies in the cache must be read and removed by their names; the row in the
# database has only one name. `app.random()` draws a number from 0 to 1. `app.shared` is a dict that all requests of a run share; it begins empty. Ours took 20 lines.

# %% id="imports"
from binascii import crc_hqx

import cachesim as cs


# %% id="shard-of"
def shard_of(name, shards):
    """Return the shard that keeps a name, for names without {...}: the CRC16 says the slot."""
    return crc_hqx(name.encode(), 0) % 16384 * shards // 16384


# %% id="spread"
class Spread(cs.Strategy):
    """Lazy loading in which one key has a copy on every shard."""

    hot: str = "key:00000000"
    shards: int = 4

    # BEGIN SOLUTION
    def copies(self):
        """Return one name per shard."""
        names, number = {}, 0
        while len(names) < self.shards:
            name = f"{self.hot}#{number}"
            names[shard_of(name, self.shards)] = name
            number += 1
        return list(names.values())

    # END SOLUTION

    def read(self, app, key):
        """Return the value of a key."""
        # BEGIN SOLUTION
        name = key
        if key == self.hot:
            names = self.copies()
            name = names[int(app.random() * len(names))]
        value = yield app.cache.get(name)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(name, value)
        return value
        # END SOLUTION

    def write(self, app, key, value):
        """Make the value the key's newest one."""
        # BEGIN SOLUTION
        yield app.db.write(key, value)
        for name in self.copies() if key == self.hot else [key]:
            yield app.cache.delete(name)
        # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"shards": random(4, 5), "rate": random(900, 1100)}


# %% id="helpers" tags=["helpers"]
import numpy as np

from cachesim.grading.histories import first_empty, first_lost, first_stale, rows_of

KEYS, HOT_SHARE = 500, 0.4  # the first key gets this share of the requests
MOST, LONGEST, QUERIES = 1.25, 0.5, 0.3  # even shares; seconds; queries per request


class OneHot(cs.popularity.Popularity):
    """One key is hot; all others are alike."""

    def pick(self, rng, size, first):
        """Draw the numbers of keys."""
        others = rng.integers(1, self.keys, size=size)
        return np.where(rng.random(size) < HOT_SHARE, 0, others)


def world(lab):
    """Run your strategy on a cluster, and return the history."""
    strategy = lab.strategy("Spread", shards=lab.params["shards"])
    quick = cs.distributions.Constant(value=0.002)
    small = cs.distributions.Constant(value=100)
    workload = cs.OpenLoop(
        rate=lab.params["rate"], reads=0.97, popularity=OneHot(keys=KEYS), size=small
    )
    scenario = cs.Scenario(
        strategy=strategy,
        cache=cs.Redis(memory=8 * cs.MIB),
        fleet=cs.Shards(lab.params["shards"]),
        database=cs.Database(connections=50, buffer_read=quick, disk_read=quick, commit=quick),
        workload=workload,
        duration=4,
        warmup=0,
        seed=lab.params["rate"],
    )
    return cs.run(scenario).history


def run(lab):
    """Run your strategy once for all tests."""
    return lab.once("run", lambda: world(lab))


# %% id="visible" tags=["visible"]
def test_reads_and_writes(lab):
    seen = rows_of(run(lab))
    assert not (wrong := first_empty(seen) or first_lost(seen)), wrong


def test_no_hot_shard(lab):
    seen, shards = run(lab), lab.params["shards"]
    answered = seen.loc[seen["op"] == "read", "node"].dropna()
    times = shards * answered.value_counts().max() / max(1, (seen["op"] == "read").sum())
    assert times <= MOST, (
        f"one of {shards} shards answers {times:.2f} times its even share of the reads; allowed: {MOST}"
    )


# %% id="hidden" tags=["hidden"]
def test_fresh_enough(lab):
    late = first_stale(rows_of(run(lab)), LONGEST)
    assert not late, late


def test_still_a_cache(lab):
    seen = run(lab)
    requests = (seen["op"] != "sample").sum()
    share = queries(seen) / requests
    assert share <= QUERIES, (
        f"{share:.2f} queries per request reached the database; allowed: {QUERIES}"
    )


def test_two_runs_do_not_meet(lab):
    with because(SHARED):
        differs = meets_itself(lambda: lab.strategy("Spread", hot="a", shards=3), lab.seed)
        assert not differs, differs
