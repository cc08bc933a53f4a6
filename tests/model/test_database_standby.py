"""A standby: what it costs a commit, the failover, the storm of connections after it, and what is lost: nothing."""

import sqlite3
from contextlib import closing
from itertools import pairwise

import pytest

from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.measure.history import Recorder, select_requests
from cachesim.measure.outcomes import outcome
from cachesim.model import faults as f
from cachesim.model.database import Database
from cachesim.model.distributions import Between, Constant, Exponential
from cachesim.model.network import Network
from cachesim.model.resilience import Calls, Resilience
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.predict.prediction import predict
from cachesim.scenario import Scenario
from cachesim.theory import connection_storm
from tests.model.worlds import ZERO, Script, agrees, over_seeds, played, took

# A read takes 10 s, a commit 20 s at each of the two, 3 s are between the zones; the failover takes 50 s.
STANDBY = {
    "database__standby": True,
    "database__failover": Constant(value=50.0),
    "network": Network(in_zone=ZERO, cross_zone=Constant(value=3.0)),
}
PATIENT = Resilience(database=Calls(retries=100, backoff=1.0, jitter=False))


def served(steps, *faults, **fields):
    """Return the records of a scripted run with a standby, in the order in which they began."""
    records = played(steps, *faults, **{**STANDBY, **fields})
    return records.sort_values("begin", kind="stable")


def errors(records):
    """Return the errors; None where there is none."""
    return [None if isinstance(error, float) else error for error in records["error"]]


def test_five_requests():
    """A commit pays the standby, a read does not; the crash at 210 loses one query, and refuses one until 260."""
    steps = [(5.0, "read", "a"), (95.0, "write", "a"), (105.0, "read", "a"), (30.0, "read", "a")]
    records = served([*steps, (25.0, "read", "a")], f.FailOverDatabase(at=210))

    assert [10.0, 20.0 + 3.0 + 20.0, 5.0, 0.0, 10.0] == took(records)
    assert [None, None, "ConnectionLost", "ConnectionRefused", None] == errors(records)
    assert 1 == records["version"].iloc[-1]


@pytest.mark.parametrize(("standby", "back"), [(True, 70.0), (False, 320.0)])
def test_a_crash_is_a_failover_if_there_is_a_standby(standby, back):
    """A query every 10 s. The standby has taken over at 60.5; without one the database is back at 310.5."""
    steps = [(10.0, "read", "a")] * 40
    records = served(steps, f.CrashDatabase(at=10.5, down=300), database__standby=standby)
    good = records[records["error"].isna() & (records["begin"] > 10.5)]

    assert back == good["begin"].min()


def test_a_failover_needs_a_standby():
    """One sentence says what to set."""
    with pytest.raises(
        BadInput, match=r"^FailOverDatabase needs a standby; set Database\(standby=True\)$"
    ):
        played([(5.0, "read", "a")], f.FailOverDatabase(at=1))


def test_the_usual_failover_takes_one_to_two_minutes():
    """[RDS]: 60 to 120 s, another draw for each failover."""
    faults = tuple(f.FailOverDatabase(at=200.0 * n + 1) for n in range(5))
    steps = [(0.5, "read", "a")] * 2000
    records = played(steps, *faults, database__standby=True, database__buffer_read=ZERO)
    good = records[records["error"].isna()].sort_values("begin")["begin"].tolist()
    outages = [after - before for before, after in pairwise(good) if after - before > 2]

    assert 5 == len(outages) == len(set(outages))
    assert 59.5 <= min(outages) <= max(outages) <= 121


def test_a_standby_that_nobody_needs_changes_only_writes():
    """Reads take the same times, draw by draw."""
    scenario = Scenario(strategy=NoCache(), duration=5, warmup=0, database=Database(connections=99))
    alone, pair = (
        select_requests(run(scenario.replace(database__standby=given)).history).set_index(
            ["begin", "key", "op"]
        )
        for given in (False, True)
    )
    reads = alone.index.get_level_values("op") == "read"
    longer = pair["end"].reindex(alone.index) - alone["end"]

    assert (longer[reads] == 0).all()
    assert (longer[~reads] > 0).all()


@pytest.mark.slow
def test_a_prediction_knows_the_standby():
    """The mean write by theory and in ten runs, 99 %."""
    scenario = Scenario(
        strategy=NoCache(), duration=20, warmup=2, workload=OpenLoop(rate=200.0, reads=0.5),
        database=Database(connections=20, standby=True, commit=Exponential(mean=0.004)),
    )  # fmt: skip
    said = predict(scenario).values["write_mean"]
    measured = over_seeds(scenario, lambda result: result.metrics["write_mean"], range(1, 11))

    assert agrees(measured, said)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_no_committed_write_is_lost(seed, tmp_path):
    """Over six failovers, planned or not: SQLite has the newest version of each key that anybody has the answer to."""
    faults = tuple((f.FailOverDatabase, f.CrashDatabase)[n % 2](at=1.0 + 3 * n) for n in range(6))
    scenario = Scenario(
        strategy=LazyLoading(invalidate=True), faults=faults, duration=20, warmup=0, seed=seed,
        database=Database(connections=8, standby=True, failover=Between(low=0.5, high=1.5), accepts=200,
                          file=str(tmp_path / "rows")),
        workload=ClosedLoop(clients=30, think=Constant(value=0.01), reads=0.3),
        resilience=Resilience(database=Calls(timeout=0.5, retries=5, backoff=0.1)),
    )  # fmt: skip
    recorder = Recorder()
    system = UnreliableSystem(scenario, recorder.request, recorder.sample)
    system.run()
    with closing(sqlite3.connect(tmp_path / "rows")) as rows:
        kept = dict(rows.execute("SELECT key, version FROM cache_rows"))
    records = select_requests(recorder.history())
    writes = records[records["op"] == "write"]
    done = writes[outcome(writes) == "ok"]

    assert {"ConnectionLost", "ConnectionRefused"} <= set(writes["error"].dropna())
    assert len(done) > 100
    newest = done.groupby("key")["version"].max()
    assert done["version"].notna().all()
    assert all(kept[key] >= version for key, version in newest.items())
    assert 0 == system.db.open


# --- the storm: all users come at once, and connections are opened one after the other


def storm(users, pace, spread=0.0):
    """Return the waits for a connection of users whose queries take no time, after a failover."""
    gaps = [(100.0, "read", "a")] + [(spread / users, "read", "a")] * (users - 1)
    instant = {
        "database__connections": 500, "database__waiting": 10**6, "database__buffer_read": ZERO,
        "database__accepts": pace, "network": Network(in_zone=ZERO, cross_zone=ZERO),
    }  # fmt: skip
    return took(served(gaps, f.FailOverDatabase(at=1), **instant))


def test_the_storm_waits_as_theory_says():
    """P10: 400 users at 20 connections per second wait 10 s on average, the last one 20 s."""
    waits = storm(400, 20.0)

    assert connection_storm(400, 20.0) == pytest.approx(sum(waits) / 400, rel=1 / 400)
    assert 400 / 20.0 == pytest.approx(max(waits))
    assert 1 / 20.0 == pytest.approx(min(waits))


def test_who_has_a_connection_does_not_wait():
    """The first query of a user opens it, and the next ones use it; before the failover all have one."""
    one = Script(clients=1, steps=tuple([(10.0, "read", "a")] * 20))
    waits = took(served((), f.FailOverDatabase(at=21), workload=one, database__accepts=0.1,
                        database__buffer_read=ZERO, network__in_zone=ZERO))  # fmt: skip

    assert 10.0 == max(waits)
    assert 1 == sum(wait > 0 for wait in waits)


def first_waits(result):
    """Return the mean time that a user's first query takes."""
    first = select_requests(result.history).drop_duplicates("client")
    return float((first["end"] - first["begin"]).mean())


@pytest.mark.slow
def test_jitter_spreads_the_storm():
    """P10 with full jitter: 2,000 users come at random within 20 s, and the queue is M/D/1; 99 % over ten seeds."""
    users, pace, spread = 2000, 200.0, 20.0
    pool = Database(
        standby=True,
        failover=ZERO,
        accepts=pace,
        connections=500,
        buffer_hit_ratio=1.0,
        buffer_read=ZERO,
    )
    scenario = Scenario(
        strategy=NoCache(), database=pool, network=Network(in_zone=ZERO), faults=(f.FailOverDatabase(),),
        workload=ClosedLoop(clients=users, think=Between(high=spread), reads=1.0), duration=spread, warmup=0,
    )  # fmt: skip

    assert agrees(
        over_seeds(scenario, first_waits, range(1, 11)), connection_storm(users, pace, spread)
    )
