"""Each fault by hand: a visit to the cache takes 1 s, a read of the database 10 s, a commit 20 s."""

import math

import pytest
from pandas.testing import assert_frame_equal

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.model import faults as f
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.network import Network
from cachesim.model.resilience import Resilience
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.workload import ClosedLoop
from cachesim.scenario import Scenario
from cachesim.units import MIB
from tests.model.worlds import ZERO, played

NO_OPS = (f.SlowDatabase(at=1, duration=2, factor=1.0), f.SlowCache(at=0.5, duration=9, factor=1.0))


def ends(records):
    """Return when each request ended and with which error, by the order in which they began."""
    rows = records.sort_values("begin", kind="stable")
    errors = [None if isinstance(e, float) else e for e in rows["error"]]
    return list(zip(rows["end"].round(6).tolist(), errors, strict=True))


READ = [(5.0, "read", "a")]
TWO = [(5.0, "read", "a"), (4.0, "read", "a")]  # at 5 and at 9


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        (f.SlowDatabase(at=0, duration=100, factor=3.0), 35.0),
        (f.SlowDatabase(at=10, duration=100, factor=2.0), 20.0),  # half of it was done
        (f.SlowDatabase(at=10, duration=4, factor=2.0), 17.0),
        (f.FreezeDatabase(at=8, duration=3), 18.0),
        (f.SlowDatabase(at=15, duration=9, factor=2.0), 15.0),
        (f.SlowCache(at=0, duration=100, factor=9.0), 15.0),
    ],
)
def test_slow_work_takes_longer(fault, end):
    """The part of the work that falls into the window takes `factor` times as long."""
    assert [(end, None)] == ends(played(READ, fault))


def test_a_packet_that_is_sent_again_is_served_even_if_that_takes_no_time():
    """The SYN at 5 is lost, the one at 6 is not; the service is zero."""
    records = played(READ, f.PartitionDatabase(at=4, duration=1.5), database__buffer_read=ZERO)

    assert [(6.0, None)] == ends(records)


def test_slow_faults_multiply():
    """Two at once: the product of their factors; afterwards the speed is what it was."""
    both = [
        f.SlowDatabase(at=0, duration=12, factor=2.0),
        f.SlowDatabase(at=5, duration=7, factor=3.5),
    ]

    assert [(12 + 10 - 7 / 7, None)] == ends(played(READ, *both))


def test_a_crash_of_the_database():
    """What is under way is lost at the moment of the crash; calls are refused until it is back."""
    steps = [*TWO, (4.0, "read", "a")]
    records = played(steps, f.CrashDatabase(at=8, down=4))

    assert [(8.0, "ConnectionLost"), (9.0, "ConnectionRefused"), (23.0, None)] == ends(records)


def test_a_crash_loses_the_commit_that_it_comes_before():
    """An effect happens when its event fires: never, if the process ends before."""
    steps = [(5.0, "write", "a"), (25.0, "read", "a")]
    before, after = (
        played(steps, f.CrashDatabase(at=at, down=1.0), network__in_zone=ZERO) for at in (24, 26)
    )

    assert [(24.0, "ConnectionLost"), (40.0, None)] == ends(before)
    assert 0 == before["version"].iloc[-1] == before["committed"].iloc[-1]
    assert 1 == after["version"].iloc[-1]


def test_a_crash_frees_the_connections():
    """What waited for the one connection is gone with it: the next query begins at once."""
    database = Database(
        connections=1, waiting=1, buffer_hit_ratio=1.0, buffer_read=Constant(value=10.0)
    )
    records = played(
        [*TWO, (2.0, "read", "a")], f.CrashDatabase(at=10, down=0.5), database=database
    )

    assert [(10.0, "ConnectionLost"), (10.0, "ConnectionLost"), (21.0, None)] == ends(records)


@pytest.mark.parametrize("engine", [Simple(), Redis(memory=MIB), Memcached(memory=2 * MIB)])
@pytest.mark.parametrize(
    ("fault", "lookups"),
    [
        (f.CrashCache(at=50, down=20.0), ["cold", "unreachable", "lost", "hit"]),
        (f.RebootCache(at=50, duration=20), ["cold", "unreachable", "lost", "hit"]),
        (f.RefuseCache(at=50, duration=20), ["cold", "unreachable", "hit", "hit"]),
        (f.RejectCacheLogin(at=50, duration=20), ["cold", "unreachable", "hit", "hit"]),
        (f.FlushCache(at=50), ["cold", "lost", "hit", "hit"]),
    ],
)
def test_what_survives(engine, fault, lookups):
    """Nothing survives a crash, a reboot or a flush; everything a refusal."""
    steps = [(10.0, "read", "a"), (45.0, "read", "a"), (25.0, "read", "a"), (25.0, "read", "a")]
    records = played(steps, fault, strategy=LazyLoading(), cache=engine)

    assert lookups == records["lookup"].tolist()
    assert records["error"].isna().all()


def test_a_cache_error_may_be_raised():
    """With on_cache_error="raise" an outage of the cache fails the request, after one round trip."""
    steps = [(5.0, "read", "a")]
    faults = {
        "ConnectionRefused": f.RefuseCache(at=1, duration=10),
        "AuthenticationFailed": f.RejectCacheLogin(at=1, duration=10),
    }

    for error, fault in faults.items():
        records = played(steps, fault, strategy=LazyLoading(), on_cache_error="raise")
        assert [(6.0, error)] == ends(records)


def test_a_refused_database():
    """There is nowhere else to go: the request fails after one round trip (here without length)."""
    for fault, error in (
        (f.RefuseDatabase(at=1, duration=5), "ConnectionRefused"),
        (f.RejectDatabaseLogin(at=1, duration=5), "AuthenticationFailed"),
    ):
        assert [(5.0, error), (19.0, None)] == ends(played(TWO, fault))


# --- the way there and back


def test_a_partition_without_a_time_out():
    """A SYN is repeated after 1, 2, 4 ... s; the system gives up after 127 s."""
    assert [(132.0, "ConnectTimedOut")] == ends(
        played(READ, f.PartitionDatabase(at=4, duration=math.inf))
    )
    assert [(18.0, None)] == ends(played(READ, f.PartitionDatabase(at=4, duration=3)))  # 5, 6, 8


def test_a_partition_costs_the_time_out_of_every_attempt():
    """Latency = t_o · (1 + r)."""
    records = played(
        READ,
        f.PartitionDatabase(at=4, duration=math.inf),
        resilience__database=f.Calls(timeout=3.0, retries=2),
    )

    assert [(5 + 3 * (1 + 2), "ConnectTimedOut")] == ends(records)


def test_a_partition_swallows_the_answer_of_what_is_under_way():
    """The effect happens; the answer is repeated after 0.2, 0.4, 0.8 s, until the line is mended."""
    patient = played(READ, f.PartitionDatabase(at=12, duration=4))
    hasty = played([(5.0, "write", "a"), (30.0, "read", "a")],
                   f.PartitionDatabase(at=12, duration=14), resilience__database__timeout=21.0)  # fmt: skip

    assert [(15 + 0.2 + 0.4 + 0.8, None)] == ends(patient)
    assert [(26.0, "TimedOut"), (45.0, None)] == ends(hasty)
    assert [0, 1] == [hasty["acknowledged"].iloc[1], hasty["version"].iloc[1]]


def test_lost_packets_are_repeated():
    """With a share of 1 nothing gets through until the fault is over: 0.2, 0.4, ... s later."""
    assert [(15 + 0.2 + 0.4 + 0.8 + 1.6, None)] == ends(
        played(READ, f.DropDatabasePackets(at=0, duration=7, share=1.0))
    )


def test_lost_packets_and_retries():
    """A call loses one of two packets with q = 1 − (1 − p)², and fails r + 1 times with q^(r + 1)."""
    p, retries, requests = 0.2, 1, 20_000
    q = 1 - (1 - p) ** 2
    scenario = Scenario(
        strategy=NoCache(), duration=requests / 1000, warmup=0, network=Network(in_zone=ZERO),
        database=Database(connections=50, buffer_hit_ratio=1, buffer_read=ZERO, commit=ZERO),
        faults=[f.DropDatabasePackets(share=p, duration=math.inf)],
        resilience=Resilience(database=f.Calls(timeout=0.1, retries=retries)),
    )  # fmt: skip
    metrics = run(scenario).metrics
    failed = q ** (retries + 1)

    # 99 % of runs lie within this (seed fixed)
    assert abs(metrics["error_ratio"] - failed) < 2.576 * math.sqrt(failed / requests)
    assert q == pytest.approx(metrics["retries"] / metrics["requests"], rel=0.03)


# --- rules


@pytest.mark.parametrize("workload", [None, ClosedLoop(clients=20, think=Exponential(mean=0.01))])
def test_a_fault_that_changes_nothing_changes_no_record(workload):
    """An unreliable system in which nothing fails gives the records of a plain one, byte for byte."""
    scenario = Scenario(duration=3, warmup=0, strategy=LazyLoading(ttl=1, invalidate=True))
    scenario = scenario if workload is None else scenario.replace(workload=workload)

    assert_frame_equal(
        run(scenario).history, run(scenario.replace(faults=NO_OPS)).history, check_exact=True
    )


def test_a_time_out_that_never_strikes_changes_no_record():
    """Nor do its events move the last look."""
    scenario = Scenario(duration=2, warmup=0)
    patient = scenario.replace(resilience__database__timeout=50.0, resilience__cache__timeout=50.0)

    assert_frame_equal(run(scenario).history, run(patient).history, check_exact=True)


def test_a_slow_database_is_busier():
    """U = λ · S · factor / c while it lasts (99 % of runs within this tolerance; seed fixed)."""
    scenario = Scenario(
        strategy=NoCache(), duration=60, warmup=20, network=Network(in_zone=ZERO),
        database=Database(connections=4, buffer_hit_ratio=1.0, buffer_read=Exponential(mean=0.002)),
        faults=[f.SlowDatabase(at=0, duration=math.inf, factor=1.7)],
    ).replace(workload__rate=500.0, workload__reads=1.0)  # fmt: skip

    assert 500 * 0.002 * 1.7 / 4 == pytest.approx(run(scenario).metrics["db_utilization"], rel=0.03)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"faults": (3,)}, "must hold faults"),
        ({"faults": 3}, "must be a tuple"),
        ({"faults": [f.CrashCache(at=70)]}, "before the end of the run"),
    ],
)
def test_wrong_faults_are_refused(fields, sentence):
    """With a sentence, before anything runs."""
    with pytest.raises(BadInput, match=sentence):
        Scenario(**fields)


def test_a_result_names_its_faults():
    """With their moments."""
    result = run(Scenario(duration=2, warmup=0, faults=[f.FlushCache(at=1)]))

    assert "FlushCache at 1 s" in str(result)
