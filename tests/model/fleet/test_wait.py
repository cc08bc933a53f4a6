"""WAIT, by hand: one write, a lag of 10 ms, and a node that dies meanwhile."""

import pandas as pd
import pytest

import cachesim as cs
from cachesim.anomalies.worlds import world
from cachesim.model.workload import OpenLoop

LAG, TIMEOUT = 0.01, 0.05  # seconds


class Waits(cs.Strategy):
    """Set, then wait for one replica."""

    def write(self, app, key, value):
        """Keep what WAIT answered, and when."""
        yield app.cache.set(key, value)
        app.shared["answer"] = yield app.cache.wait(1, TIMEOUT)
        if app.shared["answer"] < 1:
            raise cs.errors.CacheError("too few copies")

    def read(self, app, key):
        """Read nothing."""
        return (yield app.cache.get(key))


class OneWrite(OpenLoop):
    """One write at 1 s."""

    def requests(self, seed):
        """Yield it."""
        yield 1.0, "write", self.keys_loaded()[0]


def written(*faults, replicas=1):
    """Return the record of the write."""
    fleet = cs.Replicated(replicas, lag=cs.distributions.Constant(value=LAG))
    base = world(writes=1.0, duration=2, warmup=0, cache=cs.Redis(), fleet=fleet)
    base = base.replace(workload=OneWrite(rate=1.0), strategy=Waits(), faults=faults)
    run = cs.run(base.replace(on_cache_error="raise"))
    return run.history.query("op == 'write'").iloc[0]


def test_a_replica_has_it_after_the_lag():
    """Not before."""
    write = written()

    assert pd.isna(write["error"])
    assert write["end"] - 1 == pytest.approx(LAG, rel=1e-3)


@pytest.mark.parametrize("away", [0.001, 10.0])
def test_the_primary_dies_meanwhile(away):
    """Nobody answers, also if it is back soon: the connection is gone."""
    write = written(cs.faults.KillNode("primary", at=1 + LAG / 2, down=away))

    assert write["error"] == "ConnectionLost"
    assert write["end"] - 1 == pytest.approx(LAG / 2, rel=1e-3)


def test_the_replica_dies_meanwhile():
    """The write is not at any other node, and WAIT says so when its time is up."""
    write = written(cs.faults.KillNode("node-1", at=1 + LAG / 2))

    assert write["error"] == "CacheError"
    assert write["end"] - 1 == pytest.approx(TIMEOUT, rel=1e-3)


def test_another_replica_does_as_well():
    """One of two is enough."""
    write = written(cs.faults.KillNode("node-1", at=1 + LAG / 2), replicas=2)

    assert pd.isna(write["error"])
    assert write["end"] - 1 == pytest.approx(LAG, rel=1e-3)


class Executes(Waits):
    """As Waits, but a command writes."""

    def write(self, app, key, value):
        """Wait for the shard of the command's key."""
        yield app.cache.execute("SET", key, value)
        app.shared["answer"] = yield app.cache.wait(1, TIMEOUT)


def test_it_waits_for_the_shard_of_the_last_command():
    """The replica of the key's shard is cut off, and those of the others are not."""
    fleet = cs.Shards(4, replicas=1, lag=cs.distributions.Constant(value=LAG))
    key = next(f"k{n}" for n in range(99) if fleet.finder()(f"k{n}") == 2)
    cut = cs.faults.PartitionCache(node="shard-2 node-1", at=0.5)
    base = world(writes=1.0, duration=2, warmup=0, cache=cs.Redis(), fleet=fleet, faults=(cut,))

    class OneKey(OneWrite):
        """A key of that shard."""

        def requests(self, seed):
            """Yield it."""
            yield 1.0, "write", key

    run = cs.run(base.replace(workload=OneKey(rate=1.0), strategy=Executes()))
    write = run.history.query("op == 'write'").iloc[0]

    assert write["end"] - 1 == pytest.approx(TIMEOUT, rel=1e-3)
