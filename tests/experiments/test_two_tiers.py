"""Two tiers, one contract: at zero latency and concurrency 1 the event model and `replay` agree hit for hit."""

import math

import pytest

from cachesim.engines import policies
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.policy import POLICIES
from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.trace_workload import TraceReplay
from cachesim.replay import replay
from cachesim.rng import stream
from cachesim.scenario import Scenario
from cachesim.spec import fields_of
from cachesim.traces import read_trace

ZERO = Constant(value=0.0)
AT_ONCE = {
    "node": Node(service=ZERO, per_byte=0, per_key=0),
    "network": Network(in_zone=ZERO, cross_zone=ZERO),
    "database": Database(buffer_read=ZERO, disk_read=ZERO, commit=ZERO),
}
VALUE = 100  # bytes
PACE = 1 / 256  # seconds between two requests; their sums are exact
TTL = 3.0  # seconds, of Redis's keys: the volatile policies have something to evict


def write_csv(path, keys, ttl=None):
    """Write a trace with times, so that both tiers read the same clock."""
    head, tail = ("time,key,ttl", f",{ttl}") if ttl else ("time,key", "")
    rows = [f"{number * PACE},{key}{tail}" for number, key in enumerate(keys)]
    path.write_text("\n".join([head, *rows]) + "\n")
    return str(path)


@pytest.fixture(scope="module")
def drawn():
    """Return a synthetic trace: a few keys are popular, and which ones drifts."""
    draws = stream(4, "keys")
    near = (draws.pareto(0.7, 6000) * 4).astype(int) % 700
    return [f"key:{n + (number // 1000) * 40}" for number, n in enumerate(near.tolist())]


@pytest.fixture(scope="module")
def real(traces):
    """Return the beginning of a shop's trace."""
    return read_trace(traces / "cache2k_web12.trace.xz", "cache2k").keys[:8000]


@pytest.fixture(params=["drawn", "real"])
def keys(request):
    """Return each trace in turn."""
    return request.getfixturevalue(request.param)


def watched(spec):
    """Return the same engine, and the list to which it adds whether each `get` hit."""
    hits = []

    class Watched(type(spec)):
        def build(self, clock, random):
            live = super().build(clock, random)
            get = live.get

            def watch(key):
                value = get(key)
                hits.append(value is not None)
                return value

            live.get = watch
            return live

    return Watched(**fields_of(spec)), hits


def by_replay(path, spec):
    """Return the hits of a replay, request by request."""
    spec, hits = watched(spec)
    found = replay(read_trace(path, "csv"), spec, bounds=False, value_size=VALUE, seed=1)

    assert found.hits == sum(hits)
    return hits, found


def by_model(path, spec, ttl):
    """Return the hits of the event model, and its evictions."""
    requests = len(read_trace(path, "csv"))
    scenario = Scenario(
        strategy=LazyLoading(ttl=ttl),
        cache=spec,
        workload=TraceReplay(path=path, format="csv", size=Constant(value=VALUE)),
        duration=requests * PACE,
        warmup=0,
        seed=1,
        **AT_ONCE,
    )
    history = run(scenario).history
    reads = history[history["op"] == "read"]
    return (reads["lookup"] == "hit").tolist(), history


def check(path, spec, ttl=math.inf):
    """Both tiers say the same about every request."""
    expected, found = by_replay(path, spec)
    hits, _ = by_model(path, spec, ttl)

    assert 0 < sum(expected) < len(expected)
    assert expected == hits
    return found


@pytest.mark.parametrize("policy", policies.ALL.values())
def test_simple(policy, keys, tmp_path):
    """Its own policies, by items."""
    path = write_csv(tmp_path / "trace.csv", keys)

    assert check(path, Simple(items=150, policy=policy)).evictions > 300


def test_simple_by_memory_and_belady(keys, tmp_path):
    """A limit in bytes; and the policy that knows the future, which concurrency 1 keeps true."""
    path = write_csv(tmp_path / "trace.csv", keys)

    assert check(path, Simple(memory=20_000)).evictions > 300
    assert check(path, Simple(items=150, policy=policies.Belady(keys))).evictions > 300


@pytest.mark.parametrize("policy", list(POLICIES))
def test_redis(policy, keys, tmp_path):
    """All eight, with a TTL on every key: expiry, sampling and the cron at the same moments."""
    path = write_csv(tmp_path / "trace.csv", keys, TTL)
    found = check(path, Redis(memory=100_000, policy=policy), TTL)

    assert found.evictions > 10 or policy == "noeviction"
    assert found.evictions + found.expirations > 400


@pytest.mark.parametrize("segmented", [True, False])
def test_memcached(segmented, keys, tmp_path):
    """Segmented LRU and flat LRU, background threads at the same moments."""
    path = write_csv(tmp_path / "trace.csv", keys)

    assert check(path, Memcached(memory=2**20, segmented=segmented)).hits > 0
