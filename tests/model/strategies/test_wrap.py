"""What stands between a miss and its load: jitter, single flight, negative caching, and all of them together."""

from itertools import repeat

import pytest

from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.strategies.lazy import DoubleDelete, InvalidateFirst, LazyLoading, WriteAround
from cachesim.model.strategies.through import ReadThrough, WriteThrough
from cachesim.model.strategies.wrap import Jitter, NegativeCaching, SingleFlight
from cachesim.model.system import System
from cachesim.model.workload import OpenLoop
from cachesim.theory.herds import jittered_expiries, negative_misses
from tests.model.worlds import Script, agrees, drawn, metric, over_seeds, requests_of, scripted

LAZY = [
    LazyLoading(ttl=60),
    LazyLoading(ttl=60, invalidate=True),
    InvalidateFirst(ttl=60),
    DoubleDelete(ttl=60),
    WriteAround(ttl=60),
    WriteThrough(ttl=60),
    ReadThrough(ttl=60),
    Jitter(inner=LazyLoading(ttl=60)),
    Jitter(inner=SingleFlight(inner=LazyLoading(ttl=60))),
    NegativeCaching(inner=LazyLoading(ttl=60)),
]
HERD = [(1.0, "read", "a"), (3.0, "read", "a"), (3.0, "read", "a"), (50.0, "read", "a")]


def queries(result):
    """Return how many queries reached the database."""
    return int(result.history["db_queries"].max())


@pytest.mark.parametrize("inner", LAZY, ids=repr)
def test_single_flight_loads_once(inner):
    """Three miss at 2, 5 and 8 while one load runs until 12: all have its answer; that at 57 hits."""
    result = run(scripted(SingleFlight(inner=inner), HERD))
    reads = requests_of(result.scenario)

    assert 1 == queries(result)
    assert ["cold"] * 3 + ["hit"] == reads["lookup"].tolist()
    assert 1 == len(set(reads["end"][:3]))


def test_without_single_flight_each_loads():
    """The same herd, three loads: what the test above would show if nothing were wrapped."""
    assert 3 == queries(run(scripted(LazyLoading(ttl=60), HERD)))


def test_a_failed_load_fails_all_who_wait_and_the_next_one_loads_again():
    """The database refuses while one long query fills its only place; it ends at 33."""
    steps = [(0.5, "read", "b"), *HERD[:3], (50.0, "read", "a")]
    database = Database(
        connections=1, waiting=1, buffer_hit_ratio=1.0, buffer_read=Constant(value=10.0)
    )
    slow = [(0.1, "write", "c"), (0.1, "write", "c")]
    workload = Script(steps=(*slow, *steps), loaded=("a", "b", "c"))
    database = database.replace(commit=Constant(value=20.0))
    records = requests_of(
        scripted(SingleFlight(), (), workload=workload, database=database, duration=200)
    )
    reads = records[(records["op"] == "read") & (records["key"] == "a")]

    assert ["DatabaseRefused"] * 3 == reads["error"].tolist()[:3]
    assert reads["error"].isna().tolist()[3]
    assert 0 == reads["version"].tolist()[3]


def lifetimes(strategy, keys=2_000):
    """Return the TTLs that a run gave to as many keys, each read once."""
    names = tuple(f"k{number}" for number in range(keys))
    steps = tuple((0.0, "read", name) for name in names)
    system = System(
        drawn(strategy, cache=Simple(), workload=Script(steps=steps, loaded=names)),
        lambda record: None,
        lambda sample: None,
    )
    system.run()
    return sorted(entry.expires for entry in system.cache.engine.entries.values())


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: SingleFlight(inner=s)])
def test_jitter_spreads_the_expiries_of_keys_filled_together(wrap):
    """F20: K / (2jT) a second all over [T(1-j), T(1+j)]; in ten tenths, each within 5 deviations."""
    strategy = wrap(Jitter(inner=LazyLoading(ttl=300), share=0.1))
    ends = lifetimes(strategy)
    tenth = 6.0  # seconds
    counts = [sum(270 + n * tenth <= end < 276 + n * tenth for end in ends) for n in range(10)]
    expected = jittered_expiries(2_000, 300.0, 0.1) * tenth

    assert 270 <= ends[0] <= ends[-1] <= 330
    assert all(abs(count - expected) < 5 * expected**0.5 for count in counts), counts


def test_without_jitter_they_expire_together():
    """All at the same moment."""
    assert {300.0} == set(lifetimes(LazyLoading(ttl=300), keys=50))


class Absent(OpenLoop):
    """Requests for a key that has no row."""

    def keys_loaded(self):
        return []

    def _keys(self, seed):
        return repeat("nobody")


def absent(strategy):
    """Return 20,000 reads of an absent key, 1,000 a second; nothing takes time."""
    return drawn(strategy, workload=Absent(rate=1000.0, reads=1.0))


def test_negative_caching_asks_once_a_ttl():
    """F31: an absent id asked for at rate λ reaches the database λ / (1 + λ T) times a second."""
    strategy = NegativeCaching(inner=LazyLoading(), negative_ttl=0.5)
    loads = over_seeds(absent(strategy), metric("hit_ratio"), range(1, 8))
    expected = 1 - negative_misses(1000.0, 0.5) / 1000

    assert agrees(loads, expected)
    assert 0.0 == run(absent(LazyLoading())).metrics["hit_ratio"]


@pytest.mark.parametrize(("invalidate", "seen"), [(False, [0, 1]), (True, [1, 1])])
def test_a_negative_entry_hides_an_insert_for_its_ttl(invalidate, seen):
    """Absent at 1, inserted by 31: unseen until the mark expires at 63, unless the write deletes it.

    What is unseen is an older state than the one acknowledged: version 0, and stale.
    """
    steps = [(1.0, "read", "a"), (9.0, "write", "a"), (30.0, "read", "a"), (30.0, "read", "a")]
    strategy = NegativeCaching(inner=LazyLoading(invalidate=invalidate), negative_ttl=50.0)
    result = run(scripted(strategy, (), workload=Script(steps=tuple(steps), loaded=())))
    reads = requests_of(result.scenario).query("op == 'read'")

    assert reads["version"].isna().tolist()[0]
    assert seen == reads["version"].tolist()[1:]
    assert pytest.approx((2 - sum(seen)) / 2) == result.metrics["stale_ratio"]
