"""One request told step by step: the steps of each path through a strategy."""

import re

import pytest

from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.explain import explain
from cachesim.experiments.run import run
from cachesim.measure.history import select_requests
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.strategies.wrap import ReadReplicas
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario

SCENARIO = Scenario(
    strategy=LazyLoading(),
    cache=Simple(memory=40_000),
    workload=OpenLoop(rate=300, popularity=Zipf(keys=100), reads=0.7),
    duration=3,
    warmup=0,
)


@pytest.fixture(scope="module")
def rows():
    """Return the requests of the run, numbered as `explain` numbers them."""
    return select_requests(run(SCENARIO).history)


def calls(text):
    """Return the visits of a story, in order: "cache.get", "db.read", ..."""
    return re.findall(r"app\.(\w+\.\w+)\(", text)


def the_first(rows, **wanted):
    """Return the number of the first request with these values."""
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return int(rows.index[0])


def test_a_hit_asks_the_cache_alone(rows):
    """One visit, its answer's version, and how it ended."""
    number = the_first(rows, op="read", lookup="hit")
    text, row = explain(SCENARIO, number), rows.loc[number]

    assert ["cache.get"] == calls(text)
    assert f'request {number}: read "{row["key"]}" by client {row["client"]}' in text
    assert f"version {row['version']} (cache hit)" in text.splitlines()[-1]


def test_a_miss_asks_the_database_and_fills(rows):
    """Three visits, and the kind of the miss."""
    text = explain(SCENARIO, the_first(rows, op="read", lookup="cold"))

    assert ["cache.get", "db.read", "cache.set"] == calls(text)
    assert ": nothing there" in text.splitlines()[3]
    assert "cache miss: cold" in text.splitlines()[-1]


def test_a_write_says_which_version_it_made(rows):
    """Lazy loading's writes go to the database alone; write-through's on to the cache."""
    number = the_first(rows, op="write")
    text = explain(SCENARIO, number)

    assert ["db.write"] == calls(text)
    assert f"this write made version {rows.loc[number, 'version']}" in text.splitlines()[-1]
    through = SCENARIO.replace(strategy=WriteThrough())
    number = the_first(select_requests(run(through).history), op="write")
    assert ["db.write", "cache.set"] == calls(explain(through, number))


def test_a_stale_read_is_called_so(rows):
    """With how far behind, and which version had been acknowledged before it began."""
    reads = rows[rows["op"] == "read"]
    row = reads[reads["acknowledged"] > reads["version"]].iloc[0]
    text = explain(SCENARIO, int(row.name))

    assert f"STALE by {row['acknowledged'] - row['version']}" in text
    assert f"version {row['acknowledged']} had been acknowledged" in text
    fresh = reads[reads["acknowledged"] <= reads["version"]].iloc[0]
    assert explain(SCENARIO, int(fresh.name)).endswith("; fresh")


def test_without_a_cache_it_is_not_asked():
    """The sentence says so instead of calling it a miss."""
    text = explain(SCENARIO.replace(strategy=NoCache(), workload__reads=1), 0)

    assert ["db.read"] == calls(text)
    assert "the cache was not asked" in text


def test_the_story_has_the_records_times(rows):
    """Being watched changes nothing: begin and end are the record's, whichever request."""
    for number in (0, 7, 100, 300):
        lines, row = explain(SCENARIO, number).splitlines(), rows.loc[number]
        assert f"{row['begin']:12.6f} s" == lines[1][:14]
        assert f"{row['end']:12.6f} s" == lines[-1][:14]
        times = [float(line[:12]) for line in lines[1:]]
        assert times == sorted(times)


def test_waiting_is_told():
    """A busy pool of connections makes the queries wait, and says for what."""
    busy = SCENARIO.replace(strategy=NoCache(), database__connections=1, duration=1)
    slow = select_requests(run(busy).history).eval("end - begin").idxmax()

    assert "for a connection" in explain(busy, int(slow))


def test_a_refused_request_says_why():
    """A line that is full: the error is the ending."""
    full = SCENARIO.replace(
        strategy=NoCache(),
        database__connections=1,
        database__waiting=1,
        workload__rate=3000,
        duration=1,
    )
    history = select_requests(run(full).history)
    number = int(history.index[history["error"].notna()][0])

    assert "DatabaseRefused" in explain(full, number).splitlines()[-1]


def test_closed_loops_and_results_too():
    """`result.explain(n)` is the same story."""
    closed = SCENARIO.replace(workload=ClosedLoop(clients=3, popularity=Zipf(keys=50)))
    result = run(closed)

    assert explain(closed, 5) == result.explain(5)
    assert result.explain(5).startswith("request 5: ")


@pytest.mark.parametrize("number", [-1, 10**6])
def test_a_number_that_does_not_exist(number):
    """Named, with how many there are."""
    with pytest.raises(BadInput, match=str(number)):
        explain(SCENARIO, number)


def test_a_read_of_a_replica_is_written_as_in_the_strategy():
    """The first read misses, and asks a replica."""
    scenario = SCENARIO.replace(strategy=ReadReplicas(), database__replicas=2)
    number = the_first(select_requests(run(scenario).history), lookup="cold")

    assert re.search(r"app\.db\.read\('key:\d+', replica=True\)", explain(scenario, number))
