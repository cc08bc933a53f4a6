"""Queries in the model: their cost, their versions, and when a result is stale, by hand on five requests."""

import pytest

from cachesim.errors import BadInput, StrategyError
from cachesim.experiments.run import run
from cachesim.measure.history import select_requests
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.faults.nodes import CrashCache
from cachesim.model.popularity import Uniform
from cachesim.model.query_log import QueryLog
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.queries import QueryCache
from cachesim.model.strategies.wrap import Jitter
from cachesim.model.workload import OpenLoop
from cachesim.records import Query, Value
from cachesim.scenario import Scenario
from cachesim.storage.items import Columns
from cachesim.storage.sqlite import SQLite
from tests.model.worlds import Script, requests_of, scripted

ROWS = SQLite()
COLUMNS = ROWS.items(Columns())
KEYS = tuple(f"k{number}" for number in range(20))
LIMIT = 500  # a row is cheap below it; prices go from 0 to 999
CHEAP = Query.of("SELECT key FROM items WHERE price < ?", LIMIT)


class Asking(Script):
    """Scripted requests, some of which are queries."""

    asks_queries = True


def is_cheap(key, write):
    """Whether a write makes the row of a key cheap; 0: as it was loaded."""
    return COLUMNS.price(key, Value.stamp(write, 100)) < LIMIT


def a_key(before, after):
    """Find a key that is cheap before the run's first write, and after it, or not."""
    return next(k for k in KEYS if (is_cheap(k, 0), is_cheap(k, 1)) == (before, after))


def asked(strategy, steps, **fields):
    """Return the records: a visit to the cache takes 1 s, a query 10 s, a commit 20 s."""
    database = Database(
        connections=9, buffer_hit_ratio=1.0, buffer_read=Constant(value=10.0),
        commit=Constant(value=20.0), per_row=fields.pop("per_row", 0.0),
    )  # fmt: skip
    world = scripted(strategy, steps, database=database, **fields)
    return requests_of(world.replace(workload=Asking(steps=tuple(steps), loaded=KEYS)))


def five_requests(key):
    """A query loads its result at 0; a write of one row is committed and acknowledged at 40."""
    gaps = ((0, "read", CHEAP), (20, "write", key), (10, "read", CHEAP), (9.5, "read", CHEAP),
            (10.5, "read", CHEAP))  # fmt: skip
    return [(float(gap), op, name) for gap, op, name in gaps]


def by_op(records):
    """Return begin, lookup, version, acknowledged and committed of the queries, in the order in which they began."""
    rows = records[records["op"] == "read"].sort_values("begin")
    return rows[["begin", "lookup", "version", "acknowledged", "committed"]].to_numpy().tolist()


STAYS = [
    [0.0, "cold", 0, 0, 0],
    [30.0, "hit", 0, 0, 0],  # the write is under way
    [39.5, "hit", 0, 0, 0],  # acknowledged at 40, while the request is under way: not stale
    [50.0, "hit", 0, 1, 1],  # stale
]
LOADED_AGAIN = [*STAYS[:3], [50.0, "invalidated", 1, 1, 1]]
UNTOUCHED = [*STAYS[:3], [50.0, "hit", 0, 0, 0]]


@pytest.mark.parametrize(
    ("before", "after", "invalidate", "expected"),
    [
        (False, True, "never", STAYS),
        (True, False, "never", STAYS),
        (True, True, "never", STAYS),
        (False, False, "never", UNTOUCHED),
        (False, False, "row", UNTOUCHED),
        (False, True, "row", STAYS),  # it newly matches: it was in no cached result
        (True, False, "row", LOADED_AGAIN),
        (True, True, "row", LOADED_AGAIN),
        (False, True, "table", LOADED_AGAIN),
        (False, False, "table", [*STAYS[:3], [50.0, "invalidated", 0, 0, 0]]),
    ],
)
def test_five_requests_by_hand(before, after, invalidate, expected):
    """A row that leaves the condition, comes into it, stays in it, or has nothing to do with it."""
    strategy = QueryCache(invalidate=invalidate, ttl=900)

    assert expected == by_op(asked(strategy, five_requests(a_key(before, after))))


def test_a_result_is_as_the_database_was_when_it_answered():
    """A query that is sent before the commit (at 20) and answered after it has the new version; one that is answered
    before it has the old one, though its cache misses at the same time.
    """
    key = a_key(False, True)
    steps = [(0.0, "write", key), (5.0, "read", CHEAP), (7.0, "read", CHEAP)]
    records = asked(NoCache(), steps)

    assert [[5.0, 0, 0, 0], [12.0, 1, 0, 0]] == [[row[0], *row[2:]] for row in by_op(records)]
    assert 2 == len(set(records["write"][records["op"] == "read"]))


def test_commits_are_acknowledged_in_any_order():
    """The later of two commits is acknowledged: a result before both is stale, one after both is not."""
    rows = SQLite()
    rows.load((key, Value.stamp(0, 100)) for key in KEYS)
    tier_versions = {0: 0}
    log = QueryLog(rows, Columns(), tier_versions)
    first = log.answer(CHEAP)
    keys = [key for key in KEYS if is_cheap(key, 0)][:2]
    for write, key in enumerate(keys, 1):
        value = Value.stamp(write, 100)
        log.commit(key, value, rows.write(key, value))
    log.acknowledge(keys[1], 1)
    second = log.answer(CHEAP)

    assert (2, 2) == log.newest(CHEAP)
    assert (0, 2) == (tier_versions[first.write], tier_versions[second.write])


def test_a_query_takes_time_for_each_row_that_its_plan_reads():
    """10 s, and 1 s for each of 20 rows of a scan; a search by key reads one."""
    by_key = Query.of("SELECT price FROM items WHERE key = ?", "k3")
    records = asked(NoCache(), [(0.0, "read", CHEAP), (50.0, "read", by_key)], per_row=1.0)

    assert [30.0, 11.0] == (records["end"] - records["begin"]).tolist()


def test_faults_change_nothing_if_nothing_fails():
    """The clients of a system whose tiers may fail ask queries too."""
    steps = five_requests(a_key(True, False))
    crash = CrashCache(at=900, down=1)

    assert by_op(asked(QueryCache(ttl=900), steps)) == by_op(
        asked(QueryCache(ttl=900), steps, faults=(crash,))
    )


def test_a_strategy_without_queries_asks_the_database():
    """Each time; a wrapper as well as the strategy inside."""
    steps = [(0.0, "read", CHEAP), (50.0, "read", CHEAP)]

    assert 0 == asked(Jitter(inner=LazyLoading(ttl=900)), steps)["lookup"].count()


class Shop(NoCache):
    """Reads the row that a query of its own names."""

    sql: str = "SELECT key FROM items WHERE price < ? ORDER BY key LIMIT 1"

    def read(self, app, key):
        answer = yield app.db.query(self.sql, LIMIT)
        app.shared["rows"] = answer.rows
        return (yield app.db.read(answer.rows[0][0]))


def test_any_strategy_may_ask_a_query():
    """In a run whose workload asks none; its staleness is that of the row that it returns."""
    records = requests_of(scripted(Shop(), [(0.0, "read", "a")], database=Database(prices=1)))

    assert [0] == records["version"].tolist()


def test_what_is_no_query_is_refused():
    """In a strategy, and in a workload."""
    with pytest.raises(BadInput, match=r"the query \"DROP TABLE x\" is refused"):
        requests_of(scripted(Shop(sql="DROP TABLE x"), [(0.0, "read", "a")]))
    with pytest.raises(BadInput, match=r'a workload fills exactly one "\?"'):
        OpenLoop(sql="SELECT key FROM items")


class Forgets(NoCache):
    """Lacks a yield."""

    def query(self, app, sql, *parameters):
        app.db.query(sql, *parameters)
        yield app.timeout(1)


def test_a_forgotten_yield_has_its_sentence():
    with pytest.raises(StrategyError, match=r"app\.db\.query"):
        asked(Forgets(), [(0.0, "read", CHEAP)])


def test_a_workload_mixes_queries_into_the_reads():
    """Without queries the same moments, operations and rows; a share of the reads asks, and no write does."""
    plain = OpenLoop(popularity=Uniform(keys=10))
    mixed = plain.replace(queries=0.25, parameter=Uniform(keys=3))
    pairs = [*zip(range(20_000), plain.requests(1), mixed.requests(1), strict=False)]
    reads = [(key, other) for _, (_, op, key), (_, _, other) in pairs if op == "read"]
    asking = [other for _, other in reads if type(other) is Query]

    assert all(a[:2] == b[:2] for _, a, b in pairs)
    assert all(a == b for _, a, b in pairs if type(b[2]) is not Query)
    assert abs(len(asking) / len(reads) - 0.25) < 0.01
    assert {(0,), (1,), (2,)} == {query.parameters for query in asking}


def test_a_run_repeats_itself():
    """Same seed, same records."""
    workload = OpenLoop(rate=200, queries=0.5, reads=0.8)
    scenario = Scenario(
        strategy=QueryCache(invalidate="row"), workload=workload, duration=3, warmup=1
    )
    first, second = (select_requests(run(scenario).history) for _ in range(2))

    assert first.equals(second)
    assert first["key"].str.startswith("SELECT").any()
