"""What the hidden tests of exercise 6 use; it never leaves the teacher."""

import random

import cachesim as cs
from cachesim.grading.causes import because  # noqa: F401
from cachesim.grading.histories import first_difference, first_empty, first_lost, hits, requests_of
from cachesim.grading.scripts import quiet, quiet_again  # noqa: F401

SHARED = "This was the second run in one process: what belongs to a run must not be kept in a global variable or in the class"


class Reference(cs.Strategy):
    """The reference."""

    idle: float = 10.0

    def read(self, app, key):
        """Find, and renew."""
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
        if value is not None:
            yield app.cache.set(key, value, self.idle)
        return value

    def write(self, app, key, value):
        """Commit, and renew."""
        yield app.db.write(key, value)
        yield app.cache.set(key, value, self.idle)


def best(lab):
    """Return the reference."""
    return Reference(idle=float(lab.params["idle"]))


def ended(lab):
    """Return requests for two sessions that end: one was read last, the other was written last."""
    long = 1.2 * lab.params["idle"]
    return [(1, "read", "a"), (long, "read", "a"), (1, "write", "b"), (long, "read", "b")]


def script(lab):
    """Return random requests, one at a time, none of them near the end of a session."""
    draw, unit = random.Random(lab.seed), 0.3 * lab.params["idle"]
    ops = ["read", "read", "write"]
    return [(draw.randint(1, 3) * unit, draw.choice(ops), draw.choice("abc")) for _ in range(60)]


def check(lab, steps):
    """Compare a design with the reference, one request at a time. Raises AssertionError."""
    other = first_difference(quiet(mine(lab), steps), quiet(best(lab), steps))
    assert not other, other


def busy(strategy, keys):
    """Return a scenario with many requests at once."""
    workload = cs.OpenLoop(rate=60, reads=0.8, popularity=cs.popularity.Zipf(keys=keys))
    return cs.Scenario(strategy=strategy, workload=workload, duration=10, warmup=1, seed=keys)


def check_busy(lab):
    """Check what holds for every right design, however many requests are under way. Raises AssertionError."""
    seen, usual = (requests_of(busy(it, lab.params["keys"])) for it in (mine(lab), best(lab)))
    assert not (wrong := first_empty(seen) or first_lost(seen)), wrong
    share, expected = hits(seen), hits(usual)
    assert share > 0.9 * expected, f"{share:.0%} of the reads hit; right: about {expected:.0%}"
