"""Tiers by name: faults and samples find them in one table, and a subclass makes them in its own way."""

import pytest

from cachesim.engines.simple import Simple
from cachesim.errors import BadInput, TimedOut
from cachesim.experiments.run import run
from cachesim.measure.history import Recorder, select_requests
from cachesim.model.faults.base import Fault, Switched
from cachesim.model.resilience import Calls, Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.system import System
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.workload import OpenLoop
from cachesim.records import SAMPLE, TIERS
from cachesim.scenario import Scenario
from tests.model.worlds import Script, requests_of, scripted

SHORT = Scenario(cache=Simple(), duration=2, warmup=0, workload=OpenLoop(rate=200.0))


def built(kind, **fields):
    """Return a system of this kind that has not run yet, and its recorder."""
    recorder = Recorder()
    return kind(SHORT.replace(**fields), recorder.request, recorder.sample), recorder


def reads_of(recorder):
    """Return the records of reads."""
    records = select_requests(recorder.history())
    return records[records["op"] == "read"]


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


class Shards:
    """Two caches: a client sends a key to the one that its last digit names. A small fleet, made by factories."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.second = self.make_cache("shard-1")
        self.tiers |= {self.second.name: self.second}

    def cache_client(self, app):
        return ByKey([self.connect_cache(tier, app.journey) for tier in (self.cache, self.second)])

    def engine_of(self, key):
        return (self.cache, self.second)[int(key[-1]) % 2].engine

    def _sample(self):
        pass


class Plain(Shards, System):
    """Shards that never fail."""


class Failing(Shards, UnreliableSystem):
    """Shards that may fail."""


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


@pytest.mark.parametrize("kind", [Plain, Failing])
def test_a_subclass_may_have_more_tiers(kind):
    """Its clients write into the one journey of the request, so the records know each lookup."""
    system, recorder = built(kind)
    system.run()
    reads = reads_of(recorder)

    assert {"hit", "cold"} == set(reads["lookup"])
    for number, tier in enumerate((system.cache, system.second)):
        assert {number} == {int(key[-1]) % 2 for key in tier.engine.entries}


def test_a_warm_start_fills_the_tier_of_each_key():
    """Where the client will look for it, so no read finds a cold cache."""
    system, recorder = built(Plain, start="warm")
    system.run()

    assert "cold" not in set(reads_of(recorder)["lookup"])


def test_a_fault_strikes_one_tier_of_many():
    """While one shard is cut off, its keys are unreachable, and the keys of the other are not."""
    system, recorder = built(
        Failing, faults=(CutShard(at=0.0),), resilience=Resilience(cache=Calls(timeout=0.01))
    )
    system.run()
    reads = reads_of(recorder)
    is_cut = reads["key"].str[-1].astype(int) % 2 == 1

    assert {"unreachable"} == set(reads["lookup"][is_cut])
    assert {"hit", "cold"} == set(reads["lookup"][~is_cut])


class CutShard(Switched):
    """A partition of the second shard."""

    tier, switch = "shard-1", "cut"


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


def test_an_old_name_of_a_system_names_the_new_one():
    """A fault that was written for an earlier release ends in one sentence."""

    class Forget(Fault):
        def play(self, system):
            yield system.until(self.at)
            system.node.engine.flush()

    with pytest.raises(BadInput, match=r"^system\.node has another name now: write system\.cache$"):
        run(SHORT.replace(faults=(Forget(at=1.0),)))


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
