"""Races worked out by hand, and the faults of other simulators that this one must not have."""

import math

import pytest

from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.measure.metrics import stale_reads
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.network import Network
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import ClosedLoop
from cachesim.rng import stream
from tests.model.worlds import ZERO, Cycle, FromCache, Script, requests_of, scripted


def legs(*seconds):
    """Return a network whose visits to the cache take these times, in the order in which they are sent."""
    return Network(in_zone=Cycle(numbers=seconds), cross_zone=ZERO, database_in_zone=False)


def only(records, op):
    """Return the rows of one kind, in the order in which they began."""
    return records[records["op"] == op].sort_values("begin", ignore_index=True)


def test_a_lazy_fill_that_loses_the_race_is_counted_as_stale():
    """The read fetched version 0 at 12 and sets it at 17; the write commits at 14 and deletes at 14.5:
    version 0 stays in the cache, and every later read of it is stale.
    """
    steps = [(1.0, "read", "a"), (7.0, "write", "a"), (22.0, "read", "a"), (10.0, "read", "a")]
    scenario = scripted(LazyLoading(invalidate=True), steps, network=legs(1.0, 5.0, 0.5, 1.0, 1.0))
    scenario = scenario.replace(database__commit=Constant(value=6.0))
    result = run(scenario)
    reads = only(requests_of(scenario), "read")

    assert ["cold", "hit", "hit"] == reads["lookup"].tolist()
    assert [0, 0, 0] == reads["version"].tolist()
    assert [0, 1, 1] == reads["acknowledged"].tolist()
    assert pytest.approx(2 / 3) == result.metrics["stale_ratio"]
    assert [15.5, 25.5] == stale_reads(result.history)["age"].tolist()


def test_write_through_sets_after_the_commit():
    """A read during the commit hits version 0: not stale, for nobody was told; one between commit and set
    is behind what is committed, and still not stale; the cache has version 1 after the set.
    """
    steps = [
        (1.0, "read", "a"),
        (49.0, "write", "a"),
        (10.0, "read", "a"),
        (10.5, "read", "a"),
        (20.0, "read", "a"),
    ]
    network = legs(
        1.0, 1.0, 1.0, 5.0, 1.0, 1.0
    )  # fill: get, set; read; the write's set takes 5 s; reads
    records = requests_of(scripted(WriteThrough(), steps, network=network))
    reads = only(records, "read")

    assert [75.0] == only(records, "write")["end"].tolist()
    assert [0, 0, 0, 1] == reads["version"].tolist()
    assert [0, 0, 1, 1] == reads["committed"].tolist()
    assert [0, 0, 0, 1] == reads["acknowledged"].tolist()


def test_two_writers_whose_sets_overtake():
    """Versions 1 and 2 are committed in this order, set in the other: version 1 stays, and is stale."""
    steps = [(1.0, "write", "a"), (1.0, "write", "a"), (100.0, "read", "a")]
    records = requests_of(scripted(WriteThrough(), steps, network=legs(9.0, 1.0, 1.0)))

    assert [1, 2] == only(records, "write")["version"].tolist()
    assert [(1, 2, "hit")] == [
        (r.version, r.acknowledged, r.lookup) for r in only(records, "read").itertuples()
    ]


def test_an_acknowledgement_never_goes_back():
    """The writer of version 2 hears before that of version 1: newest acknowledged stays 2."""
    steps = [(1.0, "write", "a"), (1.0, "write", "a"), (23.5, "read", "a"), (50.0, "read", "a")]
    records = requests_of(scripted(WriteThrough(), steps, network=legs(9.0, 1.0, 1.0)))

    assert [2, 2] == only(records, "read")["acknowledged"].tolist()


def test_a_ttl_is_honoured():
    """A copy lives exactly its TTL: a hit just before its end, an expired miss at it and after."""
    scenario = scripted(
        LazyLoading(ttl=30),
        [(0.0, "read", "a"), (41.0, "read", "a"), (100.0, "read", "a")],
    )  # the fill is in the cache at 12, so it ends at 42: the get at 41 arrives then
    early = scenario.replace(workload__steps=((0.0, "read", "a"), (40.9, "read", "a")))

    assert ["cold", "expired", "expired"] == requests_of(scenario)["lookup"].tolist()
    assert ["cold", "hit"] == requests_of(early)["lookup"].tolist()


def test_a_delete_is_no_hit():
    """Deletes are neither hits nor misses: a run of writes that invalidate has no hit ratio."""
    steps = [(1.0, "write", "a"), (50.0, "write", "a")]
    result = run(scripted(LazyLoading(invalidate=True), steps))

    assert math.isnan(result.metrics["hit_ratio"])
    assert (
        only(requests_of(scripted(LazyLoading(invalidate=True), steps)), "write")["lookup"]
        .isna()
        .all()
    )


def test_a_read_that_deletes_first_is_a_miss():
    """Whatever was deleted, the lookup is what the get found."""

    class Purge(FromCache):
        def read(self, app, key):
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
            assert (yield app.cache.delete(key))
            return (yield app.cache.get(key)) or value

    assert ["invalidated"] == requests_of(scripted(Purge(), [(1.0, "read", "a")]))[
        "lookup"
    ].tolist()


def test_only_the_first_get_is_the_lookup():
    """A strategy that looks again after its fill has missed all the same."""

    class Twice(FromCache):
        def read(self, app, key):
            value = yield from LazyLoading().read(app, key)
            assert (yield app.cache.get(key)) == value
            return value

    assert ["cold", "hit"] == requests_of(
        scripted(Twice(), [(1.0, "read", "a"), (90.0, "read", "a")])
    )["lookup"].tolist()


def test_every_eviction_leaves_the_row():
    """What the cache gives up the database still has: nothing is lost by eviction (a peer loses dirty keys)."""
    keys = [f"k{n}" for n in range(20)]
    steps = [(60.0, "write", key) for key in keys] + [(60.0, "read", key) for key in keys]
    workload = Script(steps=tuple(steps), loaded=())
    scenario = scripted(WriteThrough(), (), workload=workload, cache=Simple(items=3), duration=9999)
    reads = only(requests_of(scenario), "read")

    assert [1] * 20 == reads["version"].tolist()
    assert list(range(1, 21)) == reads["write"].tolist()


@pytest.mark.parametrize("clients", [1, 7])
def test_the_closed_loop_thinks_as_long_as_it_is_told(clients):
    """Requests that take no time: each user asks every Z seconds, no more and no less."""
    think = Exponential(mean=0.02)
    workload = ClosedLoop(clients=clients, think=think, reads=1.0)
    database = {"buffer_hit_ratio": 1.0, "buffer_read": ZERO}
    scenario = scripted(NoCache(), (), workload=workload, duration=50).replace(
        **{f"database__{k}": v for k, v in database.items()}
    )
    asked = len(requests_of(scenario))
    nominal = clients * 50 / 0.02

    assert abs(asked - nominal) < 2.576 * math.sqrt(nominal), "99 % of the runs, this seed fixed"


def test_streams_of_one_seed_do_not_share_draws():
    """What one purpose draws shifts nobody else: the streams differ, and each is its own."""
    names = ["arrivals", "think", "keys", "operations", "eviction", "warm start"]
    names += ["cache service", "cache network", "database network", "database page"]
    names += ["database buffer", "database disk", "database commit"]
    first = {name: stream(1, name).random() for name in names}

    assert len(names) == len(set(first.values()))
    assert first == {name: stream(1, name).random() for name in reversed(names)}
