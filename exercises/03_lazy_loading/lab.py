# %% [markdown] id="question"
# # 3 · Lazy loading as a strategy
#
# The database is slow and has all the data, the cache is fast and has some. **How does what is asked for often get into the cache, without anybody
# deciding what that is?** Lazy loading: look into the cache first; what is missing is read from the database and left in the cache for the next one,
# for at most `ttl` seconds. Writes go to the database.
#
# A strategy has two generators. Everything that takes time is an event that you `yield`: `answer = yield app.cache.get("a")`. There are
# `app.cache.get(key)`, `app.cache.set(key, value, ttl)`, `app.cache.delete(key)`, `app.db.read(key)` and `app.db.write(key, value)`; what is not there is
# `None`. Ours took 9 lines.

# %% id="imports"
import cachesim as cs


# %% id="lazy"
class Lazy(cs.Strategy):
    """Lazy loading with a TTL."""

    ttl: float = 10.0  # seconds that a copy lives

    # BEGIN SOLUTION
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            if value is not None:
                yield app.cache.set(key, value, self.ttl)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)

    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Return what differs from student to student."""
    return {"ttl": random(10, 25) / 10, "keys": random(80, 150)}


# %% id="helpers" tags=["helpers"]
from cachesim.grading.histories import of, requests_of, told


def requests(strategy, params):
    """Return what came of every request of a run, a row each."""
    workload = cs.OpenLoop(rate=150, reads=0.9, popularity=cs.popularity.Zipf(keys=params["keys"]))
    scenario = cs.Scenario(
        strategy=strategy, workload=workload, duration=5, warmup=1, seed=params["keys"]
    )
    return requests_of(scenario)


def run(lab):
    """Run your strategy; all tests look at the same run."""
    return lab.once(
        "run", lambda: requests(lab.strategy("Lazy", ttl=lab.params["ttl"]), lab.params)
    )


# %% id="visible" tags=["visible"]
def test_a_miss_reads_the_database(lab):
    reads = of(run(lab), "read")
    empty = reads[reads["version"].isna() | (reads["version"] < 0)]
    assert empty.empty, (
        f"{told(empty.iloc[0])} returned nothing, though the row is there" if len(empty) else ""
    )


def test_a_miss_fills_the_cache(lab):
    reads = of(run(lab), "read")
    hits = int((reads["lookup"] == "hit").sum())
    assert hits > len(reads) / 2, f"{hits} of {len(reads)} reads were hits"


# %% id="hidden" tags=["hidden"]
def test_a_write_goes_to_the_database(lab):
    writes = of(run(lab), "write")
    lost = writes[writes["version"].isna() | (writes["version"] < 0)]
    assert lost.empty, (
        f"{told(lost.iloc[0])} was acknowledged, but not committed" if len(lost) else ""
    )


def test_the_copy_lives_for_the_ttl(lab):
    mine, best = (misses_by_kind(history).get("expired", 0) for history in (run(lab), right(lab)))
    assert mine == best, f"{mine} reads missed because a copy had expired, expected {best}"


def test_like_lazy_loading(lab):
    mine, best = run(lab), right(lab)
    assert mine.equals(best), first_difference(mine, best)
