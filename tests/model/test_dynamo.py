"""DynamoDB as the database of a scenario: copies, units and throttles, beside arithmetic; and DAX in front of it."""

import math

import pytest

import cachesim.theory as theory
from cachesim.anomalies.herds import AbsentRows
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.compare import compare
from cachesim.experiments.run import run
from cachesim.experiments.tradeoff import table_dollars, trade_offs, units_per_s
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.dynamo import DynamoDB
from cachesim.model.fleet import Replicated
from cachesim.model.popularity import Uniform
from cachesim.model.resilience import Resilience
from cachesim.model.strategies import Dax, LazyLoading, NoCache
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario
from cachesim.units import MIB

WORKLOAD = OpenLoop(rate=400, reads=0.75, popularity=Uniform(keys=20), size=Constant(value=3000))
BASE = Scenario(
    strategy=NoCache(),
    database=DynamoDB(),
    workload=WORKLOAD,
    cache=Simple(),
    duration=40,
    warmup=10,
)


def used(**changes):
    return units_per_s(run(BASE.replace(**changes)))


def test_units_by_hand():
    """3000 bytes and a key of 12: half a unit for an eventual read, one for a strong one, three for a write."""
    eventual, strong = used(), used(database__consistent=True)

    assert 300 * 0.5 == pytest.approx(eventual["read"], rel=0.03)
    assert 300 * 1.0 == pytest.approx(strong["read"], rel=0.03)
    assert 100 * 3.0 == pytest.approx(eventual["write"], rel=0.05)
    assert 0 == eventual["throttled"]


def test_eventual_reads_are_stale_as_often_as_copies_are_behind():
    """Two of three copies miss a write for 50 ms, less the time of the read: the share of the formula."""
    slow = BASE.replace(database__lag=Constant(value=0.05), workload__rate=2000, duration=25)
    expected = 2 / 3 * theory.replica_stale_ratio(2000 * 0.25 / 20, 0.05 - BASE.database.read_mean)

    metrics = run(slow).metrics
    assert expected == pytest.approx(metrics["stale_ratio_committed"], rel=0.05)
    assert 0 == run(slow.replace(database__consistent=True)).metrics["stale_ratio"]


def test_a_table_gives_its_units_and_what_it_has_saved():
    """20 read units a second for 40 s, and the 20 at the start; every further attempt is throttled."""
    short = run(
        BASE.replace(database=DynamoDB(read_units=20, write_units=1000), workload__rate=200)
    )
    read = short.consumed[short.consumed["kind"] == "read"]
    within = read[read["begin"] < 40]["units"].sum()

    assert 20 * 41 == pytest.approx(within, abs=1)
    assert {"Throttled"} == set(short.history["error"].dropna())
    assert 0 < read["throttled"].sum()
    failed = short.history[short.history["error"].notna()]
    assert (failed["end"] - failed["begin"]).max() <= 1 + 2 + 4


def test_a_hot_key_gets_no_more_than_a_partition():
    """A table of 12,000 units has four partitions, and one key is in one of them: 3000, of 4000 that are asked for."""
    hot = BASE.replace(
        database=DynamoDB(read_units=12_000, write_units=1, retries=0, consistent=True),
        workload__rate=4000, workload__reads=1.0, workload__popularity=Uniform(keys=1),
        duration=6,
        warmup=3,
    )  # fmt: skip
    spread = hot.replace(workload__popularity=Uniform(keys=2000))

    assert 3000 == pytest.approx(units_per_s(run(hot))["read"], rel=0.01)
    assert 1000 == pytest.approx(units_per_s(run(hot))["throttled"], rel=0.1)
    assert 0 == units_per_s(run(spread))["throttled"]


def test_clients_that_may_give_up_change_nothing_without_a_failure():
    """The same records, byte for byte, from the system whose tiers may fail."""
    careful = BASE.replace(resilience=Resilience().replace(database__timeout=1e6), duration=20)
    plain = run(BASE.replace(duration=20)).history

    assert plain.equals(run(careful).history)


@pytest.mark.parametrize(
    "bad", [{"standby": True}, {"replicas": 0}, {"read_units": 5}, {"read_units": 0.5}]
)
def test_tables_that_cannot_be(bad):
    with pytest.raises(BadInput):
        DynamoDB(**bad)


# DAX

ONE = BASE.replace(
    strategy=Dax(item_ttl=8), duration=400, warmup=8,
    workload=ClosedLoop(clients=1, think=Constant(value=0.05), reads=1.0, popularity=Uniform(keys=1)),
)  # fmt: skip


def test_a_hit_takes_no_units():
    """One load in each TTL; the other reads cost nothing."""
    result = run(ONE)

    assert 0.5 / 8 == pytest.approx(units_per_s(result)["read"], rel=0.05)
    assert result.metrics["hit_ratio"] > 0.99


def test_a_copy_round_which_writes_go_is_stale_until_its_ttl():
    """Hits are stale as the formula of a TTL says, and no copy is older than its TTL; write-through has none."""
    workload = OpenLoop(rate=21.0, reads=20 / 21, popularity=Uniform(keys=1))
    around = BASE.replace(strategy=Dax(item_ttl=5, around=True), workload=workload, duration=1000)
    result = run(around)

    assert theory.lazy_stale_ratio(20, 1, 5) == pytest.approx(
        result.metrics["stale_ratio"], rel=0.05
    )
    assert result.history["age"].max() <= 5.1
    assert run(around.replace(strategy__around=False)).metrics["stale_ratio"] < 0.01


def test_strong_reads_pass_and_absence_is_cached():
    strong = run(ONE.replace(strategy__strong=True, duration=40))
    assert strong.history["lookup"].isna().all()
    assert 0 == strong.metrics["stale_ratio"]

    absent = AbsentRows(rate=2.0, reads=1.0, popularity=Uniform(keys=1))
    result = run(ONE.replace(workload=absent))
    assert 0.5 / 8.5 == pytest.approx(units_per_s(result)["read"], rel=0.06)


def test_ttl_zero_is_as_in_dax():
    """Items stay, results are not stored."""
    result = run(ONE.replace(strategy=Dax(item_ttl=0), warmup=50))
    assert 0 == units_per_s(result)["read"]
    queries = run(ONE.replace(strategy=Dax(query_ttl=0), workload__queries=1.0, duration=20))
    assert queries.history["lookup"].isna().all()


def test_nodes_get_a_write_a_little_later():
    """A write goes to the primary and its replicas have it 100 ms later; a read of one may be that late, no more."""
    from cachesim.engines.redis.engine import Redis

    nodes = Replicated(replicas=2, reads="replica", lag=Constant(value=0.1))
    dax = BASE.replace(
        strategy=Dax(), fleet=nodes, cache=Redis(memory=MIB), workload__rate=600, duration=25
    )
    history = run(dax).history
    stale = history[(history["op"] == "read") & (history["version"] < history["acknowledged"])]

    assert len(stale) > 100
    assert stale["age"].quantile(0.95) <= 0.12


def test_the_alternatives_side_by_side():
    """Six in one comparison; on demand, DAX saves the units of its hits."""
    read_mostly = BASE.replace(
        workload__reads=0.95, workload__popularity=Uniform(keys=200), duration=40
    )
    results = compare(
        read_mostly,
        database={"RDS": Database(), "DynamoDB": DynamoDB()},
        strategy={"ElastiCache": LazyLoading(ttl=60), "DAX": Dax(), "alone": NoCache()},
        replications=1, n_jobs=1,
    )  # fmt: skip
    nodes = {"RDS, ElastiCache": 0.034 + 0.068, "DynamoDB, DAX": 0.04, "DynamoDB, alone": 0.0}
    table = trade_offs(results, nodes)

    assert list(nodes) == list(table.index)
    assert math.isnan(table.loc["DynamoDB, alone", "hit_ratio"])
    alone = results.first_runs[5]
    by_hand = 3600 * (380 * 0.5 * 0.125e-6 + 20 * 3 * 0.625e-6)
    assert by_hand == pytest.approx(table_dollars(alone), rel=0.1)
    assert (
        table.loc["DynamoDB, DAX", "read_per_s"] < 0.1 * table.loc["DynamoDB, alone", "read_per_s"]
    )
    assert 0.102 == pytest.approx(table.loc["RDS, ElastiCache", "usd_per_hour"])
    with pytest.raises(BadInput, match='"Redis" is no alternative'):
        trade_offs(results, {"Redis": 0.0})
