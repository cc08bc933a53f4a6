"""Small results to draw, made once."""

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.experiments.compare import compare
from cachesim.experiments.run import run
from cachesim.experiments.sweep import sweep
from cachesim.model.distributions import Exponential
from cachesim.model.faults import AddShard, KillNode
from cachesim.model.fleet import Shards
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario

SMALL = Scenario(
    strategy=LazyLoading(ttl=1),
    cache=Simple(memory=30_000),
    workload=OpenLoop(rate=200, popularity=Zipf(keys=300), reads=0.8),
    duration=4,
    warmup=1,
)


@pytest.fixture(scope="module")
def results():
    """Return a comparison of three strategies."""
    strategies = {"lazy": LazyLoading(ttl=1), "slow": LazyLoading(ttl=9), "none": NoCache()}
    return compare(SMALL, replications=3, n_jobs=1, strategy=strategies)


@pytest.fixture(scope="module")
def grid():
    """Return a sweep over two fields."""
    memory = [20_000, 40_000, 80_000]
    return sweep(SMALL, replications=2, n_jobs=1, strategy__ttl=[1, 5], cache__memory=memory)


@pytest.fixture(scope="module")
def result():
    """Return one run."""
    return run(SMALL)


@pytest.fixture(scope="module")
def fleet_result():
    """Return one run of three shards."""
    return run(SMALL.replace(cache=Redis(), fleet=Shards(3)))


@pytest.fixture(scope="module")
def failed_over():
    """Return a run in which a shard loses its primary at 5 s, which is back at 15 s."""
    shards = Shards(3, replicas=1, node_timeout=2.0, lag=Exponential(mean=0.2))
    killed = (KillNode("shard-0 primary", at=5, down=10),)
    base = SMALL.replace(cache=Redis(), fleet=shards, strategy=WriteThrough(), duration=20)
    return run(base.replace(faults=killed))


@pytest.fixture(scope="module")
def resized():
    """Return a run in which a fourth shard joins at 1 s."""
    joins = (AddShard(at=1),)
    return run(SMALL.replace(cache=Redis(), fleet=Shards(3), faults=joins, duration=10))
