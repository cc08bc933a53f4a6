"""What a run does beside its requests: rows, the warm start, the looks at the tiers."""

import math
import sqlite3
from contextlib import closing

import pytest

from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.measure.metrics import select
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.events import Environment
from cachesim.model.network import Network
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.system import System
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from tests.model.worlds import ZERO, Script, drawn, requests_of, scripted


def samples_of(scenario):
    """Run, and return one row a look at the tiers."""
    return select(run(scenario).history, "sample").reset_index(drop=True)


def test_looks_are_regular():
    """At 0, every interval, at the warm-up's end, at the end of arrivals, and when the last answer is out."""
    scenario = scripted(NoCache(), [(29.0, "read", "a")], duration=30, warmup=12, sample_every=10.0)

    assert [0.0, 10.0, 12.0, 20.0, 30.0, 39.0] == samples_of(scenario)["begin"].tolist()


@pytest.mark.parametrize(
    ("warmup", "every"), [(0.3, 0.1), (0.7, 0.1), (1.1, 0.3), (0.05, 1.0), (2.999, 0.7)]
)
def test_a_look_falls_on_the_end_of_the_warm_up(warmup, every):
    """Exactly, or rates after the warm-up would begin with the wrong count."""
    scenario = scripted(NoCache(), [], duration=3, warmup=warmup, sample_every=every)

    assert warmup in samples_of(scenario)["begin"].tolist()


def test_what_a_look_sees():
    """Counters by hand: one read misses (2 visits of 1 s to the cache are no work: the node is instant),
    one query of 10 s on one of two connections; the key "a" and its 100 bytes are held, then expire.
    """
    steps = [(0.0, "read", "a"), (25.0, "read", "a")]
    scenario = scripted(LazyLoading(ttl=5.0), steps, duration=40, sample_every=5.0)
    scenario = scenario.replace(database__connections=2, node__service=Constant(value=0.5))
    looks = samples_of(scenario).set_index("begin")

    assert [0, 1, 1, 1, 1, 1, 2, 2, 2] == looks["db_queries"].tolist()[:9]
    assert [0.0, 1.75, 4.25, 5.0] == looks.loc[[0.0, 5.0, 10.0, 15.0], "db_busy"].tolist()
    assert [0.0, 0.5, 0.5, 1.0] == looks.loc[[0.0, 5.0, 10.0, 15.0], "cache_busy"].tolist()
    assert [0, 0, 0, 1] == looks.loc[[0.0, 5.0, 10.0, 15.0], "items"].tolist()
    assert [0.0, 101.0] == looks.loc[[0.0, 15.0], "memory"].tolist()
    assert [0, 0, 1] == looks.loc[[0.0, 15.0, 35.0], "expirations"].tolist()
    assert 0 == looks["evictions"].max() == looks["cache_errors"].max()


def test_evictions_are_seen():
    """Two keys in a cache for one."""
    steps = [(20.0, "read", key) for key in "ababab"]
    workload = scripted(NoCache(), ()).workload.replace(steps=tuple(steps), loaded=("a", "b"))
    result = run(
        scripted(LazyLoading(), (), workload=workload, cache=Simple(items=1), duration=200)
    )

    assert 5.0 == result.metrics["evictions"]
    assert ["cold", "cold", *["evicted"] * 4] == requests_of(result.scenario)["lookup"].tolist()


def test_utilization_of_both_tiers():
    """U = rate · service / workers, for the node's worker and the pool, 99 % of runs within this tolerance."""
    scenario = Scenario(
        strategy=LazyLoading(ttl=0.001),
        cache=Simple(),
        database=Database(connections=2, buffer_hit_ratio=1.0, buffer_read=Exponential(mean=0.002)),
        network=Network(in_zone=ZERO),
        workload=OpenLoop(rate=500.0, reads=1.0, popularity=Uniform(keys=100_000), key_size=8),
        duration=40,
        warmup=10,
    ).replace(node__service=Exponential(mean=0.0005))
    metrics = run(scenario).metrics

    assert 500 * 0.002 / 2 == pytest.approx(metrics["db_utilization"], rel=0.05)
    assert 2 * 500 * 0.0005 == pytest.approx(metrics["cache_utilization"], rel=0.05)
    assert 500 == pytest.approx(metrics["db_queries_per_s"], rel=0.03)
    assert 500 == pytest.approx(metrics["throughput"], rel=0.03)


def test_database_reads_are_a_mixture():
    """A share of the reads comes from the buffer pool: the mean is `read_mean` (99 %, seed fixed)."""
    database = Database(
        connections=50,
        buffer_hit_ratio=0.8,
        buffer_read=Constant(value=0.001),
        disk_read=Constant(value=0.011),
    )
    scenario = drawn(NoCache(), database=database, network=Network(in_zone=ZERO), keys=10)
    records = requests_of(scenario)
    took = (records["end"] - records["begin"]).round(6)

    assert 0.003 == pytest.approx(database.read_mean)
    assert {0.001, 0.011} == set(took)
    assert abs((took == 0.001).mean() - 0.8) < 2.576 * math.sqrt(0.16 / len(took))


# --- the start


def test_a_cold_start_is_empty():
    """The first read of every key is a cold miss."""
    scenario = drawn(LazyLoading(), requests=500, keys=50, cache=Simple())

    assert 50 == (requests_of(scenario)["lookup"] == "cold").sum()


def test_a_warm_start_holds_the_rows():
    """With room for all there is no miss at all; what a look at 0 sees are all rows."""
    scenario = drawn(LazyLoading(), requests=500, keys=50, start="warm", cache=Simple())

    assert {"hit"} == set(requests_of(scenario)["lookup"])
    assert 50 == samples_of(scenario)["items"].iloc[0]


def test_a_warm_start_keeps_the_most_popular():
    """Where there is room for ten, the ten most popular are there; the rest count as evicted."""
    scenario = drawn(NoCache(), requests=10, keys=50, start="warm", cache=Simple(items=10))
    system = System(scenario, lambda record: None, lambda sample: None)
    system.run()
    engine, keys = system.cache.engine, scenario.workload.keys_loaded()

    assert [0] * 10 == [engine.get(key).write for key in keys[:10]]
    assert {"evicted"} == {engine.why_missed(key) for key in keys[10:]}
    assert 10 == len(engine)


def test_a_warm_start_has_partly_used_its_ttls():
    """Keys that were filled at random moments of the past expire evenly over the first TTL."""
    scenario = drawn(
        LazyLoading(ttl=10), requests=5_000, rate=1e6, keys=2_000, start="warm", cache=Simple()
    )
    scenario = scenario.replace(workload__rate=1_000.0, duration=5.0)
    first = requests_of(scenario).drop_duplicates("key")
    expected = (1 - first["begin"] / 10).sum()
    variance = (first["begin"] / 10 * (1 - first["begin"] / 10)).sum()

    assert abs((first["lookup"] == "hit").sum() - expected) < 2.576 * math.sqrt(variance)
    assert {"hit", "expired"} == set(first["lookup"])


def test_what_does_not_fit_stays_out_of_a_warm_start():
    """A value larger than the cache is no reason not to begin."""
    scenario = drawn(NoCache(), requests=10, start="warm", cache=Simple(memory=100))

    assert 10 > samples_of(scenario)["items"].iloc[0] == 0


def test_rows_can_be_kept_in_a_file(tmp_path):
    """The file holds every row with its version when the run is over, and is not written over."""
    path = str(tmp_path / "rows.db")
    scenario = scripted(NoCache(), [(1.0, "write", "a"), (50.0, "write", "b")])
    scenario = scenario.replace(database__file=path)
    run(scenario)

    with pytest.raises(BadInput, match="name a new file"):
        run(scenario)

    with closing(sqlite3.connect(path)) as file:
        found = file.execute(
            "SELECT key, version, length(value) FROM cache_rows ORDER BY key"
        ).fetchall()

    assert [("a", 1, 100), ("b", 1, 100)] == found


def test_network_zones():
    """A tier in another zone is reached over the other leg."""
    near, far = Constant(value=0.5), Constant(value=2.0)
    network = Network(in_zone=near, cross_zone=far, cache_in_zone=False)

    assert (far, near) == (network.cache_leg, network.database_leg)
    assert (near, far) == (lambda n: (n.cache_leg, n.database_leg))(
        Network(in_zone=near, cross_zone=far, database_in_zone=False)
    )


def test_a_failure_that_nobody_waits_for_stops_the_run():
    """As in SimPy: an event that fails unheard ends the loop with its error, nothing is passed over."""
    env = Environment()
    env.event().fail(KeyError("nobody listens"))
    with pytest.raises(KeyError, match="nobody listens"):
        env.run_to_end()


class Ticking(NoCache):
    """Does something once a minute beside the requests."""

    def start(self, app):
        while True:
            yield app.timeout(60.0)
            yield app.db.read("a")
            app.shared.setdefault("ticks", []).append(app.now)


@pytest.mark.parametrize("clients", [None, 1])
def test_work_beside_the_requests_ends_after_them(clients):
    """The last record is written at 120; the round from 200 to 210 is the first to begin after it."""
    steps = ((100.0, "write", "a"), (2000.0, "read", "a"))
    system = System(
        scripted(Ticking(), (), workload=Script(steps=steps, clients=clients)),
        lambda record: None,
        lambda sample: None,
    )
    system.run()

    assert [70.0, 140.0, 210.0] == system.shared["ticks"]


def test_a_strategy_fills_the_warm_cache_itself():
    """`preload` gets every key, the most popular last, and the share of its TTL that is left."""

    class Marked(NoCache):
        def preload(self, engine, key, value, left):
            engine.set(key, f"{0 < left <= 1}".encode())

    scenario = drawn(Marked(), requests=10, keys=3, start="warm")
    system = System(scenario, lambda record: None, lambda sample: None)
    system.run()

    assert [b"True"] * 3 == [entry.value for entry in system.cache.engine.entries.values()]
