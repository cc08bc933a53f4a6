# %% [markdown] id="question"
# # 10 · Keep the site up
#
# The cache is one Memcached node. It is restarted, is away for half a second, and comes back empty. The database can answer 200 reads per second, and it takes 22 queries at a time;
# it refuses all others. Users ask 700 times a second. **What happens to the users?** With lazy loading, one in twelve is turned away.
#
# Write `Steady`: lazy loading in which `read(self, app, key)` fills the cache on a miss and `write(self, app, key, value)` commits and then deletes the copy. However empty the cache
# is, no request may fail, and nobody may wait for more than two seconds. Two things keep a database alive: each missing key is loaded once, however many want it; and only so many
# loads are under way at a time, while the others wait for their turn. Writes need room in the database, too.
#
# And if the database refuses a load all the same, because somebody else has taken its connections? Then those who wait for this load fail. But its place must be free again, and the
# next read of the key must try again.
#
# `app.shared` is a dict that all requests see. `app.spawn(generator)` starts a generator beside a request and returns an event, which fires with what the generator returns;
# `yield app.timeout(seconds)` waits. Ours took 19 lines.

# %% id="imports"
import cachesim as cs


# %% id="steady"
class Steady(cs.Strategy):
    """Lazy loading with invalidation that a database survives when the cache is gone."""

    ttl: float = 30.0  # seconds that a copy lives; use it as self.ttl

    def read(self, app, key):
        """Return the value of a key."""
        # BEGIN SOLUTION
        value = yield app.cache.get(key)
        if value is None:
            if key not in app.shared:
                app.shared[key] = app.spawn(self.load(app, key))
            value = yield app.shared[key]
        return value

    def load(self, app, key):
        while app.shared.get("loads", 0) >= 12:  # at a time
            yield app.timeout(0.01)
        app.shared["loads"] = app.shared.get("loads", 0) + 1
        try:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, self.ttl)
        finally:  # after a failure, too
            app.shared["loads"] -= 1
            del app.shared[key]
        return value
        # END SOLUTION

    def write(self, app, key, value):
        """Make the value the key's newest one, and delete the copy."""
        # BEGIN SOLUTION
        yield app.db.write(key, value)
        yield app.cache.delete(key)
        # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"keys": random(380, 420)}


# %% id="helpers" tags=["helpers"]
from cachesim.grading.histories import first_empty, first_lost, hits, of, requests_of, told

AWAY, BACK, END = 2.0, 2.5, 6.0  # seconds: when the node goes, when it is back, when the run ends


def world(strategy, params, restart):
    """Return one row per request: how it went."""
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
    return requests_of(scenario)


def mine(lab):
    """Return your strategy."""
    return lab.strategy("Steady")


def run(lab, restart=True):
    """Run your strategy, with the restart or without."""
    return lab.once(restart, lambda: world(mine(lab), lab.params, restart))


# %% id="visible" tags=["visible"]
def test_calm_days(lab):
    seen = run(lab, restart=False)
    assert not (wrong := first_empty(seen) or first_lost(seen)), wrong
    assert hits(seen) > 0.8, f"{hits(seen):.0%} of the reads hit; right: more than 80 %"


def test_nobody_is_turned_away(lab):
    seen = run(lab)
    failed = seen[seen["error"].notna()]
    assert failed.empty, (
        f"{len(failed)} of {len(seen)} requests failed; the first: {told(failed.iloc[0])} ({failed.iloc[0]['error']})"
        if len(failed)
        else ""
    )


# %% id="hidden" tags=["hidden"]
def test_nobody_waits_long(lab):
    reads = of(run(lab), "read")
    longest = reads.loc[(reads["end"] - reads["begin"]).idxmax()]
    took = longest["end"] - longest["begin"]
    assert took <= LONGEST_WAIT, (
        f"{told(longest)} took {took:.1f} s; right: at most {LONGEST_WAIT:g} s"
    )


def test_nothing_old_is_served(lab):
    old = first_stale(run(lab), OLDEST)
    assert not old, old


def test_the_cache_fills_again(lab):
    seen = run(lab)
    share = hits(seen[seen["begin"] > END - 1])
    assert share > 0.75, f"in the last second {share:.0%} of the reads hit; right: more than 75 %"


def test_places_are_given_back(lab):
    steps, refused = outage()
    seen = quiet(mine(lab), steps, refused)
    with because(GIVEN_BACK):
        check_well_again(seen[seen["begin"] > refused[1]])


def test_two_runs_do_not_meet(lab):
    steps = script(lab)
    with because(SHARED):
        check_again(quiet_again(lambda: mine(lab), steps), steps)
