# %% [markdown] id="question"
# # 6 · A session store with a sliding TTL
#
# A shop starts web servers when the load grows, and stops them when it falls. **Where is your shopping cart when the server that you talked to is gone?** In a cache that all
# servers share. A session stays there as long as somebody uses it, and for `idle` seconds after the last use.
#
# `read(self, app, key)` finds the session in the cache, or else in the database; in both cases its life in the cache starts again. `write(self, app, key, value)` commits the
# session to the database and puts it into the cache, where its life starts again, too. The events are those of exercise 3. Ours took 8 lines.

# %% id="imports"
import cachesim as cs


# %% id="sessions"
class Sessions(cs.Strategy):
    """Sessions that end when nobody has used them for a while."""

    idle: float = 10.0  # seconds that a session lives after its last use; use it as self.idle

    def read(self, app, key):
        """Return a session, and renew it."""
        # BEGIN SOLUTION
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
        if value is not None:
            yield app.cache.set(key, value, self.idle)
        return value
        # END SOLUTION

    def write(self, app, key, value):
        """Store a session, and renew it."""
        # BEGIN SOLUTION
        yield app.db.write(key, value)
        yield app.cache.set(key, value, self.idle)
        # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"idle": random(2, 4), "keys": random(60, 100)}


# %% id="helpers" tags=["helpers"]
from cachesim.grading.histories import first_empty, first_lost, of, told
from cachesim.grading.scripts import quiet


def mine(lab):
    """Return your strategy."""
    return lab.strategy("Sessions", idle=float(lab.params["idle"]))


def used_often(lab, *ops):
    """Use one session every 0.6 idle times, one request at a time; return the requests."""
    later = 0.6 * lab.params["idle"]
    seen = quiet(mine(lab), [(1, "read", "cart"), *((later, op, "cart") for op in ops)])
    assert not (wrong := first_empty(seen) or first_lost(seen)), wrong
    return seen


def check_found(lab, seen):
    """Check that all reads but the first have found the session."""
    for _, row in of(seen, "read").iloc[1:].iterrows():
        assert row["lookup"] == "hit", (
            f"{told(row)} did not find the session, {0.6 * lab.params['idle']:g} s after its last use; it lives {lab.params['idle']:g} s"
        )


# %% id="visible" tags=["visible"]
def test_finds_sessions(lab):
    check_found(lab, used_often(lab, "read"))


def test_a_read_renews(lab):
    check_found(lab, used_often(lab, "read", "read", "read", "read"))


def test_a_write_renews(lab):
    seen = used_often(lab, "write", "read", "write", "write", "read")
    check_found(lab, seen)
    last = seen.iloc[-1]
    assert last["version"] == 3, (
        f"{told(last)} returned version {last['version']}; right: version 3, which was written before"
    )


# %% id="hidden" tags=["hidden"]
def test_sessions_end(lab):
    check(lab, ended(lab))


def test_like_the_session_store(lab):
    check(lab, script(lab))


def test_many_sessions(lab):
    check_busy(lab)


def test_two_runs_do_not_meet(lab):
    steps = script(lab)
    with because(SHARED):
        other = first_difference(quiet_again(lambda: mine(lab), steps), quiet(best(lab), steps))
        assert not other, other
