# %% [markdown] id="question"
# # 3 · Lazy loading as a strategy
#
# The database is slow and has all the data. The cache is fast and has some of it. **How do the keys that are read often get into the cache, when nobody decides
# which ones they are?** By lazy loading. A read looks into the cache first. If the key is not there, it reads the row from the database and leaves a copy in the
# cache for the next reader; the copy lives for `ttl` seconds. A write goes to the database only: it does not touch the cache.
#
# A strategy has two methods, `read(self, app, key)` and `write(self, app, key, value)`. Everything that takes time is an event, and you must `yield` it to get
# its answer: `answer = yield app.cache.get(key)`. There are five of them: `app.cache.get(key)`, `app.cache.set(key, value, ttl)`, `app.cache.delete(key)`,
# `app.db.read(key)` and `app.db.write(key, value)`. What is not there is `None`. Ours took 7 lines.

# %% id="imports"
import cachesim as cs


# %% id="lazy"
class Lazy(cs.Strategy):
    """Lazy loading with a TTL."""

    ttl: float = 10.0  # seconds that a copy lives; use it as self.ttl

    def read(self, app, key):
        """Return the value of a key."""
        # BEGIN SOLUTION
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            if value is not None:
                yield app.cache.set(key, value, self.ttl)
        return value
        # END SOLUTION

    def write(self, app, key, value):
        """Make the value the key's newest one."""
        # BEGIN SOLUTION
        yield app.db.write(key, value)
        # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"ttl": random(10, 25) / 10, "keys": random(80, 150)}


# %% id="helpers" tags=["helpers"]
from cachesim.grading.histories import QUERY, first_empty, first_lost, of, told
from cachesim.grading.scripts import quiet


def mine(lab):
    """Return your strategy."""
    return lab.strategy("Lazy", ttl=lab.params["ttl"])


def by_hand(lab):
    """Play some requests, one at a time: a miss, a hit, a write, another key."""
    later = 0.3 * lab.params["ttl"]
    steps = [(1, "read", "a"), (later, "read", "a"), (later, "write", "a"), (1, "read", "b")]
    return lab.once("by hand", lambda: quiet(mine(lab), steps))


# %% id="visible" tags=["visible"]
def test_a_miss_reads_the_database(lab):
    empty = first_empty(by_hand(lab))
    assert not empty, empty


def test_a_miss_fills_the_cache(lab):
    again = of(by_hand(lab), "read").iloc[1]
    assert again["lookup"] == "hit", f"{told(again)} missed, and the key had been read before"


def test_a_write_goes_to_the_database(lab):
    lost = first_lost(by_hand(lab), QUERY)
    assert not lost, lost


# %% id="hidden" tags=["hidden"]
def test_the_copy_lives_for_the_ttl(lab):
    check(lab, lives(lab))


def test_like_lazy_loading(lab):
    check(lab, schedule(lab))


def test_many_at_once(lab):
    check_busy(lab)


def test_two_runs_do_not_meet(lab):
    steps = schedule(lab)
    with because(SHARED):
        other = first_difference(quiet_again(lambda: mine(lab), steps), quiet(best(lab), steps))
        assert not other, other
