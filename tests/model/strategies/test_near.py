"""Near caches: hits that ask nobody, messages that drop copies, and the race that a placeholder wins."""

import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.experiments.run import run
from cachesim.measure.metrics import stale_reads
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.network import Network
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.near import NearCache
from cachesim.model.strategies.versions import Leases
from cachesim.model.workload import ClosedLoop
from tests.model.worlds import ZERO, Cycle, Script, crowd, requests_of, scripted

INVALIDATING = LazyLoading(invalidate=True)


def served(strategy, *steps, **fields):
    """Return client, lookup, latency and version of each request."""
    workload = Script(steps=steps, loaded=("a", "b", "c"))
    rows = requests_of(scripted(strategy, (), workload=workload, **fields)).sort_values("begin")
    rows = rows.assign(
        took=rows["end"] - rows["begin"], lookup=rows["lookup"].astype(object).fillna("-")
    )
    columns = ["client", "lookup", "took", "version"]
    return [tuple(row) for row in rows[columns].itertuples(index=False)]


def test_near_hits_ask_nobody_until_the_ttl_is_over():
    """Kept at 13 for 50 s: free of charge until 63, then the shared cache has it."""
    times = [(1.0, "read", "a"), (20.0, "read", "a"), (40.0, "read", "a"), (10.0, "read", "a")]
    rows = served(NearCache(inner=INVALIDATING, near_ttl=50), *times)

    assert [
        (0, "cold", 12.0, 0), (0, "-", 0.0, 0), (0, "-", 0.0, 0), (0, "hit", 1.0, 0),
    ] == rows  # fmt: skip


def test_the_least_recently_used_copy_goes():
    """Room for two: "b" goes when "c" comes, for "a" was read again."""
    steps = [(20.0, "read", key) for key in "abacab"]
    rows = served(NearCache(inner=INVALIDATING, items=2), *steps)

    assert ["cold", "cold", "-", "cold", "-", "hit"] == [lookup for _, lookup, _, _ in rows]


def test_a_message_takes_its_time():
    """Both clients fill at 13; one of them writes, acknowledged at 72, and drops its own copy. The message to
    the other needs 30 s: asked at 90 it serves the old copy, for nothing; asked at 110 it asks the shared cache.
    """
    strategy = NearCache(inner=INVALIDATING, delay=Constant(value=30.0))
    steps = [(1.0, "read", "a"), (0.0, "read", "a"), (49.0, "write", "a")]
    steps += [(40.0, "read", "a"), (0.0, "read", "a"), (20.0, "read", "a"), (0.0, "read", "a")]
    rows = served(strategy, *steps)

    assert ("-", 0.0, 0) in [row[1:] for row in rows[3:5]]
    assert {1} == {version for _, _, _, version in rows[5:]}


def racing(delay, **fields):
    """Return a crowd in front of a shared cache that is never stale: what is stale comes from near copies."""
    inner = Leases(inner=LazyLoading(ttl=60, invalidate=True))
    scenario = crowd(NearCache(inner=inner, delay=delay, **fields), clients=20, duration=2)
    reading = ClosedLoop(clients=20, think=Constant(value=0.001), reads=0.95)
    scenario = scenario.replace(workload=reading.replace(popularity=scenario.workload.popularity))
    return scenario.replace(cache=Memcached(), database=Database(connections=20))


def test_staleness_is_bounded_by_the_message():
    """Messages take 5 ms: some reads are stale, none of them by a version older than that."""
    result = run(racing(Constant(value=0.005)))
    ages = stale_reads(result.history)["age"]

    assert len(ages) > 50
    assert ages.max() <= 0.005


@pytest.mark.parametrize(("placeholder", "near", "version"), [(True, False, 1), (False, True, 0)])
def test_the_race_of_a_message_and_a_read(placeholder, near, version):
    """A31: the read has fetched version 0 by 12 and returns at 17; the write commits at 14, deletes at 14.5 and
    tells everybody at once. Without a placeholder the reader keeps what was outdated before it came.
    """
    inner = Leases(inner=LazyLoading(ttl=60, invalidate=True))
    strategy = NearCache(inner=inner, delay=Constant(value=0.0), placeholder=placeholder)
    legs = Network(in_zone=Cycle(numbers=(1.0, 5.0, 0.5)), cross_zone=ZERO, database_in_zone=False)
    steps = [(1.0, "read", "a"), (7.0, "write", "a"), (23.0, "read", "a")]
    scenario = scripted(
        strategy, (), workload=Script(steps=tuple(steps)), network=legs, cache=Memcached()
    )
    scenario = scenario.replace(database__commit=Constant(value=6.0))
    last = requests_of(scenario).sort_values("begin").iloc[-1]

    assert (near, version) == (last["lookup"] != last["lookup"], last["version"])


def test_messages_that_overtake_nothing_leave_nothing_stale():
    """At once: the shared cache is never stale, and neither are the copies."""
    assert 0.0 == run(racing(Constant(value=0.0))).metrics["stale_ratio"]


@pytest.mark.parametrize("delay", [Exponential(mean=0.002)])
def test_delays_are_drawn(delay):
    """Same seed, same run; another seed, another one."""
    one, same, other = (
        run(racing(delay).replace(duration=0.5, seed=seed)).metrics["stale_ratio"]
        for seed in (1, 1, 2)
    )

    assert one == same != other
