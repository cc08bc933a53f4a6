"""Nothing is lost silently: under any faults, every request that began ends in one record with one outcome."""

import os
from itertools import accumulate, takewhile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.measure.history import Recorder, select_requests
from cachesim.measure.outcomes import OUTCOMES, outcome
from cachesim.model import faults as f
from cachesim.model import strategies
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.popularity import Uniform
from cachesim.model.resilience import Breaker, Calls, Resilience
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.strategies.wrap import ReadReplicas
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario
from cachesim.units import MIB

EXAMPLES = int(os.environ.get("SCHEDULES", "200"))
LENGTH = 2.0  # seconds
moments, spans = st.floats(0, LENGTH * 0.99), st.floats(0.001, LENGTH)
shares, factors = st.floats(0, 1), st.floats(1, 50)
timed = {"at": moments, "duration": spans}
waits = st.floats(0.0005, 0.5)

faults = st.one_of(
    st.builds(f.FlushCache, at=moments),
    st.builds(f.HotKey, share=shares, **timed),
    st.builds(f.Surge, factor=st.floats(1, 3), **timed),
    st.builds(f.SkewClocks, **timed),
    st.builds(f.ExhaustCredits, at=moments, every=st.floats(0.05, 1)),
    *(st.builds(c, at=moments, down=spans) for c in (f.CrashCache, f.CrashDatabase)),
    *(st.builds(c, factor=factors, **timed) for c in (f.SlowCache, f.SlowDatabase)),
    *(st.builds(c, share=shares, **timed) for c in (f.DropCachePackets, f.DropDatabasePackets)),
    *(st.builds(c, **timed) for c in (
        f.RebootCache, f.FreezeCache, f.FreezeDatabase, f.PartitionCache, f.PartitionDatabase, f.RefuseCache,
        f.RefuseDatabase, f.RejectCacheLogin, f.RejectDatabaseLogin)),
)  # fmt: skip
calls = st.builds(
    Calls, timeout=waits | st.just(float("inf")), retries=st.integers(0, 3), backoff=st.floats(0, 0.1),
    jitter=st.booleans(), budget=st.sampled_from([0.1, float("inf")]),
    breaker=st.none() | st.builds(Breaker, calls=st.integers(1, 10), rest=waits, trials=st.integers(1, 3)),
)  # fmt: skip
drawn = {"reads": 0.7, "popularity": Uniform(keys=5), "size": Constant(value=50)}
scenarios = st.builds(
    Scenario,
    strategy=st.sampled_from([NoCache(), LazyLoading(ttl=0.5, invalidate=True), WriteThrough()]),
    cache=st.just(Simple()), duration=st.just(LENGTH), warmup=st.just(0.0), sample_every=st.just(LENGTH),
    on_cache_error=st.sampled_from(["miss", "raise"]),
    workload=st.just(OpenLoop(rate=40.0, **drawn))
    | st.just(ClosedLoop(clients=3, think=Exponential(mean=0.05), **drawn)),
    faults=st.lists(faults, max_size=4).map(tuple),
    resilience=st.builds(Resilience, cache=calls, database=calls),
    seed=st.integers(0, 2**32),
)  # fmt: skip

replicated = st.builds(
    lambda scenario, strategy, database, more: scenario.replace(
        strategy=strategy, database=database, faults=(*scenario.faults, *more)
    ),
    scenarios,
    st.sampled_from([LazyLoading(ttl=0.5, invalidate=True), ReadReplicas(inner=LazyLoading(ttl=0.2))]),
    st.builds(Database, standby=st.just(True), failover=st.builds(Constant, value=waits), replicas=st.integers(1, 3),
              accepts=st.sampled_from([5.0, 100.0, float("inf")])),
    st.lists(st.builds(f.FailOverDatabase, at=moments) | st.builds(f.StopReplication, **timed), max_size=2),
)  # fmt: skip


def counted(strategy, began):
    """Return a strategy that does the same and notes each request it is asked to serve."""
    kind = type(strategy)

    class Counted(kind):
        def read(self, app, key):
            began.append(key)
            return (yield from kind.read(self, app, key))

        def write(self, app, key, value):
            began.append(key)
            yield from kind.write(self, app, key, value)

    return Counted(**{n: getattr(strategy, n) for n in strategy.__dataclass_fields__})


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(scenarios | replicated)
def test_requests_in_are_records_out(scenario):
    """Every request has one record; a failed write never happened, an answered one did, whatever is unknown may."""
    began, recorder = [], Recorder()
    scenario = scenario.replace(strategy=counted(scenario.strategy, began))
    system = UnreliableSystem(scenario, recorder.request, recorder.sample)
    system.run()
    rows = select_requests(recorder.history())
    ended = outcome(rows)
    committed = set(system.db.versions)
    writes = rows[rows["op"] == "write"]

    assert len(began) == len(rows) == ended.isin(OUTCOMES).sum()
    assert set(writes["write"][ended == "ok"]) <= committed
    assert set() == committed & set(writes["write"][ended == "failed"])
    assert all(tier.under_way == {} for tier in system.tiers.values())
    assert all(tier.open == 0 for tier in (system.db, *system.replicas))
    committed = {key: version for key, (_, version) in system.db.newest.items()}
    assert (rows["acknowledged"] <= rows["key"].map(committed).fillna(0)).all()


NEEDS_MEMCACHED = ("Leases", "VersionCheck")
STORM = (
    f.CrashCache(at=0.3, down=0.3), f.PartitionDatabase(at=0.5, duration=0.3), f.SlowDatabase(at=0.9, factor=9),
    f.CrashDatabase(at=1.2, down=0.2), f.DropCachePackets(at=1.3, share=0.3), f.SkewClocks(at=0, duration=2),
)  # fmt: skip


def arrivals(scenario):
    """Return how many requests an open loop makes."""
    gaps = (gap for gap, _, _ in scenario.workload.requests(scenario.seed))
    return sum(1 for _ in takewhile(lambda moment: moment < scenario.duration, accumulate(gaps)))


@pytest.mark.parametrize("raises", ["miss", "raise"])
@pytest.mark.parametrize("name", [name for name in strategies.__all__ if name != "Strategy"])
def test_every_strategy_comes_through_a_storm(name, raises):
    """Whatever it does beside its requests, each of them has its record, and some are answered."""
    recorder = Recorder()
    scenario = Scenario(
        strategy=getattr(strategies, name)(), duration=2, warmup=0, faults=STORM,
        cache=Memcached(memory=2 * MIB) if name in NEEDS_MEMCACHED else Redis(memory=MIB), on_cache_error=raises,
        workload=OpenLoop(rate=100.0, **drawn),
        resilience=Resilience(cache=Calls(timeout=0.02), database=Calls(timeout=0.2, retries=1)),
    )  # fmt: skip
    UnreliableSystem(scenario, recorder.request, recorder.sample).run()
    ended = outcome(select_requests(recorder.history()))

    assert arrivals(scenario) == len(ended) == ended.isin(OUTCOMES).sum() > 0
    assert (ended == "ok").any()
