# %% [markdown] id="question"
# # 10 · Keep the site up
#
# The cache is one Memcached node. It is restarted, is away for half a second, and comes back empty. The database can answer 200 reads a second, and 22 queries at a time;
# users ask 700 times a second. **What happens to the users?** With lazy loading one in twelve is turned away: the database refuses what it has no connection for.
#
# Write `Steady`: lazy loading that deletes on write, in which no request fails, however empty the cache is, and nobody waits for more than two seconds. Two things keep a
# database alive: each missing key is loaded once, however many want it, and only so many loads are under way at a time; the others wait for their turn. `app.shared` is a
# dict that all requests see, `app.spawn(generator)` starts something beside a request and returns an event that fires with its result, and
# `yield app.timeout(seconds)` waits. Ours took 22 lines.

# %% id="imports"
import cachesim as cs


# %% id="steady"
class Steady(cs.Strategy):
    """Lazy loading with invalidation that a database survives when the cache is gone."""

    ttl: float = 30.0  # seconds

    # BEGIN SOLUTION
    most: int = 12  # loads at a time

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            if key not in app.shared:
                app.shared[key] = app.spawn(self.load(app, key))
            value = yield app.shared[key]
        return value

    def load(self, app, key):
        while app.shared.get("loads", 0) >= self.most:
            yield app.timeout(0.01)
        app.shared["loads"] = app.shared.get("loads", 0) + 1
        try:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, self.ttl)
        finally:
            app.shared["loads"] -= 1
            del app.shared[key]
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)

    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Return what differs from student to student."""
    return {"keys": random(380, 420)}


# %% id="helpers" tags=["helpers"]
from cachesim.grading.histories import of, told

AWAY, BACK, END = 2.0, 2.5, 6.0  # seconds: when the node goes, when it is back, when the run ends


def world(strategy, params, restart):
    """Return what came of every request, a row each."""
    constant = cs.distributions.Constant
    database = cs.Database(
        connections=2,
        waiting=20,
        buffer_read=constant(value=0.01),
        disk_read=constant(value=0.01),
        commit=constant(value=0.002),
    )
    workload = cs.OpenLoop(
        rate=700,
        reads=0.98,
        popularity=cs.popularity.Zipf(keys=params["keys"]),
        size=constant(value=200),
    )
    scenario = cs.Scenario(
        strategy=strategy,
        cache=cs.Memcached(memory=4 * cs.MIB),
        database=database,
        workload=workload,
        start="warm",
        duration=END if restart else 2.0,
        warmup=0,
        seed=params["keys"],
        faults=(cs.faults.RebootCache(at=AWAY, duration=BACK - AWAY),) if restart else (),
    )
    history = cs.run(scenario).history
    return history[history["op"] != "sample"]


def run(lab, restart=True):
    """Run your strategy, with the restart or without."""
    return lab.once(restart, lambda: world(lab.strategy("Steady"), lab.params, restart))


def hits(history):
    """Return the share of the reads that found their key in the cache."""
    reads = of(history, "read")
    return float((reads["lookup"] == "hit").mean()) if len(reads) else 0.0


# %% id="visible" tags=["visible"]
def test_calm_days(lab):
    history = run(lab, restart=False)
    empty = history[(history["op"] == "read") & history["version"].isna()]
    assert empty.empty, f"{told(empty.iloc[0])} returned nothing" if len(empty) else ""
    assert hits(history) > 0.8, f"{hits(history):.0%} of the reads hit, expected more than 80 %"


def test_nobody_is_turned_away(lab):
    history = run(lab)
    failed = history[history["error"].notna()]
    assert failed.empty, (
        f"{len(failed)} of {len(history)} requests failed; the first: {told(failed.iloc[0])} "
        f"({failed.iloc[0]['error']})"
        if len(failed)
        else ""
    )


# %% id="hidden" tags=["hidden"]
def test_nobody_waits_long(lab):
    reads = of(run(lab), "read")
    longest = reads.loc[(reads["end"] - reads["begin"]).idxmax()]
    took = longest["end"] - longest["begin"]
    assert took <= LONGEST_WAIT, (
        f"{told(longest)} took {took:.1f} s, at most {LONGEST_WAIT:g} s are allowed"
    )


def test_nothing_old_is_served(lab):
    late = oldest(run(lab), OLDEST)
    assert late is None, late or ""


def test_the_cache_fills_again(lab):
    history = run(lab)
    share = hits(history[history["begin"] > END - 1])
    assert share > 0.75, f"in the last second {share:.0%} of the reads hit, expected more than 75 %"
