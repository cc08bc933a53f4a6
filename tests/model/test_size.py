"""Sizes that cannot work are refused before anything runs: what it would need, the limit, what to lower."""

import pytest

import cachesim as cs
from cachesim.errors import BadInput
from cachesim.experiments.compare import compare
from cachesim.experiments.explain import explain
from cachesim.experiments.run import run
from cachesim.experiments.sweep import sweep
from cachesim.model.distributions import Constant, Lognormal
from cachesim.model.popularity import Zipf
from cachesim.model.size import LIMITS, check_size
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario

SMALL = Scenario(duration=2, warmup=0)
TOO_LARGE = {
    "duration": (Scenario(duration=1e300), "e+303 requests"),
    "rate": (SMALL.replace(workload__rate=1e9), "2,000,000,000 requests"),
    "keys": (SMALL.replace(workload__popularity=Zipf(keys=10**7)), "of memory"),
    "value size": (SMALL.replace(workload__size=Constant(value=1e9)), "in its largest value"),
    "value size beyond numbers": (SMALL.replace(workload__size=Constant(value=1e300)), "largest value"),
    "spread of sizes": (SMALL.replace(workload__size=Lognormal(median=1e9, sigma=99)), "largest value"),
    "many large values": (SMALL.replace(workload__size=Constant(value=10**6)), "9.316 GiB of memory"),
    "clients": (SMALL.replace(workload=ClosedLoop(clients=10**7)), "requests"),
    "clients who sleep": (
        SMALL.replace(workload=ClosedLoop(clients=10**7, think=Constant(value=1e6))),
        "of memory",
    ),
    "samples": (SMALL.replace(sample_every=1e-9), "2,000,000,000 samples"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOO_LARGE)
@pytest.mark.parametrize(
    "verb", [run, lambda s: compare(s, n_jobs=1), lambda s: sweep(s, n_jobs=1), lambda s: explain(s, 0)]
)  # fmt: skip
def test_every_verb_refuses_what_cannot_work(name, verb):
    """One rule in one place, whichever way leads to a run."""
    scenario, says = TOO_LARGE[name]
    with pytest.raises(BadInput, match="is the limit; ") as caught:
        verb(scenario)

    assert says in str(caught.value)


@pytest.mark.parametrize("what", LIMITS)
def test_every_limit_is_tested(what):
    """And says what to lower."""
    named = what.removeprefix("bytes ")

    assert any(says.endswith(named) or named.endswith(says) for _, says in TOO_LARGE.values())
    assert LIMITS[what].advice


def test_experiments_of_too_many_runs():
    """A million cells, or replications without end; nothing is built before."""
    with pytest.raises(BadInput, match="5,000,000 runs in all, and 100,000 runs is the limit"):
        sweep(SMALL, seed=range(1000), strategy__ttl=range(1, 1001))
    with pytest.raises(BadInput, match="1,000,000,000 runs in all"):
        compare(SMALL, replications=10**9)
    with pytest.raises(BadInput, match="70,000,000,000 requests in all"):
        compare(Scenario(), replications=100_000, workload__rate=[10_000])


def test_what_is_usual_passes():
    """The estimate is the number of requests, near enough."""
    users = SMALL.replace(workload=ClosedLoop(clients=10, think=Constant(value=0.1)))

    assert 2000 == check_size(SMALL) == pytest.approx(len(cs.run(SMALL).history), rel=0.1)
    assert check_size(users) == pytest.approx(len(cs.run(users).history), rel=0.1)
    assert check_size(SMALL.replace(workload=OpenLoop(popularity=Zipf(keys=10**6)))) == 2000
