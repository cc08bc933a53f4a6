"""Tiers by name: faults and samples find them in one table, and a subclass makes them in its own way."""

import pytest

from cachesim.engines.simple import Simple
from cachesim.errors import BadInput, TimedOut
from cachesim.experiments.run import run
from cachesim.measure.history import Recorder, select_requests
from cachesim.model.cache_client import CacheClient
from cachesim.model.faults.base import Switched
from cachesim.model.resilience import Calls, Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.system import System
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.workload import OpenLoop
from cachesim.records import SAMPLE, TIERS
from cachesim.scenario import Scenario
from tests.model.worlds import Script, requests_of, scripted

SHORT = Scenario(cache=Simple(), duration=2, warmup=0, workload=OpenLoop(rate=200.0))


def built(kind):
    """Return a system of this kind that has not run yet, and its recorder."""
    recorder = Recorder()
    return kind(SHORT, recorder.request, recorder.sample), recorder


@pytest.mark.parametrize("kind", [System, UnreliableSystem])
def test_a_system_has_the_tiers_of_the_table(kind):
    """Each under its name, with the counters of its row in a sample."""
    system, _ = built(kind)

    assert list(TIERS) == list(system.tiers) == [tier.kind for tier in system.tiers.values()]
    for name, tier in system.tiers.items():
        assert len(TIERS[name].counters) == len(tier.counters(0.0))
        assert hasattr(system.new_app(0), TIERS[name].place)
        tier.close()
    assert sum(len(row.counters) for row in TIERS.values()) + 3 == len(SAMPLE)


class Shards(System):
    """Two caches: a client sends a key to the one that its last digit names. A small fleet, made by factories."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.second = self.make_cache("shard-1")
        self.tiers |= {self.second.name: self.second}

    def cache_client(self, app):
        return ByKey(
            [CacheClient(tier, app.journey, raises=False) for tier in (self.cache, self.second)]
        )

    def _sample(self):
        pass


class ByKey:
    """Routes each command to the client of its key's cache."""

    def __init__(self, clients):
        self.clients = clients

    def of(self, key):
        return self.clients[int(key[-1]) % 2]

    def get(self, key):
        return self.of(key).get(key)

    def set(self, key, *rest):
        return self.of(key).set(key, *rest)


def test_a_subclass_may_have_more_tiers():
    """Its clients write into the one journey of the request, so the records know each lookup."""
    system, recorder = built(Shards)
    system.run()
    records = select_requests(recorder.history())
    reads = records[records["op"] == "read"]

    assert {"hit", "cold"} == set(reads["lookup"])
    assert all(len(tier.engine) > 0 for tier in (system.cache, system.second))
    assert {0} == {int(key[-1]) % 2 for key in system.cache.engine.entries}
    assert {1} == {int(key[-1]) % 2 for key in system.second.engine.entries}


class Vanish(Switched):
    """A partition of a tier that does not exist."""

    tier, switch = "shard-9", "cut"


class Melt(Switched):
    """A switch that no tier has."""

    tier, switch = "cache", "melted"


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Vanish, 'this system has no tier "shard-9"; choose from cache, database'),
        (Melt, 'a tier has no switch "melted"; choose from down, refusing, locked, cut'),
    ],
)
def test_a_fault_must_name_what_there_is(fault, sentence):
    """An unknown tier or switch ends in one sentence that names the known ones."""
    with pytest.raises(BadInput, match=f"^{sentence}$"):
        run(SHORT.replace(faults=(fault(at=1.0),)))


def test_a_late_row_belongs_to_no_other_request():
    """A client gave up on the database; the old row comes during its next request, which has none of its own."""

    class Impatient(Strategy):
        def read(self, app, key):
            try:
                return (yield app.db.read(key))
            except TimedOut:
                return None

    records = requests_of(
        scripted(
            Impatient(),
            (),
            workload=Script(steps=((1.0, "read", "a"),) * 3, clients=1),
            resilience=Resilience(database=Calls(timeout=6.0)),
        )
    )

    assert [6.0] * 3 == (records["end"] - records["begin"]).tolist()
    assert records["write"].isna().all()
