"""A cache of query results: its keys, what a write deletes, and what the theory of results says by hand."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.errors import CommandError
from cachesim.experiments.run import run
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.queries import QueryCache, cache_key
from cachesim.model.workload import OpenLoop
from cachesim.records import Query
from cachesim.scenario import Scenario
from cachesim.theory import row_invalidation
from tests.model.test_queries import KEYS, asked

SQL = "SELECT key FROM items WHERE category = ?"


@pytest.mark.parametrize(
    ("engine", "expected"),
    [(Redis(), "ERR wrong number of arguments for 'select' command"), (Memcached(), "ERROR")],
)
def test_no_cache_knows_sql(engine, expected):
    """Both refuse a query, in the words of the real servers (docs/howto/cache_queries.md)."""
    with pytest.raises(CommandError) as refused:
        engine.build(ManualClock(), lambda: 0.5).execute(("SELECT", "key", "FROM", "items"))

    assert expected == str(refused.value)


def test_a_result_has_a_key_that_both_caches_take():
    """Short, without blanks, the same for the same query, another one for another parameter."""
    keys = [cache_key(SQL, (number,)) for number in range(1000)]

    assert 1000 == len(set(keys))
    assert all(len(key) < 250 and " " not in key for key in keys)
    assert keys[3] == cache_key(f"  {SQL} ", (3,))


def test_two_queries_do_not_share_a_result():
    """And each has its own TTL: the first has expired at 20, the second is cached until 60."""
    steps = [(0.0, "read", Query.of(SQL, 1)), (5.0, "read", Query.of(SQL, 2)),
             (6.0, "read", Query.of(SQL, 1)), (10.0, "read", Query.of(SQL, 2))]  # fmt: skip
    records = asked(QueryCache(ttl=9), steps).sort_values("begin")

    assert ["cold", "cold", "hit", "hit"] == records["lookup"].tolist()


@pytest.mark.parametrize("cache", [Redis(), Memcached()])
def test_rows_go_their_own_way(cache):
    """A strategy for rows beside the one for results: both hit, in either engine."""
    query = Query.of(SQL, 1)
    names = [KEYS[0], query] * 2
    strategy = QueryCache(ttl=900, rows=LazyLoading(ttl=900))
    records = asked(strategy, [(20.0, "read", name) for name in names], cache=cache)

    assert ["cold", "cold", "hit", "hit"] == records["lookup"].tolist()


def test_a_warm_start_leaves_results_cold():
    """No row is put into a cache that holds results only."""
    workload = OpenLoop(rate=100, queries=1.0)
    scenario = Scenario(
        strategy=QueryCache(), workload=workload, duration=1, warmup=0, start="warm"
    )

    assert 0 == run(scenario).history["items"].dropna().iloc[0]


def test_the_theory_of_results_by_hand():
    """Half of the rows match and 2 writes come per second: a result lives 1 s and is outdated after 1 s, at the rate
    0.5; with one read per second half of them hit, and a third of these are stale.
    """
    hit, stale = row_invalidation(reads=1.0, writes=2.0, share=0.5)

    assert (0.5, 0.5 / 3) == (hit, stale)
