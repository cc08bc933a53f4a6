# %% [markdown] id="question"
# # 7 · Stop a thundering herd
#
# The front page is read a thousand times a second. **It expires. What happens to the database in the next instant?** Everybody misses at once, and everybody
# asks it. Three cures, which belong together:
#
# - *Single flight*: one request fetches the row, and all others wait for the same answer. `app.shared` is a dict that all requests see, and
#   `app.spawn(generator)` starts something beside a request and returns an event that fires with its result.
# - *Early refresh*: a read that finds a copy in the last `early` seconds of its life (`app.now` is the time) gets that copy, and a new one is fetched beside it,
#   once. Nobody waits any more. With `early = 0` there is none of it.
# - *Jitter*: `lifetime(ttl, draw)` makes of a TTL and of a random `draw` between 0 and 1 how long one copy lives, so that what was stored together does not
#   expire together: at most `ttl`, at least half of it. (`HerdProof` need not use it: here the TTL is `ttl`.)
#
# Ours took 21 lines.

# %% id="imports"
import cachesim as cs


# %% id="herd-proof"
class HerdProof(cs.Strategy):
    """Lazy loading in which each key is fetched once at a time, and before it expires."""

    ttl: float = 1.0  # seconds
    early: float = 0.0  # seconds before its end at which a copy that is read is renewed

    # BEGIN SOLUTION
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield self.renewed(app, key)
        elif self.early and app.now > app.shared.get((key, "ends"), 0) - self.early:
            self.renewed(app, key)  # nobody waits for it
        return value

    def renewed(self, app, key):
        """Return the event of the one fill of a key that is under way."""
        if key not in app.shared:
            app.shared[key] = app.spawn(self.fill(app, key))
        return app.shared[key]

    def fill(self, app, key):
        value = yield app.db.read(key)
        yield app.cache.set(key, value, self.ttl)
        app.shared[key, "ends"] = app.now + self.ttl
        del app.shared[key]
        return value

    def write(self, app, key, value):
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
    """Return what differs from student to student."""
    return {"clients": random(20, 30), "ttl": random(4, 7) / 10}


# %% id="helpers" tags=["helpers"]
KEYS, DURATION, ROW = 2, 2.0, 0.03  # how many, seconds, seconds that the database takes for a row


def run(lab, early=0.0):
    """Run your strategy; return its reads, and how many queries reached the database."""
    return lab.once(early, lambda: queried(scenario(lab, early)))


def scenario(lab, early):
    """Return what is run: many users, two keys, a slow database."""
    workload = cs.ClosedLoop(
        clients=lab.params["clients"],
        think=cs.distributions.Exponential(mean=0.04),
        reads=1.0,
        popularity=cs.popularity.Uniform(keys=KEYS),
    )
    slow = cs.distributions.Constant(value=ROW)
    return cs.Scenario(
        strategy=lab.strategy("HerdProof", ttl=lab.params["ttl"], early=early),
        workload=workload,
        database=cs.Database(connections=8, buffer_read=slow, disk_read=slow),
        duration=DURATION,
        warmup=0,
        seed=lab.params["clients"],
    )


def queried(scenario):
    """Return the reads of a run and how many queries reached the database."""
    history = cs.run(scenario).history
    return history[history["op"] == "read"], int(history["db_queries"].max())


def fills(lab, early=0.0):
    """Return how many queries are enough: one for each key and each life of a copy."""
    return KEYS * DURATION / (lab.params["ttl"] - early + ROW)


def told(row, what):
    """Say which read it was, and what was wrong with it."""
    return f"the read of {row['key']} at t={row['begin']:.3f} s {what}"


# %% id="visible" tags=["visible"]
def test_reads_are_right(lab):
    reads, _ = run(lab)
    empty = reads[reads["version"].isna() | (reads["version"] < 0)]
    assert empty.empty, told(empty.iloc[0], "returned nothing") if len(empty) else ""


def test_one_query_for_all(lab):
    _, queries = run(lab)
    enough = fills(lab)
    assert queries <= 1.3 * enough + KEYS, f"{queries} queries, where about {enough:.0f} are enough"


def test_nobody_waits(lab):
    ttl = lab.params["ttl"]
    reads, _ = run(lab, early=0.3 * ttl)
    late = reads[(reads["begin"] > 0.5 * ttl) & (reads["lookup"] != "hit")]
    assert late.empty, told(late.iloc[0], "had to wait for the database") if len(late) else ""


# %% id="hidden" tags=["hidden"]
def test_again_and_again(lab):
    _, queries = run(lab)
    assert queries >= 0.7 * fills(lab), (
        f"{queries} queries; copies that live for their TTL need about {fills(lab):.0f}"
    )


def test_renewed_by_one(lab):
    early = 0.3 * lab.params["ttl"]
    _, queries = run(lab, early)
    enough = fills(lab, early)
    assert 0.7 * enough <= queries <= 1.3 * enough + KEYS, (
        f"{queries} queries with early refresh, where about {enough:.0f} are right"
    )


def test_lives_are_spread(lab):
    for ttl in (10.0, lab.params["ttl"]):
        spread([number(lab.call("lifetime", ttl, draw / 20)) for draw in range(21)], ttl)
