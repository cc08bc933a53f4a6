"""What theory says about a scenario: near the run where it speaks, and a reason where it does not."""

import math

import pytest

import cachesim as cs
from cachesim.measure.metrics import METRICS
from cachesim.model.popularity import Drift, Uniform, Zipf
from cachesim.predict.hits import capacity
from cachesim.spec import Spec

ZIPF = Zipf(keys=2_000, skew=0.9)
FULL = cs.Simple(items=300, memory=2**30)
ROOMY = cs.Simple(memory=2**30)
LAZY, AROUND, THROUGH = cs.LazyLoading, cs.strategies.WriteAround, cs.WriteThrough


def scenario(strategy, cache=FULL, **fields):
    """Return 20 s of 1,000 requests per second, a fifth of them writes, after 10 s."""
    workload = fields.pop("workload", cs.OpenLoop(popularity=ZIPF, reads=0.8))
    world = {"duration": 30.0, "warmup": 10.0, "workload": workload, **fields}
    return cs.Scenario(strategy=strategy, cache=cache, **world)


NEAR = [  # a scenario, and by how much theory and one run may differ
    (scenario(LAZY(ttl=2)), 0.03),
    (scenario(LAZY(invalidate=True)), 0.03),
    (scenario(THROUGH(ttl=2)), 0.03),
    (scenario(LAZY(ttl=2), ROOMY), 0.03),
    (scenario(LAZY(ttl=1), cs.Simple(items=300, policy=cs.policies.FIFO)), 0.05),
    (scenario(THROUGH(ttl=2), workload=cs.ClosedLoop(clients=20, reads=0.8, popularity=ZIPF)), 0.08),
    (scenario(LAZY(ttl=2), cs.Redis(memory=300_000)), 0.08),
]  # fmt: skip


@pytest.mark.parametrize(("case", "share"), NEAR, ids=lambda value: repr(value)[:70])
def test_theory_is_near_the_run(case, share):
    """Every metric that theory speaks of, against one run: ratios within a share, at least .01."""
    said, measured = cs.predict(case).values, cs.run(case).measured

    assert {"hit_ratio", "stale_ratio", "db_queries_per_s", "throughput", "read_mean"} <= set(said)
    for metric, value in said.items():
        found = METRICS[metric].of(measured)
        bound = 0.15 if metric.endswith("_mean") else share  # a mean latency is one draw of many

        assert value == pytest.approx(found, rel=bound, abs=0.01), metric


class Mine(cs.LazyLoading):
    """A strategy of one's own."""


SILENT = [
    (scenario(Mine()), "everything", "Mine: "),
    (scenario(LAZY(), workload=cs.OpenLoop(popularity=Drift())), "everything", "Drift: its requests"),
    (scenario(LAZY(), cs.Redis(memory=300_000, policy="noeviction")), "everything", "refused"),
    (scenario(LAZY(), cs.Redis(memory=300_000, policy="volatile-lru")), "everything", "no key has a TTL"),
    (scenario(LAZY(), cs.Simple(items=9, policy=cs.policies.SIEVE)), "everything", "no policy that has"),
    (scenario(LAZY(), cs.live.RedisServer()), "everything", "RedisServer: theory does not know"),
    (scenario(THROUGH(fill=False)), "everything", "without fill"),
    (scenario(cs.strategies.NoCache()), "hit_ratio", "nothing can hit"),
    (scenario(AROUND()), "stale_ratio", "staler as long as the run goes on"),
    (scenario(LAZY(), workload=cs.OpenLoop(rate=4_000.0, popularity=ZIPF, reads=0.5)),
     "read_mean, write_mean", "the database is offered more than it can serve"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "metric", "reason"), SILENT, ids=lambda value: repr(value)[:60])
def test_theory_says_why_it_is_silent(case, metric, reason):
    """The reason names what stands in the way, and stands in the printed text."""
    said = cs.predict(case)

    assert reason in said.silent[metric]
    assert metric.split(",")[0] not in said.values
    assert reason in str(said)
    assert "&" not in reason
    assert reason in said._repr_html_()


def test_an_approximation_says_so():
    """Sampling engines are told by the policy they come near to."""
    said = cs.predict(scenario(LAZY(ttl=2), cs.Redis(memory=300_000))).said["hit_ratio"]

    assert "Che" in said.formula
    assert any("approximate: allkeys-lru samples 5 keys" in text for text in said.assumes)


@pytest.mark.parametrize("cache", [cs.Redis(memory=400_000), cs.Memcached(memory=2**20), FULL])
def test_the_capacity_is_what_a_run_holds(cache):
    """Keys at the end of a run that evicts, within 3 %."""
    case = scenario(LAZY(), cache, workload=cs.OpenLoop(popularity=Uniform(keys=2_000), reads=1.0))
    held = cs.run(case).history["items"].dropna().iloc[-1]

    assert held == pytest.approx(capacity(case), rel=0.03)


def test_a_cache_with_room_holds_all():
    """Without evictions the capacity is unlimited."""
    assert capacity(scenario(LAZY(), ROOMY)) == math.inf


def test_a_cold_start_is_told_as_one():
    """Copies that nothing ends: the hit ratio is that of a cache that fills, not 1."""
    case = scenario(LAZY(), ROOMY, warmup=0.0, duration=3.0)
    said = cs.predict(case)

    assert "cold start" in said.said["hit_ratio"].formula
    assert cs.run(case).metrics["hit_ratio"] == pytest.approx(said.values["hit_ratio"], abs=0.03)


def test_a_short_warm_up_is_warned_of():
    """A TTL longer than the warm-up: the formula's steady state has not been reached."""
    said = cs.predict(scenario(LAZY(ttl=20), ROOMY)).said["hit_ratio"]

    assert any("warm-up of 10 s is short" in text for text in said.assumes)


def test_a_prediction_leaves_the_scenario_alone():
    """Nothing runs and nothing changes: the same question has the same answer."""
    case = scenario(LAZY(ttl=2))

    assert isinstance(case, Spec)
    assert cs.predict(case).values == cs.predict(case).values


def test_a_result_shows_theory_beside_the_measured_value():
    """A column for what theory says, mean latencies included, and its silence below."""
    result = cs.run(scenario(AROUND(), duration=12.0, warmup=10.0))
    lines = {line.split()[0]: line for line in str(result).splitlines() if line}

    assert lines["metric"].split() == ["metric", "value", "theory"]
    assert lines["hit_ratio"].split()[-2:] == result.predicted.shown("hit_ratio").split()
    assert lines["read_mean"].endswith("ms")
    assert "theory on stale_ratio: none, copies that nothing ends" in str(result)
    assert "copies that nothing ends" in result._repr_html_()
