"""Each fault by hand: a visit to the cache takes 1 s, a read of the database 10 s, a commit 20 s."""

import math

import pytest
from pandas.testing import assert_frame_equal

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.measure.metrics import availability, db_queries_per_s, db_utilization, hit_ratio
from cachesim.model import faults as f
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.network import Network
from cachesim.model.popularity import Uniform, Zipf
from cachesim.model.resilience import Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario
from cachesim.theory import cold_hit_ratio, zipf
from cachesim.units import MIB
from tests.model.worlds import ZERO, FromCache, drawn, requests_of, scripted

NO_OPS = (f.SlowDatabase(at=1, duration=2, factor=1.0), f.SlowCache(at=0.5, duration=9, factor=1.0))


def played(steps, *faults, strategy=None, **fields):
    """Return the records of a scripted run under faults."""
    world = scripted(strategy or NoCache(), steps, faults=faults)
    return requests_of(world.replace(**fields))


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


# --- the clients' side


def test_a_hot_key():
    """In its window every request, or a share of them, goes to the key; outside none does."""
    steps = [(10.0, "read", "a")] * 4  # at 10, 20, 30, 40
    workload = scripted(NoCache(), steps).workload.replace(loaded=("a", "b"))
    given = {"workload": workload, "strategy": FromCache()}
    default = played(steps, f.HotKey(at=15, duration=20, share=1.0), **given)
    named = played(steps, f.HotKey(at=15, duration=5, share=1.0, key="x"), **given)
    never = played(steps, f.HotKey(at=15, duration=20, share=0.0), **given)

    assert ["a", "b", "b", "a"] == default["key"].tolist()
    assert ["a", "a", "a", "a"] == named["key"].tolist()  # 20 is past the window
    assert {"a"} == set(never["key"])


def test_a_hot_key_must_be_some_key():
    """A workload that loads none needs one by name."""
    workload = scripted(NoCache(), ()).workload.replace(loaded=())

    with pytest.raises(BadInput, match="give key="):
        played([(1.0, "read", "a")], f.HotKey(at=1), workload=workload)


def test_a_surge():
    """Requests come factor times as fast in its window, and a gap across its edges is shortened in part."""
    steps = [(10.0, "read", "a")] * 4
    records = played(steps, f.Surge(at=12, duration=7, factor=4.0))

    assert [10.0, 10 + 2 + 8 / 4, 14 + 10 / 4, 16.5 + 10 / 4] == sorted(records["begin"])


class Clocks(Strategy):
    """Keeps what each client's clock shows, beside the true time."""

    def read(self, app, key):
        SEEN.append((app.client, app.now - app._env.now))
        yield app.timeout(1.0)

    def write(self, app, key, value):
        yield app.timeout(1.0)


SEEN = []


def test_skewed_clocks():
    """Each client's clock is wrong by a time of its own while the fault lasts, and right before and after."""
    SEEN.clear()
    steps = [
        (5.0, "read", "a"),
        (0.5, "read", "a"),
        (10.0, "read", "a"),
        (0.5, "read", "a"),
        (20.0, "read", "a"),
    ]
    played(steps, f.SkewClocks(at=10, duration=10, by=2.0), strategy=Clocks())
    before, during, after = SEEN[:2], SEEN[2:4], SEEN[4:]

    assert [0.0, 0.0, 0.0] == [skew for _, skew in before + after]
    assert 2 == len({round(skew, 9) for _, skew in during})
    assert all(0 < abs(skew) <= 2.0 for _, skew in during)


# --- credits


@pytest.mark.parametrize(("node", "factor"), [("t2.micro", 10), ("t3.micro", 5), ("t3.small", 2.5)])
def test_the_slowdown_of_a_node_without_credits(node, factor):
    """1 / (vCPU · baseline) for one busy thread."""
    assert factor == pytest.approx(f.ExhaustCredits(node_type=f"cache.{node}").slowdown(workers=1))


def test_credits_run_out_when_they_should():
    """Time to empty = balance / (use − earnings); from then on the one thread is five times as slow."""
    fault = f.ExhaustCredits(node_type="cache.t3.micro", balance=0.1)  # credits: 6 s of a vCPU
    scenario = Scenario(
        strategy=FromCache(), cache=Simple(), start="warm", duration=60, warmup=0, faults=[fault],
        network=Network(in_zone=ZERO), sample_every=0.5,
        workload=OpenLoop(rate=200.0, reads=1.0, popularity=Uniform(keys=10)),
    ).replace(node__service=Constant(value=0.0025))  # fmt: skip
    history = run(scenario).history
    reads = history[history["op"] == "read"]
    took = (reads["end"] - reads["begin"]).groupby(reads["begin"].floordiv(1)).min()
    empty = 3600 * fault.hours_until_empty(0.5)

    assert 20.0 == pytest.approx(empty)
    assert 0.0025 == pytest.approx(took[took.index < empty - 2].max(), rel=0.05)
    assert took[took.index > empty + 2].min() > 0.5  # 2.5 times as much work as it can do: a line


# --- what theory says


def test_the_hit_ratio_after_a_flush():
    """h(t) = Σ p_i (1 − e^(−Λ p_i t)): hits by requests in each interval (99 % of runs within; seed fixed)."""
    scenario = drawn(
        LazyLoading(), requests=30_000, start="warm", popularity=Zipf(keys=2000), faults=[f.FlushCache(at=5)],
        cache=Simple(),
    )  # fmt: skip
    records = requests_of(scenario)
    since = records["begin"] - 5
    popularity = zipf(2000, scenario.workload.popularity.skew)

    for start, end in [(0, 0.5), (0.5, 2), (2, 6), (6, 20)]:
        hits = (records["lookup"] == "hit")[(since >= start) & (since < end)]
        middle = [start + (end - start) * (n + 0.5) / 50 for n in range(50)]
        h = sum(cold_hit_ratio(popularity, 1000.0, t) for t in middle) / 50
        assert abs(hits.mean() - h) < 2.576 * math.sqrt(h * (1 - h) / len(hits))


def test_the_load_that_a_lost_cache_lets_through():
    """1 / (1 − h) times the database's queries of before, while the cache is refused."""
    scenario = drawn(
        LazyLoading(ttl=0.05), requests=40_000, keys=100, cache=Simple(), sample_every=5.0,
        faults=[f.RefuseCache(at=20, duration=20)],
    )  # fmt: skip
    history = run(scenario).history
    before, during = history.query("5 <= begin < 20.0001"), history.query("begin >= 20")

    assert 1 / (1 - hit_ratio(before)) == pytest.approx(
        db_queries_per_s(during) / db_queries_per_s(before), rel=0.03
    )


def test_what_piles_up_behind_a_partition():
    """Each request pays t_o · (1 + r), so Λ · t_o · (1 + r) of them wait at any moment (Little)."""
    scenario = drawn(
        NoCache(), requests=10_000, rate=500.0, faults=[f.PartitionDatabase(at=0, duration=math.inf)],
        resilience=Resilience(database=f.Calls(timeout=0.2, retries=2)),
    )  # fmt: skip
    records = requests_of(scenario)
    waiting = ((records["begin"] <= 10) & (records["end"] > 10)).sum()

    assert {0.6} == set((records["end"] - records["begin"]).round(9))
    assert abs(waiting - 500 * 0.6) < 2.576 * math.sqrt(500 * 0.6)


@pytest.mark.parametrize(
    ("calls", "recovers"),
    [
        ({"retries": 3}, False),
        ({"retries": 3, "backoff": 0.1}, False),
        ({"retries": 0}, True),
        ({"retries": 3, "backoff": 0.1, "budget": 0.1}, True),
        ({"retries": 3, "backoff": 0.1, "breaker": f.Breaker(rest=0.5)}, True),
    ],
)
def test_a_metastable_collapse(calls, recovers):
    """Retries keep the database saturated after the trigger has ended; a budget or a breaker gets out of it."""
    scenario = Scenario(
        strategy=LazyLoading(), cache=Simple(memory=10 * MIB), start="warm", duration=12, warmup=0,
        database=Database(connections=1), faults=[f.FlushCache(at=1), f.SlowDatabase(at=1, duration=3, factor=4)],
        resilience=Resilience(database=f.Calls(timeout=0.1, **calls)),
    ).replace(workload__rate=400.0, workload__reads=1.0)  # fmt: skip
    late = run(scenario).history.query("begin >= 8")

    assert recovers == (availability(late) > 0.99)
    assert recovers == (db_utilization(late) < 0.9)


# --- rules


@pytest.mark.parametrize("workload", [None, ClosedLoop(clients=20, think=Exponential(mean=0.01))])
def test_a_fault_that_changes_nothing_changes_no_record(workload):
    """The careful path gives the plain path's records, byte for byte."""
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
