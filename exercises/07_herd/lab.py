# %% [markdown] id="question"
# # 7 · Stop a thundering herd
#
# The front page is read a thousand times a second. **It expires. What happens to the database in the next instant?** Everybody misses at once, and everybody
# asks it. Let one request fetch the row while all others wait for the same answer: *single flight*. `app.shared` is a dict that all requests see, and
# `app.spawn(generator)` starts something beside a request and returns an event that fires with its result. Then write `lifetime(ttl, draw)`: a TTL with
# *jitter*, from a random `draw` between 0 and 1, so that what was stored together does not expire together. Ours took twenty lines.

# %% id="imports"
import cachesim as cs


# %% id="single-flight"
class SingleFlight(cs.Strategy):
    """Lazy loading in which each missing key is fetched once."""

    ttl: float = 1.0  # seconds

    # BEGIN SOLUTION
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            if key not in app.shared:
                app.shared[key] = app.spawn(self.fill(app, key))
            value = yield app.shared[key]
        return value

    def fill(self, app, key):
        value = yield app.db.read(key)
        yield app.cache.set(key, value, self.ttl)
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


# %% id="visible" tags=["visible"]
def test_reads_are_right(lab):
    reads, _ = run(lab)
    empty = reads[reads["version"].isna() | (reads["version"] < 0)]
    assert empty.empty, (
        f"the read of {empty.iloc[0]['key']} at t={empty.iloc[0]['begin']:.3f} s returned nothing"
        if len(empty)
        else ""
    )


def test_one_query_for_all(lab):
    (_, mine), (_, lazy), (_, right) = run(lab), run(None), run("reference")
    assert mine <= 1.3 * right + 2, (
        f"{mine} queries; lazy loading makes {lazy}, and {right} are enough"
    )


# %% id="hidden" tags=["hidden"]
def test_again_and_again(lab):
    (_, mine), (_, right) = run(lab), run("reference")
    assert mine >= 0.7 * right, (
        f"{mine} queries, but the copies that lived for their TTL needed {right}"
    )


def test_lives_are_spread(lab):
    for ttl in (10.0, lab.params["ttl"]):
        spread([number(lab.call("lifetime", ttl, draw / 20)) for draw in range(21)], ttl)
