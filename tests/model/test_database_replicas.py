"""Read replicas: each answer by hand, against an eager twin, and against theory."""

import pytest

from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.model import faults as f
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential, Lognormal
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.behind import WriteBehind
from cachesim.model.strategies.lazy import DoubleDelete, LazyLoading
from cachesim.model.strategies.wrap import ReadReplicas
from cachesim.model.system import System
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario
from cachesim.theory import replica_stale_ratio
from tests.model.worlds import (
    ZERO,
    Cycle,
    agrees,
    drawn,
    metric,
    over_seeds,
    played,
    requests_of,
    took,
)


class FromReplicas(Strategy):
    """Reads ask a replica, writes go to the primary."""

    def read(self, app, key):
        return (yield app.db.read(key, replica=True))

    def write(self, app, key, value):
        yield app.db.write(key, value)


class FromPrimary(FromReplicas):
    """All goes to the primary."""

    def read(self, app, key):
        return (yield app.db.read(key))


# --- by hand: a read takes 10 s, a commit 20 s, no time on the way; the replica is 30 s behind


def built(**fields):
    """Return a system of readers of replicas that has not run yet."""
    scenario = Scenario(strategy=FromReplicas(), duration=5, warmup=0, **fields)
    return System(scenario, lambda record: None, lambda sample: None)


def versions(records):
    """Return the versions in the order in which the requests began."""
    return records.sort_values("begin", kind="stable")["version"].tolist()


def replicated(steps, *faults, strategy=None, **fields):
    """Return the records of a scripted run whose database has one replica, 30 s behind."""
    lagging = {"database__replicas": 1, "database__lag": Constant(value=30.0)}
    return played(steps, *faults, strategy=strategy or FromReplicas(),
                  **{"network__in_zone": ZERO, **lagging, **fields})  # fmt: skip


def test_five_requests():
    """Committed at 25, at the replica at 55: the reads that end at 35 and 54 are too early, that at 55 is not."""
    steps = [(5.0, "write", "a"), (20.0, "read", "a"), (19.0, "read", "a"), (1.0, "read", "a")]
    records = replicated([*steps, (2.0, "write", "b")])

    assert [1, 0, 0, 1, 1] == versions(records)
    assert [0, 1, 1, 1, 0] == records.sort_values("begin")["acknowledged"].tolist()
    assert [20.0, 10.0, 10.0, 10.0, 20.0] == took(records.sort_values("begin"))


def test_a_commit_waits_for_the_one_before():
    """The second commit, at 27, would arrive at 32; but the first arrives at 55, and the order stays."""
    steps = [(5.0, "write", "b"), (2.0, "write", "a"), (37.0, "read", "a"), (2.0, "read", "a")]
    records = replicated(steps, database__lag=Cycle(numbers=(30.0, 5.0)))
    reads = records[records["op"] == "read"]

    assert [(54.0, 0), (56.0, 1)] == list(zip(reads["end"], reads["version"], strict=True))


def test_a_row_that_is_not_there_yet():
    """An insert, committed at 25, is unknown at the replica until 55."""
    steps = [(5.0, "write", "new"), (21.0, "read", "new"), (20.0, "read", "new")]
    records = replicated(steps)

    assert [1, 0, 1] == versions(records)
    assert [True, False] == records[records["op"] == "read"]["write"].isna().tolist()


def test_a_flush_of_write_behind_reaches_the_replicas():
    """`write_all` is a commit like any other."""

    class Behind(WriteBehind):
        def read(self, app, key):
            return (yield app.db.read(key, replica=True))

    steps = [(1.0, "write", "a"), (30.0, "read", "a"), (100.0, "read", "a")]
    records = replicated(steps, strategy=Behind(interval=5.0))

    assert [0, 1] == records[records["op"] == "read"]["version"].tolist()


def test_each_replica_serves_on_its_own():
    """One connection each: of three reads at once, two are served at once and the third waits."""
    steps = [(5.0, "read", "a"), (0.0, "read", "a"), (0.0, "read", "a")]
    fields = {"database__connections": 1, "database__replicas": 2}

    assert [10.0, 10.0, 20.0] == sorted(took(replicated(steps, **fields)))
    assert [10.0, 20.0, 30.0] == sorted(took(replicated(steps, database__connections=1)))


@pytest.mark.parametrize("users", [3, 150])
def test_users_take_the_replicas_in_turn(users):
    """Each of their own: so many reads of each user, so many queries at each replica, to within one per user."""
    workload = ClosedLoop(clients=users, think=Constant(value=0.5), reads=1.0)
    system = built(workload=workload, database=Database(replicas=3, connections=200))
    system.run()
    queries = [tier.queries for tier in system.replicas]

    assert 0 == system.db.queries
    assert max(queries) - min(queries) <= users
    assert sum(queries) > 3 * users


def test_a_replica_has_a_pool_of_its_own():
    """A full primary refuses, and its replica does not; and the other way round."""
    busy = [(5.0, "write", "a"), (0.0, "write", "a"), (0.0, "read", "a")]
    fields = {"database__connections": 1, "database__waiting": 1}
    at_replica = replicated(busy, **fields)
    at_primary = replicated(busy, strategy=FromPrimary(), **fields)

    assert [False] * 3 == at_replica["error"].notna().tolist()
    assert ["DatabaseRefused"] == at_primary["error"].dropna().tolist()
    three = replicated([(5.0, "read", "a"), (0.0, "read", "a"), (0.0, "read", "a")], **fields)
    assert ["DatabaseRefused"] == three["error"].dropna().tolist()


def test_without_replicas_the_primary_answers():
    """Record by record as if nobody had asked for a replica."""
    scenario = Scenario(duration=5, warmup=0, cache=Simple())
    asked, plain = (
        requests_of(scenario.replace(strategy=s())) for s in (FromReplicas, FromPrimary)
    )

    assert asked.equals(plain)


@pytest.mark.parametrize("faults", [(), (f.SlowCache(at=1.0, factor=1.0),)])
def test_replicas_that_nobody_reads_change_nothing(faults):
    """Neither in a plain system nor in one that may fail."""
    scenario = Scenario(duration=5, warmup=0, strategy=LazyLoading(ttl=1), faults=faults)
    replicas = scenario.replace(database__replicas=3)

    assert run(scenario).history.equals(run(replicas).history)


def test_both_kinds_of_system_agree():
    """A fault that changes nothing changes no record."""
    database = Database(replicas=2, connections=9)
    scenario = Scenario(duration=5, warmup=0, strategy=FromReplicas(), database=database)
    faulty = scenario.replace(faults=(f.SlowCache(at=1.0, factor=1.0),))

    assert requests_of(scenario).equals(requests_of(faulty))


# --- faults


def test_replicas_answer_while_the_primary_is_down():
    """A crash of the primary strikes writes, and reads of the primary."""
    steps = [(5.0, "read", "a"), (45.0, "read", "a"), (0.0, "write", "a")]
    records = replicated(steps, f.CrashDatabase(at=40, down=100))

    assert [None, None, "ConnectionRefused"] == [
        None if isinstance(error, float) else error for error in records.sort_values("op")["error"]
    ]


class CrashReplica(f.CrashDatabase):
    """The first replica crashes."""

    tier = "database-replica-0"


def test_a_fault_may_strike_a_replica():
    """It has a name among the tiers; the primary goes on."""
    steps = [(5.0, "read", "a"), (0.0, "write", "a")]
    records = replicated(steps, CrashReplica(at=10, down=100))

    assert ["ConnectionLost"] == records[records["op"] == "read"]["error"].tolist()
    assert records[records["op"] == "write"]["error"].isna().all()


def test_replication_stops_for_a_while():
    """Committed at 25, held back until 100."""
    steps = [(5.0, "write", "a"), (79.0, "read", "a"), (8.0, "read", "a")]
    records = replicated(steps, f.StopReplication(at=20, duration=80))

    assert [(94.0, 0), (102.0, 1)] == [
        (row.end, row.version) for row in records.itertuples() if row.op == "read"
    ]


def test_replication_needs_a_replica():
    """One sentence says what to set."""
    with pytest.raises(
        BadInput, match=r"^StopReplication needs replicas; set Database\(replicas=1\)"
    ):
        played([(5.0, "read", "a")], f.StopReplication(at=1))


# --- against theory


@pytest.mark.slow
@pytest.mark.parametrize(
    "law", [Constant(value=0.02), Exponential(mean=0.02), Lognormal(median=0.014, sigma=0.84)]
)
def test_stale_reads_are_as_many_as_theory_says(law):
    """P1: 1 - e^(-writes · mean lag) for any law, one key; 99 % over ten seeds."""
    world = drawn(FromReplicas(), requests=15_000, reads=0.9, rate=200.0)
    world = world.replace(database__replicas=2, database__lag=law, database__connections=1)
    measured = over_seeds(world, metric("stale_ratio"), range(1, 11))

    assert agrees(measured, replica_stale_ratio(20.0, law.mean))


@pytest.mark.slow
def test_constant_lags_make_each_key_as_stale_as_alone():
    """P1 per key: ten keys, each with a tenth of the writes."""
    world = drawn(
        FromReplicas(), requests=15_000, reads=0.5, rate=400.0, popularity=Uniform(keys=10)
    )
    world = world.replace(database__replicas=1, database__lag=Constant(value=0.03))
    measured = over_seeds(world, metric("stale_ratio"), range(1, 11))

    assert agrees(measured, replica_stale_ratio(20.0, 0.03))


@pytest.mark.slow
def test_same_seed_same_records():
    """Byte for byte, also with many users who share clients."""
    for workload in (OpenLoop(rate=500.0), ClosedLoop(clients=200)):
        scenario = Scenario(strategy=ReadReplicas(inner=LazyLoading(ttl=1, invalidate=True)), duration=4, warmup=0,
                            workload=workload, database=Database(replicas=2, standby=True))  # fmt: skip
        first, again = (run(scenario).history.to_csv() for _ in range(2))

        assert first == again


@pytest.mark.parametrize(("wait", "least", "most"), [(0.1, 0.0, 0.15), (0.001, 1.0, 20.0)])
def test_a_second_delete_later_than_the_lag_cures_a_poisoned_cache(wait, least, most):
    """With a lag of 50 ms, no copy stays stale for longer than the wait; a delete too early helps nobody."""
    world = drawn(
        ReadReplicas(inner=DoubleDelete(wait=wait)), requests=20_000, rate=1000.0, reads=0.999
    )
    found = run(world.replace(database__replicas=2, database__lag=Constant(value=0.05)))
    ages = found.history["age"].dropna()

    assert len(ages) > 20
    assert least <= ages.max() <= most
