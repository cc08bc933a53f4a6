# %% [markdown] id="question"
# # 9 · Find and fix the stale set
#
# A write commits and then deletes the cached copy. **Can a reader put the old row back?** It can. The reader missed and read the old row; while its `set` was on the way, a
# writer committed *and* deleted. The old row comes in last. Without a TTL it stays.
#
# First find such readers. `stale_sets(requests)` gets a list of dicts with `op` ("read" or "write"), `key`, `begin`, `end` (in seconds), `version` (which was read or made), and
# for reads `missed`. It returns the places, counted from 0, of the reads that missed and ended after a newer version of their key had been acknowledged (a write is
# acknowledged at its `end`).
#
# Then write `Careful`: lazy loading in which `write(self, app, key, value)` commits and deletes, and `read(self, app, key)` fills the cache on a miss, but no old copy lives
# for more than a quarter of a second. The cache must stay useful: at least 0.9 times as many hits as plain lazy loading has. A short TTL does not reach that. Nor does the
# *delayed double delete*, a second delete some time after the first: it also deletes good copies (about 0.83 times the hits here, with a delay of 150 ms), and it misses every fill
# that is slower than the delay. Ours took 19 lines.

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

    def read(self, app, key):
        """Return the value of a key."""
        # BEGIN SOLUTION
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
            again = yield app.db.read(key)
            if again != value:  # somebody wrote meanwhile, and may have deleted too early
                yield app.cache.delete(key)
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
    return {"keys": random(30, 40), "clients": random(28, 34)}


# %% id="helpers" tags=["helpers"]
from cachesim.grading.histories import first_empty, first_lost, hits, requests_of

LONGEST = 0.25  # seconds that an old copy may live


def mine(lab):
    """Return your strategy."""
    return lab.strategy("Careful")


def world(strategy, params):
    """Run a scenario; return one row per request. The cache is 20 ms away, so the race is common."""
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
        duration=6,
        warmup=0,
        seed=params["keys"],
    )
    return requests_of(scenario)


def run(lab):
    """Run your strategy."""
    return lab.once("run", lambda: world(mine(lab), lab.params))


def places(lab, requests):
    """Return the result of your function, if it is a list of whole numbers."""
    found = lab.call("stale_sets", requests)
    right_kind = type(found) is list and all(type(place) is int for place in found)
    assert right_kind, f"stale_sets returned {found!r:.60}; right: a list of whole numbers"
    return found


# %% id="visible" tags=["visible"]
def test_finds_one_by_hand(lab):
    read = {"op": "read", "key": "a", "begin": 1.0, "end": 3.0, "version": 1, "missed": True}
    write = {"op": "write", "key": "a", "begin": 1.5, "end": 2.5, "version": 2}
    for story, requests, right in (
        (
            "a write that ended at t=2.5 s, and a read that missed and ended at t=3 s",
            [write, read],
            [1],
        ),
        (
            "a write that ended at t=2.5 s, and a read that missed and ended at t=2 s",
            [write, {**read, "end": 2.0}],
            [],
        ),
        ("a write of another key, and a read that missed", [{**write, "key": "b"}, read], []),
        ("a write, and a read that hit", [write, {**read, "missed": False}], []),
        (
            "a write, and a read that missed and returned the new version",
            [write, {**read, "version": 2}],
            [],
        ),
    ):
        found = places(lab, requests)
        from_one = (
            " (the places count from 0)"
            if right and found == [place + 1 for place in right]
            else ""
        )
        assert found == right, f"{story}: stale_sets returned {found}{from_one}; right: {right}"


def test_reads_and_fills(lab):
    seen = run(lab)
    assert not (wrong := first_empty(seen) or first_lost(seen)), wrong
    assert hits(seen) > 0.2, f"{hits(seen):.0%} of the reads hit; right: more than 20 %"


# %% id="hidden" tags=["hidden"]
def test_finds_all_in_a_run(lab):
    requests, right = judged_run(plain(lab))
    found = places(lab, requests)
    assert sorted(set(found)) == right, (
        f"of {len(requests)} requests {len(right)} are stale sets; stale_sets returned {len(found)} places, {len(set(found) & set(right))} of them right"
    )


def test_no_old_copy_lives_long(lab):
    late = first_stale(run(lab), LONGEST)
    assert not late, late


def test_still_a_cache(lab):
    share, usual = hits(run(lab)), hits(plain(lab))
    assert share > 0.9 * usual, (
        f"{share:.0%} of the reads hit; with plain lazy loading {usual:.0%} hit, and at least {0.9 * usual:.0%} are asked for"
    )


def test_two_runs_do_not_meet(lab):
    steps = script(lab)
    with because(SHARED):
        check_again(quiet_again(lambda: mine(lab), steps), steps)
