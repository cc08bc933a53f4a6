# %% [markdown] id="question"
# # 4 · Write-through, and when it still goes stale
#
# If every write also sets the cache, then what is cached is never old. **Is that so?** First write the strategy: a read fills on a miss, a write is committed
# and then set in the cache, without a TTL. Then break it: `schedule()` returns the four steps `"A db"`, `"A cache"`, `"B db"` and `"B cache"` of two writers
# of one key, in an order in which each writer does its own steps in the right order, A commits before B, and the cache is left with the wrong value. Ours took
# sixteen lines.

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


# %% id="visible" tags=["visible"]
def test_a_write_is_in_the_cache(lab):
    late = missed_after_a_write(run(lab, clients=1))
    assert late is None, (
        f"{told(late)} was a miss, though the key had been written" if late is not None else ""
    )


def test_one_writer_is_never_stale(lab):
    reads = of(run(lab, clients=1), "read")
    stale = reads[reads["version"].fillna(-1) < reads["acknowledged"]]
    if len(stale):
        row = stale.iloc[0]
        assert False, (
            f"{told(row)} returned version {row['version']}; version {row['acknowledged']} was acknowledged"
        )


# %% id="hidden" tags=["hidden"]
def test_like_write_through(lab):
    mine, right = (run(who, clients=lab.params["clients"]) for who in (lab, None))
    assert mine.equals(right), first_difference(mine, right)


def test_a_schedule_that_goes_stale(lab):
    judged(lab.call("schedule"))
