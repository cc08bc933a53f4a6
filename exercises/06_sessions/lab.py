# %% [markdown] id="question"
# # 6 · A session store with a sliding TTL
#
# A shop's web servers come and go with the load. **Where is your shopping cart when the server that you spoke to is gone?** In a cache that they share: a
# session lives as long as somebody uses it, and `idle` seconds longer. A read finds it in the cache, or else in the database, and renews it; a write goes to
# the database and renews it in the cache. Ours took 10 lines.

# %% id="imports"
import cachesim as cs


# %% id="sessions"
class Sessions(cs.Strategy):
    """Sessions that end when they have been idle for a while."""

    idle: float = 10.0  # seconds

    # BEGIN SOLUTION
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
        if value is not None:
            yield app.cache.set(key, value, self.idle)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value, self.idle)

    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Return what differs from student to student."""
    return {"idle": random(2, 4), "keys": random(60, 100)}


# %% id="helpers" tags=["helpers"]
import math

from cachesim.grading.histories import of, requests_of, told


def requests(strategy, params, reads):
    """Return what came of every request of a run, a row each."""
    workload = cs.OpenLoop(rate=60, reads=reads, popularity=cs.popularity.Zipf(keys=params["keys"]))
    scenario = cs.Scenario(
        strategy=strategy, workload=workload, duration=10, warmup=1, seed=params["keys"]
    )
    return requests_of(scenario)


def run(lab, reads=0.8):
    """Run your strategy."""
    idle = float(lab.params["idle"])
    return lab.once(reads, lambda: requests(lab.strategy("Sessions", idle=idle), lab.params, reads))


def expired_early(history, idle):
    """Say which session was gone although it had been used less than its idle time before, if one was."""
    used = {}
    for row in history.sort_values("begin").to_dict("records"):
        last, ended = used.get(row["key"], (math.inf, 0))
        unused = row["begin"] - ended
        if (
            row["op"] == "read"
            and row["lookup"] != "hit"
            and last < row["begin"]
            and 0 < unused < idle - 0.1
        ):
            return f"{told(row)} did not find the session, {unused:.2f} s after it was used; it lives {idle:g} s"
        used[row["key"]] = (row["begin"], max(row["end"], ended))
    return None


# %% id="visible" tags=["visible"]
def test_finds_sessions(lab):
    reads = of(run(lab), "read")
    hits = int((reads["lookup"] == "hit").sum())
    assert hits > len(reads) / 2, f"{hits} of {len(reads)} reads found their session in the cache"


def test_a_read_renews(lab):
    early = expired_early(run(lab, reads=1.0), lab.params["idle"])
    assert early is None, early or ""


# %% id="hidden" tags=["hidden"]
def test_a_write_renews(lab):
    early = expired_early(run(lab, reads=0.3), lab.params["idle"])
    assert early is None, early or ""


def test_like_the_session_store(lab):
    mine, best = run(lab), right(lab.params)
    assert mine.equals(best), first_difference(mine, best)
