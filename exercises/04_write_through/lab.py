# %% [markdown] id="question"
# # 4 · Write-through, and when it still goes stale
#
# If every write also sets the cache, then the cache never holds an old value. **Is that so?** It is, as long as one client does one thing after the other. It is not when
# several are at work: two writers can overtake each other, and so can a writer and a reader that fills the cache. You will build the strategy and then break it.
#
# First write `Through`. `read(self, app, key)` looks into the cache; on a miss it reads the database and fills the cache. `write(self, app, key, value)` commits the value to
# the database, then sets it in the cache, and ends when both are done. Copies have no TTL. What the database refuses must not be in the cache.
#
# Then break it. Two writers, A and B, write the same key. Each has two steps: `"A db"` is A's commit, `"A cache"` is A's set, and `"B db"` and `"B cache"` are B's. `schedule()`
# returns a list of these four texts: each writer commits before it sets, A commits before B, and at the end the cache holds another value than the database. Ours took 9 lines.

# %% id="imports"
import cachesim as cs


# %% id="through"
class Through(cs.Strategy):
    """Write-through; reads that miss fill the cache."""

    def read(self, app, key):
        """Return the value of a key."""
        # BEGIN SOLUTION
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            if value is not None:
                yield app.cache.set(key, value)
        return value
        # END SOLUTION

    def write(self, app, key, value):
        """Make the value the key's newest one, in both tiers."""
        # BEGIN SOLUTION
        yield app.db.write(key, value)
        yield app.cache.set(key, value)
        # END SOLUTION


# %% id="schedule"
def schedule():
    """Return the four steps of two writers, in an order that leaves an old value in the cache."""
    # BEGIN SOLUTION
    return ["A db", "B db", "B cache", "A cache"]
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"keys": random(60, 120), "clients": random(4, 9)}


# %% id="helpers" tags=["helpers"]
from cachesim.grading.histories import first_empty, first_lost, first_stale, of, requests_of, told
from cachesim.grading.scripts import quiet

STEPS = ["A cache", "A db", "B cache", "B db"]


def mine(lab):
    """Return your strategy."""
    return lab.strategy("Through")


def busy(strategy, clients, keys, rest):
    """Return a scenario in which so many clients read and write, and rest in between."""
    workload = cs.ClosedLoop(
        clients=clients,
        think=cs.distributions.Exponential(mean=rest) if rest else cs.distributions.Constant(),
        reads=0.8,
        popularity=cs.popularity.Zipf(keys=keys),
    )
    return cs.Scenario(strategy=strategy, workload=workload, duration=2, warmup=0, seed=keys)


def named_steps(lab):
    """Return the steps of your schedule, if they are four and two writers can take them in this order."""
    steps = lab.call("schedule")
    assert type(steps) is list and all(type(step) is str for step in steps), (
        f"schedule() returned {steps!r:.60}; right: a list of four texts"
    )
    assert sorted(steps) == STEPS, (
        f"the steps are {', '.join(steps):.80}; right: {', '.join(STEPS)}, each of them once"
    )
    for writer in "AB":
        assert steps.index(f"{writer} db") < steps.index(f"{writer} cache"), (
            f"{writer} sets the cache before it commits; each writer commits first"
        )
    assert steps.index("A db") < steps.index("B db"), "B commits before A; A should be the first"
    return steps


# %% id="visible" tags=["visible"]
def test_a_write_is_in_the_cache(lab):
    seen = quiet(
        mine(lab),
        [
            (1, "read", "a"),
            (1, "write", "a"),
            (1, "read", "a"),
            (1, "write", "b"),
            (1, "read", "b"),
        ],
    )
    assert not (wrong := first_empty(seen) or first_lost(seen)), wrong
    for _, row in of(seen, "read").iloc[1:].iterrows():
        assert row["lookup"] == "hit", (
            f"{told(row)} missed, and the key had been written a second before"
        )


def test_one_client_is_never_stale(lab):
    stale = first_stale(requests_of(busy(mine(lab), clients=1, keys=5, rest=0)))
    assert not stale, stale


def test_a_schedule_of_two_writers(lab):
    named_steps(lab)


# %% id="hidden" tags=["hidden"]
def test_like_write_through(lab):
    steps = script(lab)
    other = first_difference(quiet(mine(lab), steps), quiet(cs.WriteThrough(), steps))
    assert not other, other


def test_nothing_uncommitted_is_in_the_cache(lab):
    steps = [(1, "read", "a"), (1, "write", "a"), (1, "read", "a")]
    seen = quiet(mine(lab), steps, refused=(1.5, 2.5))
    assert not (wrong := first_empty(seen) or first_lost(seen)), (
        f"{wrong}. The database had refused the write"
    )
    row = seen.iloc[-1]
    assert row["version"] == 0, (
        f"{told(row)} returned version {row['version']}, which the database had refused"
    )


def test_many_clients(lab):
    check_busy(lab)


def test_two_runs_do_not_meet(lab):
    steps = script(lab)
    with because(SHARED):
        other = first_difference(
            quiet_again(lambda: mine(lab), steps), quiet(cs.WriteThrough(), steps)
        )
        assert not other, other


def test_a_schedule_that_goes_stale(lab):
    left_stale(named_steps(lab))
