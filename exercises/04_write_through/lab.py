# %% [markdown] id="question"
# # 4 · Write-through, and when it still goes stale
#
# If every write also sets the cache, then what is cached is never old. **Is that so?** First write the strategy: a read fills on a miss, a write is committed
# and then set in the cache, without a TTL. Then break it: `schedule()` returns the four steps `"A db"`, `"A cache"`, `"B db"` and `"B cache"` of two writers
# of one key, in an order in which each writer does its own steps in the right order, A commits before B, and the cache is left with the wrong value. Ours took
# 11 lines.

# %% id="imports"
import cachesim as cs


# %% id="through"
class Through(cs.Strategy):
    """Write-through with lazy fill."""

    # BEGIN SOLUTION
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            if value is not None:
                yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value)

    # END SOLUTION


# %% id="schedule"
def schedule():
    """Return the steps of two writers, in an order that leaves the cache stale."""
    # BEGIN SOLUTION
    return ["A db", "B db", "B cache", "A cache"]
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Return what differs from student to student."""
    return {"keys": random(60, 120), "clients": random(4, 9)}


# %% id="helpers" tags=["helpers"]
from cachesim.grading.histories import first_stale, requests_of, told


def requests(strategy, clients, params):
    """Return what came of every request of a run, a row each."""
    workload = cs.ClosedLoop(
        clients=clients,
        think=cs.distributions.Exponential(mean=0.02),
        reads=0.8,
        popularity=cs.popularity.Zipf(keys=params["keys"]),
    )
    scenario = cs.Scenario(
        strategy=strategy,
        workload=workload,
        duration=20 / clients,
        warmup=1 / clients,
        seed=params["keys"],
    )
    return requests_of(scenario)


def run(lab, clients):
    """Run your strategy."""
    return lab.once(clients, lambda: requests(lab.strategy("Through"), clients, lab.params))


def missed_after_a_write(history):
    """Return the first read that missed although its key had been written before, if there is one."""
    written = set()
    for row in history.to_dict("records"):
        if row["op"] == "write":
            written.add(row["key"])
        elif row["lookup"] != "hit" and row["key"] in written:
            return row
    return None


# %% id="visible" tags=["visible"]
def test_a_write_is_in_the_cache(lab):
    late = missed_after_a_write(run(lab, clients=1))
    assert late is None, (
        f"{told(late)} was a miss, though the key had been written" if late is not None else ""
    )


def test_one_writer_is_never_stale(lab):
    stale = first_stale(run(lab, clients=1))
    assert stale is None, stale or ""


# %% id="hidden" tags=["hidden"]
def test_like_write_through(lab):
    mine, best = run(lab, lab.params["clients"]), right(lab.params)
    assert mine.equals(best), first_difference(mine, best)


def test_a_schedule_that_goes_stale(lab):
    judged(lab.call("schedule"))
