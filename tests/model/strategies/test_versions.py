"""Leases and version checks: no stale sets, no inversions, one load a miss."""

import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.network import Network
from cachesim.model.strategies.lazy import InvalidateFirst, LazyLoading
from cachesim.model.strategies.refresh import XFetch
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.strategies.versions import Leases, VersionCheck
from cachesim.model.strategies.wrap import Jitter, SingleFlight
from tests.model.worlds import ZERO, Cycle, Script, crowd, requests_of, scripted

INVALIDATING = LazyLoading(ttl=600, invalidate=True)


def served(strategy, steps, **fields):
    """Return lookup, end and version of each read, and the number of queries."""
    result = run(scripted(strategy, steps, cache=Memcached(), **fields))
    reads = requests_of(result.scenario).query("op == 'read'").sort_values("begin")
    rows = [tuple(row) for row in reads[["lookup", "end", "version"]].itertuples(index=False)]
    return rows, int(result.history["db_queries"].max())


HERD = [(0.5, "read", "a"), (3.0, "read", "a"), (3.0, "read", "a"), (50.0, "read", "a")]


def test_a_lease_lets_one_load_by_hand():
    """The lease at 1.5, the row at 11.5, set at 12.5. Those who came at 3.5 and 6.5 ask again every 4 s: at
    4.5, 9.5 and 14.5, and at 7.5 and 12.5, which is just in time.
    """
    rows, queries = served(Leases(inner=INVALIDATING, wait=4.0, hold=60), HERD)

    assert [("cold", 12.5, 0), ("cold", 14.5, 0), ("cold", 12.5, 0), ("hit", 57.5, 0)] == rows
    assert 1 == queries


def test_a_write_ends_the_lease():
    """The reader fetched version 0 at 11.5 and would set it at 16.5; the write commits at 14 and deletes at
    14.5: the set is refused, and the next read misses. Without the lease it would be a stale hit.
    """
    steps = [(0.5, "read", "a"), (7.5, "write", "a"), (22.0, "read", "a")]
    legs = Network(in_zone=Cycle(numbers=(1.0, 5.0, 0.5)), cross_zone=ZERO, database_in_zone=False)
    database = Database(
        connections=9, buffer_hit_ratio=1.0, buffer_read=Constant(value=10.0), commit=Constant(value=6.0)
    )  # fmt: skip
    world = {"network": legs, "database": database}
    leased, _ = served(Leases(inner=INVALIDATING, hold=60), steps, **world)
    plain, _ = served(INVALIDATING, steps, **world)

    assert [0, 1] == [version for _, _, version in leased]
    assert "invalidated" == leased[1][0]
    assert [0, 0] == [version for _, _, version in plain]


def test_an_offer_is_stale_and_at_once():
    """Filled at 12.5; the write marks it at 71.5. The read that asks at 81 loads until 91; the one at 85 is
    offered version 0; from 92 on all hit version 1.
    """
    steps = [(0.5, "read", "a"), (50.0, "write", "a"), (30.0, "read", "a"), (4.0, "read", "a")]
    steps += [(20.0, "read", "a")]
    rows, queries = served(Leases(inner=INVALIDATING, hold=60, offer=60), steps)

    assert [
        ("cold", 12.5, 0), ("invalidated", 92.5, 1), ("hit", 85.5, 0), ("hit", 105.5, 1),
    ] == rows  # fmt: skip
    assert 3 == queries


def test_a_lease_that_is_not_used_goes_to_another():
    """The first holder's query takes 100 s; after 20 s the next one that asks loads too."""
    database = Database(
        connections=9, buffer_hit_ratio=1.0, buffer_read=Cycle(numbers=(100.0, 10.0)), commit=ZERO
    )
    steps = [(0.5, "read", "a"), (1.0, "read", "a")]
    rows, queries = served(Leases(inner=INVALIDATING, wait=8.0, hold=20), steps, database=database)

    assert 2 == queries
    assert rows[1][1] < rows[0][1]


@pytest.mark.parametrize(
    "strategy",
    [
        Leases(inner=LazyLoading(ttl=60, invalidate=True)),
        Jitter(inner=Leases(inner=LazyLoading(ttl=60, invalidate=True))),
        SingleFlight(inner=Leases(inner=LazyLoading(ttl=60, invalidate=True))),
        VersionCheck(),
        Jitter(inner=VersionCheck(ttl=60)),
    ],
    ids=repr,
)
def test_nothing_is_stale(strategy):
    """Twenty eager clients write and read five keys: never, where the plain strategies are, next test."""
    metrics = run(racing(strategy)).metrics

    assert 0.0 == metrics["stale_ratio"]
    assert metrics["hit_ratio"] > 0.05


@pytest.mark.parametrize("strategy", [LazyLoading(invalidate=True), WriteThrough()], ids=repr)
def test_the_same_crowd_is_stale_without_them(strategy):
    """Stale sets, and inversions."""
    assert run(racing(strategy)).metrics["stale_ratio"] > 0


def racing(strategy):
    """Return a crowd on a database that many can use at once."""
    scenario = crowd(strategy, clients=20, duration=3, cache=Memcached())
    return scenario.replace(database=Database(connections=20))


def test_an_older_version_never_replaces_a_newer_one():
    """Two writers commit versions 1 and 2 at 21 and 22; the first sets late, from 31 on, and finds 2 there."""
    steps = [(1.0, "write", "a"), (1.0, "write", "a"), (70.0, "read", "a")]
    legs = Network(
        in_zone=Cycle(numbers=(10.0, 1.0, 1.0, 1.0)), cross_zone=ZERO, database_in_zone=False
    )
    checked, _ = served(VersionCheck(), steps, network=legs)
    plain, _ = served(WriteThrough(), steps, network=legs)

    assert [2] == [version for _, _, version in checked]
    assert [1] == [version for _, _, version in plain]


@pytest.mark.parametrize("strategy", [Leases(), VersionCheck(), Jitter(inner=Leases())])
def test_they_say_which_engine_they_need(strategy):
    """One sentence, when the run is built."""
    scenario = scripted(strategy, [], cache=Redis())

    with pytest.raises(BadInput, match=r"needs Memcached's commands, got the engine Redis\(\)"):
        run(scenario)


def test_what_leases_cannot_wrap():
    """Strategies with a read of their own; an offer without a delete to put off."""
    with pytest.raises(BadInput, match=r"reads plainly, such as LazyLoading, not XFetch\(\)"):
        Leases(inner=XFetch())
    with pytest.raises(BadInput, match="needs a strategy inside that invalidates"):
        Leases(inner=InvalidateFirst(), offer=1)


def test_a_warm_start_has_versions():
    """Every copy is at version 0, and readable."""
    workload = Script(steps=((1.0, "read", "a"),))
    scenario = scripted(VersionCheck(), (), workload=workload, cache=Memcached(), start="warm")
    read = requests_of(scenario).iloc[0]

    assert ("hit", 0) == (read["lookup"], read["version"])
