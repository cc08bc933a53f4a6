"""Write-behind: what it promises as long as nothing crashes, and what a crash costs."""

import pytest

from cachesim.engines.policies import FIFO
from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.measure.checks import lost_writes
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.faults.nodes import CrashCache
from cachesim.model.strategies.behind import WriteBehind
from cachesim.model.strategies.wrap import SingleFlight
from cachesim.theory.outages import write_behind_loss
from tests.model.worlds import Script, crowd, drawn, requests_of, scripted

TWO_WRITES = [(10.0, "write", "a"), (10.0, "write", "a"), (10.0, "read", "a"), (60.0, "read", "a")]


def served(strategy, steps, **fields):
    """Return end, version, acknowledged and committed of each request, and how many queries there were."""
    result = run(scripted(strategy, steps, **fields))
    rows = requests_of(result.scenario).sort_values("begin")
    columns = rows[["end", "version", "acknowledged", "committed"]]
    return columns.to_numpy().tolist(), int(result.history["db_queries"].max())


def test_coalescing_by_hand():
    """Acknowledged at 11 and 21, read before anything is committed: not stale. Flushed at 50, the row is
    written once, by 70, as the key's version 2: the read at 90 finds that committed.
    """
    found, queries = served(WriteBehind(interval=50), TWO_WRITES)

    assert [[11, 1, 0, 0], [21, 2, 1, 0], [31, 2, 2, 0], [91, 2, 2, 2]] == found
    assert 1 == queries


@pytest.mark.parametrize(
    ("coalesce", "batch", "commits"), [(True, 9, 1), (False, 9, 1), (False, 1, 2)]
)
def test_batches(coalesce, batch, commits):
    """Without coalescing each value is a row; a batch is a transaction; versions are the same."""
    strategy = WriteBehind(interval=50, coalesce=coalesce, batch=batch)
    found, queries = served(strategy, TWO_WRITES)

    assert [1, 2, 2, 2] == [version for _, version, _, _ in found]
    assert commits == queries


def test_what_is_evicted_while_dirty_is_read_all_the_same_and_written():
    """A cache for one key: "b" drives out "a" before the flush at 50; the read at 41 misses, and takes the
    dirty value without asking the database.
    """
    steps = [(10.0, "write", "a"), (10.0, "write", "b"), (20.0, "read", "a")]
    workload = Script(steps=tuple(steps), loaded=("a", "b"))
    scenario = scripted(WriteBehind(interval=50), (), workload=workload, cache=Simple(items=1))
    result = run(scenario)
    read = requests_of(scenario).query("op == 'read'").iloc[0]

    assert ("evicted", 1, 1, 42.0) == (
        read["lookup"],
        read["version"],
        read["acknowledged"],
        read["end"],
    )
    assert 1 == int(result.history["db_queries"].max())  # both rows in one transaction


@pytest.mark.parametrize(
    "strategy",
    [
        WriteBehind(interval=0.05),
        WriteBehind(interval=0.02, batch=2),
        WriteBehind(interval=0.05, coalesce=False),
        SingleFlight(inner=WriteBehind(interval=0.03)),
    ],
    ids=repr,
)
def test_nothing_is_lost_and_a_keys_writes_keep_their_order(strategy):
    """Twenty clients, five keys, room for three: each acknowledged write has its version, in the order in
    which the cache took them; and the row at the end is the last one.
    """
    scenario = crowd(strategy, clients=20, duration=2, cache=Simple(items=3, policy=FIFO))
    result = run(scenario)
    writes = requests_of(scenario).query("op == 'write'").sort_values("end", kind="stable")

    assert len(writes) > 5_000
    assert "ok" == lost_writes(result.history).word
    for _, own in writes.groupby("key"):
        assert list(range(1, len(own) + 1)) == own["version"].tolist()


def test_coalescing_spares_the_database():
    """Many writes a key between two flushes: far fewer transactions than writes."""
    result = run(crowd(WriteBehind(interval=0.05), clients=20, duration=2))
    writes = int((result.history["op"] == "write").sum())

    assert int(result.history["db_queries"].max()) < writes / 50


def test_what_the_database_refuses_stays_dirty():
    """At 50 two long queries hold every place, so the write of 11 is committed by the flush at 100."""
    steps = [(10.0, "write", "a"), (34.0, "read", "b"), (0.5, "read", "c"), (45.5, "read", "a")]
    steps += [(45.0, "read", "a")]
    database = Database(
        connections=1, waiting=1, buffer_hit_ratio=1.0, buffer_read=Constant(value=10.0),
        commit=Constant(value=20.0),
    )  # fmt: skip
    workload = Script(steps=tuple(steps), loaded=("a", "b", "c"))
    rows = requests_of(
        scripted(WriteBehind(interval=50), (), workload=workload, database=database)
    ).query("key == 'a'")

    assert [1, 1, 1] == rows["version"].tolist()
    assert [0, 0, 1] == rows["committed"].tolist()


class Crashing(WriteBehind):
    """At 30 the node loses what it has not written."""

    def start(self, app):
        yield app.timeout(30.0)
        app.cache.dirty.clear()
        yield from super().start(app)


def test_a_crash_loses_what_was_dirty():
    """The two writes before 30 never get a version: the history shows them as lost."""
    result = run(scripted(Crashing(interval=50), [*TWO_WRITES, (10.0, "write", "a")]))
    writes = requests_of(result.scenario).query("op == 'write'")

    assert [True, True, False] == writes["version"].isna().tolist()
    assert 1 == writes["version"].tolist()[2]
    assert "not ok" == lost_writes(result.history).word


def test_a_write_that_the_cache_does_not_take_fails():
    """There is no room for 100 bytes: the client is told."""
    scenario = scripted(WriteBehind(), [(1.0, "write", "a")], cache=Simple(memory=50))

    assert ["CacheError"] == requests_of(scenario)["error"].tolist()


def test_a_crash_of_the_node_loses_half_a_flush_of_writes():
    """F12: flushed every F seconds, with w writes per second, a crash at any moment loses w·F/2 on average:
    over 40 crashes, spread evenly over an interval, within 1 % and the 99 % interval of a Poisson count.
    """
    lost = 0
    for number in range(40):
        crash = CrashCache(at=2.0 + (number + 0.5) / 40, down=0.001)
        scenario = drawn(WriteBehind(interval=1.0), rate=200.0, requests=900, reads=0.0, keys=1000)
        scenario = scenario.replace(strategy__coalesce=False, faults=(crash,), seed=number)
        writes = requests_of(scenario)
        lost += int((writes["version"].isna() & writes["error"].isna()).sum())
    expected = 40 * write_behind_loss(200.0, 1.0)[0]

    assert abs(lost - expected) < 0.01 * expected + 2.576 * expected**0.5
