"""Faults of the clients, and nodes without credits: by hand."""

import pytest

from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.model import faults as f
from cachesim.model.distributions import Constant
from cachesim.model.network import Network
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import NoCache
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from tests.model.worlds import ZERO, FromCache, played, scripted

# --- the clients' side


def test_a_hot_key():
    """In its window every request, or a share of them, goes to the key; outside none does."""
    steps = [(10.0, "read", "a")] * 4  # at 10, 20, 30, 40
    workload = scripted(NoCache(), steps).workload.replace(loaded=("a", "b"))
    given = {"workload": workload, "strategy": FromCache()}
    default = played(steps, f.HotKey(at=15, duration=20, share=1.0), **given)
    named = played(steps, f.HotKey(at=15, duration=5, share=1.0, key="x"), **given)
    never = played(steps, f.HotKey(at=15, duration=20, share=0.0), **given)

    assert ["a", "b", "b", "a"] == default["key"].tolist()
    assert ["a", "a", "a", "a"] == named["key"].tolist()  # 20 is past the window
    assert {"a"} == set(never["key"])


def test_a_hot_key_must_be_some_key():
    """A workload that loads none needs one by name."""
    workload = scripted(NoCache(), ()).workload.replace(loaded=())

    with pytest.raises(BadInput, match="give key="):
        played([(1.0, "read", "a")], f.HotKey(at=1), workload=workload)


def test_a_surge():
    """Requests come factor times as fast in its window, and a gap across its edges is shortened in part."""
    steps = [(10.0, "read", "a")] * 4
    records = played(steps, f.Surge(at=12, duration=7, factor=4.0))

    assert [10.0, 10 + 2 + 8 / 4, 14 + 10 / 4, 16.5 + 10 / 4] == sorted(records["begin"])


class Clocks(Strategy):
    """Keeps what each client's clock shows, beside the true time."""

    def read(self, app, key):
        SEEN.append((app.client, app.now - app._env.now))
        yield app.timeout(1.0)

    def write(self, app, key, value):
        yield app.timeout(1.0)


SEEN = []


def test_skewed_clocks():
    """Each client's clock is wrong by a time of its own while the fault lasts, and right before and after."""
    SEEN.clear()
    steps = [
        (5.0, "read", "a"),
        (0.5, "read", "a"),
        (10.0, "read", "a"),
        (0.5, "read", "a"),
        (20.0, "read", "a"),
    ]
    played(steps, f.SkewClocks(at=10, duration=10, by=2.0), strategy=Clocks())
    before, during, after = SEEN[:2], SEEN[2:4], SEEN[4:]

    assert [0.0, 0.0, 0.0] == [skew for _, skew in before + after]
    assert 2 == len({round(skew, 9) for _, skew in during})
    assert all(0 < abs(skew) <= 2.0 for _, skew in during)


# --- credits


@pytest.mark.parametrize(("node", "factor"), [("t2.micro", 10), ("t3.micro", 5), ("t3.small", 2.5)])
def test_the_slowdown_of_a_node_without_credits(node, factor):
    """1 / (vCPU · baseline) for one busy thread."""
    assert factor == pytest.approx(f.ExhaustCredits(node_type=f"cache.{node}").slowdown(workers=1))


def test_credits_run_out_when_they_should():
    """Time to empty = balance / (use − earnings); from then on the one thread is five times as slow."""
    fault = f.ExhaustCredits(node_type="cache.t3.micro", balance=0.1)  # credits: 6 s of a vCPU
    scenario = Scenario(
        strategy=FromCache(), cache=Simple(), start="warm", duration=60, warmup=0, faults=[fault],
        network=Network(in_zone=ZERO), sample_every=0.5,
        workload=OpenLoop(rate=200.0, reads=1.0, popularity=Uniform(keys=10)),
    ).replace(node__service=Constant(value=0.0025))  # fmt: skip
    history = run(scenario).history
    reads = history[history["op"] == "read"]
    took = (reads["end"] - reads["begin"]).groupby(reads["begin"].floordiv(1)).min()
    empty = 3600 * fault.hours_until_empty(0.5)

    assert 20.0 == pytest.approx(empty)
    assert 0.0025 == pytest.approx(took[took.index < empty - 2].max(), rel=0.05)
    assert took[took.index > empty + 2].min() > 0.5  # 2.5 times as much work as it can do: a line
