"""Scenario files: whatever is written is read back equal."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.engines import policies
from cachesim.engines.base import EvictionPolicy
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.toml import (
    CLASSES,
    KINDS,
    STRATEGIES,
    Experiment,
    from_toml,
    read_toml,
    to_toml,
)
from cachesim.model import faults
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential, Lognormal
from cachesim.model.faults.credits import EARNINGS
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Drift, Scan, Uniform, Zipf
from cachesim.model.resilience import Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading, NoCache, WriteAround
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import ClosedLoop, OpenLoop, Workload
from cachesim.scenario import Scenario

counts = st.integers(1, 10**6)
delays = st.floats(0, 1e6)
spans = st.floats(1e-9, 1e6)
shares = st.floats(0, 1)
ttls = spans | st.just(math.inf)
distributions = (
    st.builds(Constant, value=delays)
    | st.builds(Exponential, mean=delays)
    | st.builds(Lognormal, median=delays, sigma=st.floats(0, 3))
)
popularities = (
    st.builds(Uniform, keys=counts)
    | st.builds(Zipf, keys=counts, skew=st.floats(0, 100))
    | st.builds(Drift, keys=counts, requests_per_step=counts)
    | st.builds(Scan, keys=counts, share=shares)
)
drawn = {"reads": shares, "popularity": popularities, "size": distributions, "key_size": counts}
moments = {"at": shares, "duration": spans | st.just(math.inf)}
struck = st.lists(
    st.builds(faults.CrashCache, at=shares, down=spans)
    | st.builds(faults.SlowDatabase, factor=st.floats(1, 1e6), **moments)
    | st.builds(faults.HotKey, key=st.none() | st.text(), share=shares, **moments)
    | st.builds(faults.ExhaustCredits, node_type=st.sampled_from(list(EARNINGS)), balance=delays),
    max_size=3,
).map(tuple)
breakers = st.none() | st.builds(faults.Breaker, share=shares, calls=counts, rest=spans)
calls = st.builds(
    faults.Calls, timeout=ttls, retries=st.integers(0, 9), budget=ttls, breaker=breakers
)
resilience = st.builds(Resilience, cache=calls, database=calls)
scenarios = st.builds(
    Scenario,
    strategy=st.just(NoCache())
    | st.builds(LazyLoading, ttl=ttls, invalidate=st.booleans())
    | st.builds(WriteAround, ttl=ttls)
    | st.builds(WriteThrough, ttl=ttls, fill=st.booleans()),
    cache=st.builds(Simple, memory=counts, items=st.none() | counts, policy=st.sampled_from([*policies.ALL.values()]))
    | st.builds(Redis, memory=st.integers(10**5, 10**9), policy=st.sampled_from(["volatile-ttl", "noeviction"]))
    | st.builds(Memcached, memory=st.integers(2**21, 10**9)),
    node=st.builds(Node, service=distributions),
    database=st.builds(Database, connections=counts, buffer_hit_ratio=shares, commit=distributions),
    network=st.builds(Network, in_zone=distributions, cache_in_zone=st.booleans()),
    workload=st.builds(OpenLoop, rate=spans, **drawn)
    | st.builds(ClosedLoop, clients=counts, think=distributions, **drawn),
    duration=st.floats(2, 1e6), warmup=shares, sample_every=spans, start=st.sampled_from(["cold", "warm"]),
    on_cache_error=st.sampled_from(["miss", "raise"]), faults=struck, resilience=resilience, seed=st.integers(0, 2**62),
)  # fmt: skip


@given(scenarios, st.integers(1, 50))
def test_a_scenario_round_trips(scenario, replications):
    """Every field of every part, infinities and None included."""
    experiment = Experiment(scenario, {}, replications)

    assert experiment == from_toml(to_toml(experiment))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[faults]]\nkind = "crash-cashe"', "must be one of add-node, add-shard, crash-cache"),
        ('[[faults]]\nkind = "redis"', "must hold faults"),
        ("[resilience.database]\nwait = 3", 'no field "wait"'),
    ],
)
def test_wrong_faults_in_a_file(text, sentence):
    """The sentence names the place and what may stand there."""
    with pytest.raises(BadInput, match=sentence):
        from_toml(text)


@given(st.lists(scenarios, min_size=1, max_size=3))
def test_alternatives_round_trip(alternatives):
    """With their names, in their order, for whole parts and nested fields."""
    varied = {
        "strategy": {f"no. {n}": s.strategy for n, s in enumerate(alternatives)},
        "cache": {f"{n}": s.cache for n, s in enumerate(alternatives)},
        "workload__reads": {"a b": 0.5, "ü": 1.0},
    }
    experiment = Experiment(alternatives[0], varied, 5)
    again = from_toml(to_toml(experiment))

    assert experiment == again
    assert [list(v) for v in experiment.varied.values()] == [list(v) for v in again.varied.values()]


def test_the_default_scenario_is_an_empty_file():
    """What is missing has its default; one run."""
    assert Experiment(Scenario(), {}, 1) == from_toml("")


def test_texts_stand_for_sizes_times_and_policies():
    """Read at this edge alone."""
    experiment = from_toml(
        'warmup = "500ms"\n[strategy]\nkind = "write-through"\nttl = "inf"\n'
        '[cache]\nkind = "simple"\nmemory = "4kb"\npolicy = "clock"\n'
    )

    assert 0.5 == experiment.scenario.warmup
    assert WriteThrough(ttl=math.inf) == experiment.scenario.strategy
    assert Simple(memory=4096, policy=policies.CLOCK) == experiment.scenario.cache


def test_a_part_of_one_class_needs_no_kind():
    """A database is a Database."""
    assert 7 == from_toml("[database]\nconnections = 7").scenario.database.connections


def test_every_class_has_a_kind_of_its_own():
    """The names on the command line derive from the classes'."""
    assert len(CLASSES) == len(KINDS)
    assert {"write-through", "open-loop", "redis"} <= KINDS.keys()


class Mine(Strategy):
    """A student's own."""


class MyPolicy(EvictionPolicy):
    """A student's own."""


class MyWorkload(Workload):
    """A student's own."""


class LRU(EvictionPolicy):
    """A student's own, with the name of ours."""


@pytest.mark.parametrize(
    ("scenario", "name"),
    [
        (Scenario(strategy=Mine()), "Mine"),
        (Scenario(cache=Simple(policy=MyPolicy)), "MyPolicy"),
        (Scenario(cache=Simple(policy=LRU)), "LRU"),
        (Scenario(cache=Simple(policy=policies.Belady(["a"]))), "policy"),
        (Scenario(workload=MyWorkload()), "MyWorkload"),
    ],
)
def test_what_a_file_cannot_name_is_refused(scenario, name):
    """A class of the user's own has no name outside its program, not even if it is called as ours."""
    with pytest.raises(BadInput, match=f"{name}.*Python"):
        to_toml(Experiment(scenario, {}, 1))


def test_a_strategy_of_ones_own_is_refused_as_an_alternative_too():
    """Where it is varied, not only where it is the scenario's."""
    with pytest.raises(BadInput, match="Mine"):
        to_toml(Experiment(Scenario(), {"strategy": {"mine": Mine()}}, 1))


def test_a_file_is_named_in_the_sentence(tmp_path):
    """Path first, then the field."""
    path = tmp_path / "s.toml"
    path.write_text("seed = -1")

    with pytest.raises(BadInput, match=r's\.toml": Scenario\.seed must be >= 0, got -1'):
        read_toml(path)


@pytest.mark.parametrize("kind", STRATEGIES)
def test_every_strategy_round_trips(kind):
    """By its name in kebab case, what it wraps included."""
    experiment = Experiment(Scenario(strategy=kind(), workload=ClosedLoop(writers=1)), {}, 1)

    assert experiment == from_toml(to_toml(experiment))
