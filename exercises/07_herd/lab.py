# %% [markdown] id="question"
# # 7 · Stop a thundering herd
#
# The front page is read a thousand times a second. **Its copy expires. What happens to the database in the next instant?** Everybody misses at once, and everybody asks the
# database. Three cures belong together:
#
# - *Single flight*: one request fetches the row, and all others wait for the same answer. `app.shared` is a dict that all requests see. `app.spawn(generator)` starts a
#   generator beside a request and returns an event; the event fires with what the generator returns, and everybody may `yield` it.
# - *Early refresh*: a read that finds a copy in the last `early` seconds of its life gets that copy, and one new copy is fetched beside it (`app.now` is the time in seconds).
#   So nobody waits any more. With `early = 0` there is no early refresh.
# - *Jitter*: `lifetime(ttl, draw)` says how long one copy lives, from a TTL and a random number `draw` between 0 and 1: at most `ttl`, at least half of it, and different for
#   different draws. So keys that were stored together do not expire together. (`HerdProof` does not use it: here each copy lives for `self.ttl`.)
#
# `read(self, app, key)` does the first two; `write(self, app, key, value)` goes to the database only. If the database refuses a fetch, those who wait for it fail, and the next
# read tries again. Ours took 21 lines.

# %% id="imports"
import cachesim as cs


# %% id="herd-proof"
class HerdProof(cs.Strategy):
    """Lazy loading in which each key is fetched once at a time, and before it expires."""

    ttl: float = 1.0  # seconds that a copy lives; use it as self.ttl
    early: float = 0.0  # seconds before the end of a copy from which on a read renews it

    def read(self, app, key):
        """Return the value of a key."""
        # BEGIN SOLUTION
        value = yield app.cache.get(key)
        if value is None:
            value = yield self.renewed(app, key)
        elif self.early and app.now > app.shared.get((key, "ends"), 0) - self.early:
            self.renewed(app, key)  # nobody waits for it
        return value

    def renewed(self, app, key):
        """Return the event of the one fetch of a key that is under way."""
        if key not in app.shared:
            app.shared[key] = app.spawn(self.fetch(app, key))
        return app.shared[key]

    def fetch(self, app, key):
        try:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, self.ttl)
            app.shared[key, "ends"] = app.now + self.ttl
        finally:  # after a failure, too: or nobody could fetch the key again
            del app.shared[key]
        return value
        # END SOLUTION

    def write(self, app, key, value):
        """Make the value the key's newest one."""
        # BEGIN SOLUTION
        yield app.db.write(key, value)
        # END SOLUTION


# %% id="lifetime"
def lifetime(ttl, draw):
    """Return how long one copy lives, at most `ttl` seconds; `draw` is a random number from 0 to 1."""
    # BEGIN SOLUTION
    return ttl * (1 - 0.2 * draw)
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"clients": random(20, 30), "ttl": random(4, 7) / 10}


# %% id="helpers" tags=["helpers"]
import math

from cachesim.grading.causes import mistaken
from cachesim.grading.histories import QUERY, first_empty, first_lost, told
from cachesim.grading.scripts import quiet

KEYS, DURATION, ROW = 2, 2.0, 0.03  # how many, seconds, seconds that the database takes for a row


def mine(lab, early=0.0):
    """Return your strategy."""
    return lab.strategy("HerdProof", ttl=lab.params["ttl"], early=early)


def scenario(lab, early):
    """Return the scenario: many users, two keys, a slow database."""
    workload = cs.ClosedLoop(
        clients=lab.params["clients"],
        think=cs.distributions.Exponential(mean=0.04),
        reads=1.0,
        popularity=cs.popularity.Uniform(keys=KEYS),
    )
    slow = cs.distributions.Constant(value=ROW)
    return cs.Scenario(
        strategy=mine(lab, early),
        workload=workload,
        database=cs.Database(connections=8, buffer_read=slow, disk_read=slow),
        duration=DURATION,
        warmup=0,
        seed=lab.params["clients"],
    )


def run(lab, early=0.0):
    """Run your strategy; return its reads, and how many queries reached the database."""
    return lab.once(early, lambda: queried(scenario(lab, early)))


def queried(scenario):
    """Return the reads of a run, and how many queries reached the database."""
    history = cs.run(scenario).history
    return history[history["op"] == "read"], int(history["db_queries"].max())


def fetches(lab, early=0.0):
    """Return how many queries are enough: one for each key and each life of a copy."""
    return KEYS * DURATION / (lab.params["ttl"] - early + ROW)


def check_few(lab, queries, early=0.0):
    """Check that the database got about one query for each life of a copy."""
    enough = fetches(lab, early)
    assert queries <= 1.3 * enough + KEYS, (
        f"{queries} queries reached the database; about {enough:.0f} are enough"
    )


def check_nobody_waits(lab, reads):
    """Check that all reads but the first ones found their key."""
    late = reads[(reads["begin"] > 0.5 * lab.params["ttl"]) & (reads["lookup"] != "hit")]
    assert late.empty, (
        f"{told(late.iloc[0])} missed and had to wait for the database" if len(late) else ""
    )


def life(lab, ttl, draw):
    """Return the result of your function, if a copy can live that long."""
    answer = lab.call("lifetime", ttl, draw)
    call = f"lifetime({ttl:g}, {draw:g})"
    assert type(answer) in (int, float) and math.isfinite(answer), (
        f"{call} returned {answer!r:.60}; right: a number of seconds"
    )
    assert answer <= ttl * (1 + 1e-9), (
        f"{call} returned {answer:.3g} s{mistaken(answer, {'the life in milliseconds': 1000 * ttl}, within=0.5)}; right: at most {ttl:g} s"
    )
    assert answer >= 0.5 * ttl, (
        f"{call} returned {answer:.3g} s{mistaken(answer, {'ttl * draw: most lives are too short': ttl * draw})}; right: at least {0.5 * ttl:g} s"
    )
    return float(answer)


# %% id="visible" tags=["visible"]
def test_reads_and_writes_are_right(lab):
    alone = quiet(
        mine(lab), [(1, "read", "a"), (0.1, "read", "a"), (0.1, "write", "a"), (2, "read", "a")]
    )
    assert not (wrong := first_empty(alone) or first_lost(alone, QUERY)), wrong
    reads, _ = run(lab)
    assert not (wrong := first_empty(reads)), wrong


def test_one_query_for_all(lab):
    check_few(lab, run(lab)[1])


def test_nobody_waits(lab):
    check_nobody_waits(lab, run(lab, early=0.3 * lab.params["ttl"])[0])


def test_a_life_has_bounds(lab):
    for draw in (0.0, 0.25, 0.5, 1.0):
        life(lab, 10.0, draw)


# %% id="hidden" tags=["hidden"]
def test_again_and_again(lab):
    _, queries = run(lab)
    assert queries >= 0.7 * fetches(lab), (
        f"{queries} queries reached the database; copies that live for {lab.params['ttl']} s need about {fetches(lab):.0f}"
    )


def test_renewed_once(lab):
    early = 0.3 * lab.params["ttl"]
    _, queries = run(lab, early)
    assert queries >= 0.7 * fetches(lab, early), (
        f"{queries} queries reached the database; right: about {fetches(lab, early):.0f}"
    )
    check_few(lab, queries, early)


def test_tries_again_after_a_failure(lab):
    seen = quiet(mine(lab), [(1, "read", "a"), (1, "read", "a")], refused=(0.5, 1.5))
    assert len(seen) == 2, "the read after the failure was never answered"
    assert not (wrong := first_empty(seen[seen["begin"] > 1.5])), (
        f"{wrong}. A second before, the database had refused"
    )


def test_lives_are_spread(lab):
    for ttl in (10.0, lab.params["ttl"]):
        lives = [life(lab, ttl, draw / 20) for draw in range(21)]
        width = max(lives) - min(lives)
        assert width >= 0.05 * ttl, f"with a TTL of {ttl:g} s all lives lie within {width:.3g} s"


def test_two_runs_do_not_meet(lab):
    early = 0.3 * lab.params["ttl"]
    in_flight = [(0.001, "read", f"key:{number:08}") for number in range(KEYS)]
    cs.run(scenario(lab, early))
    played(scripted(mine(lab, early), in_flight), KEYS)
    with because(SHARED):
        seen, queries = queried(scenario(lab, early))
        assert not (wrong := first_empty(seen)), wrong
        check_nobody_waits(lab, seen)
        check_few(lab, queries, early)
