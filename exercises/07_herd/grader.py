"""What the tests of exercise 7 use; it never leaves the teacher."""

import math

import cachesim as cs


class Reference(cs.Strategy):
    """Single flight."""

    ttl: float = 1.0

    def read(self, app, key):
        """Look, and wait for the one fill."""
        value = yield app.cache.get(key)
        if value is None:
            if key not in app.shared:
                app.shared[key] = app.spawn(self.fill(app, key))
            value = yield app.shared[key]
        return value

    def fill(self, app, key):
        """Fetch once."""
        value = yield app.db.read(key)
        yield app.cache.set(key, value, self.ttl)
        del app.shared[key]
        return value

    def write(self, app, key, value):
        """Commit."""
        yield app.db.write(key, value)


def run(lab):
    """Return the reads of a run and how many queries reached the database."""
    ttl = params["ttl"]
    if lab is None:
        strategy = cs.LazyLoading(ttl=ttl)
    else:
        strategy = (
            Reference(ttl=ttl) if lab == "reference" else lab.strategy("SingleFlight", ttl=ttl)
        )
    workload = cs.ClosedLoop(
        clients=params["clients"],
        think=cs.distributions.Exponential(mean=0.02),
        reads=1.0,
        popularity=cs.popularity.Uniform(keys=2),
    )
    slow = cs.distributions.Constant(value=0.03)
    database = cs.Database(connections=8, buffer_read=slow, disk_read=slow)
    scenario = cs.Scenario(
        strategy=strategy,
        workload=workload,
        database=database,
        duration=2,
        warmup=0,
        seed=params["clients"],
    )
    history = cs.run(scenario).history
    queries = int(history["db_queries"].max())
    return history[history["op"] == "read"], queries


def number(answer):
    """Return a life that can be worked with. Raises AssertionError."""
    assert type(answer) in (int, float) and math.isfinite(answer), (
        f"a number is asked for, got {answer!r:.60}"
    )
    return float(answer)


def spread(lives, ttl):
    """Check that lives differ enough, and are never too long or much too short. Raises AssertionError."""
    assert max(lives) <= ttl * (1 + 1e-9), (
        f"with a TTL of {ttl:g} s one copy lived {max(lives):.3g} s"
    )
    assert min(lives) >= 0.5 * ttl, (
        f"with a TTL of {ttl:g} s one copy lived only {min(lives):.3g} s"
    )
    assert max(lives) - min(lives) >= 0.05 * ttl, (
        f"with a TTL of {ttl:g} s all lives lie within {max(lives) - min(lives):.3g} s"
    )
