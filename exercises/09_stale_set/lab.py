# %% [markdown] id="question"
# # 9 · Find and fix the stale set
#
# A write commits and then deletes the cached copy. **Can a reader put the old row back?** It can: it missed, read the old row, and while its `set` was on the way a
# writer committed *and* deleted. The old row comes in last, and without a TTL it stays.
#
# First find such readers: `stale_sets(requests)` gets a list of dicts with `op`, `key`, `begin`, `end`, `version` (read or made) and, for reads, `missed`; it returns the
# places (from 0) of the reads that missed and whose request ended after a newer version of their key had been acknowledged. Then fix it: write `Careful`, lazy loading
# with invalidation in which an old copy lives for a quarter of a second at most. No TTL so short that the cache is of no use; at most about two queries a miss. Ours
# took 21 lines.

# %% id="imports"
import cachesim as cs


# %% id="find"
def stale_sets(requests):
    """Return the places of the reads that stored an outdated copy."""
    # BEGIN SOLUTION
    found = []
    for place, read in enumerate(requests):
        if read["op"] == "read" and read["missed"]:
            for write in requests:
                newer = write["op"] == "write" and write["key"] == read["key"]
                if newer and write["version"] > read["version"] and write["end"] < read["end"]:
                    found.append(place)
                    break
    return found
    # END SOLUTION


# %% id="careful"
class Careful(cs.Strategy):
    """Lazy loading with invalidation whose fills do not leave old copies behind."""

    # BEGIN SOLUTION
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
            again = yield app.db.read(key)
            if again != value:  # somebody wrote meanwhile, and may have deleted too early
                yield app.cache.delete(key)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)

    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Return what differs from student to student."""
    return {"keys": random(30, 40), "clients": random(28, 34)}


# %% id="helpers" tags=["helpers"]
from cachesim.grading.histories import of, requests_of

LONGEST = 0.25  # seconds that an old copy may live


def world(strategy, params):
    """Return what came of every request, a row each; the cache is 20 ms away, so that the race is common."""
    network = cs.Network(
        in_zone=cs.distributions.Exponential(mean=0.02),
        cross_zone=cs.distributions.Constant(value=0.001),
        database_in_zone=False,
    )
    quick = cs.distributions.Constant(value=0.001)
    database = cs.Database(connections=50, buffer_read=quick, disk_read=quick, commit=quick)
    workload = cs.ClosedLoop(
        clients=params["clients"],
        reads=0.8,
        popularity=cs.popularity.Uniform(keys=params["keys"]),
    )
    scenario = cs.Scenario(
        strategy=strategy,
        cache=cs.Simple(),
        network=network,
        database=database,
        workload=workload,
        duration=9,
        warmup=0,
        seed=params["keys"],
    )
    return requests_of(scenario)


def run(lab):
    """Run your strategy."""
    return lab.once("run", lambda: world(lab.strategy("Careful"), lab.params))


def places(lab, requests):
    """Return what your function says, if it is a list of whole numbers."""
    found = lab.call("stale_sets", requests)
    right_kind = type(found) is list and all(type(place) is int for place in found)
    assert right_kind, f"a list of whole numbers is asked for, got {found!r:.60}"
    return found


# %% id="visible" tags=["visible"]
def test_finds_one_by_hand(lab):
    read = {"op": "read", "key": "a", "begin": 1.0, "end": 3.0, "version": 1, "missed": True}
    write = {"op": "write", "key": "a", "begin": 1.5, "end": 2.5, "version": 2}
    early = {**read, "end": 2.0}
    for requests, right in (([write, read], [1]), ([write, early], []), ([read], [])):
        found = places(lab, requests)
        assert found == right, f"of {requests} you name {found}, expected {right}"


def test_reads_and_fills(lab):
    reads = of(run(lab), "read")
    hits = (reads["lookup"] == "hit").mean() if len(reads) else 0.0
    assert hits > 0.2, f"{hits:.0%} of {len(reads)} reads were hits, expected more than 20 %"


# %% id="hidden" tags=["hidden"]
def test_finds_all_in_a_run(lab):
    requests, right = judged_run(lab.params)
    found = places(lab, requests)
    assert sorted(set(found)) == right, (
        f"{len(requests)} requests with {len(right)} stale sets: you name {len(found)}, "
        f"{len(set(found) & set(right))} of them rightly"
    )


def test_no_old_copy_lives_long(lab):
    late = longest_stale(run(lab), LONGEST)
    assert late is None, late or ""


def test_still_a_cache(lab):
    mine, plain = run(lab), right(lab.params)
    hits, usual = ((of(h, "read")["lookup"] == "hit").mean() for h in (mine, plain))
    assert hits > 0.9 * usual, f"{hits:.0%} of the reads hit; lazy loading hits {usual:.0%}"
