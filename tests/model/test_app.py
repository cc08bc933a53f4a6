"""What a strategy may do with its events: wait together, give up, ask ahead, leave work behind."""

import pytest

from cachesim.errors import DatabaseRefused, StrategyError
from cachesim.experiments.run import run
from cachesim.model.network import Network
from cachesim.model.strategies.lazy import NoCache
from tests.model.worlds import ZERO, Cycle, FromCache, Script, reads, requests_of, scripted, took

# --- waiting for several


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("patience", "seconds"), [(5.0, 1.0), (0.25, 10.25)])
def test_giving_up_on_the_cache(patience, seconds, turned):
    """`yield a | app.timeout(x)`: whichever comes first; an abandoned visit is no slip, whichever side it is on."""

    class Impatient(FromCache):
        def read(self, app, key):
            asked, limit = app.cache.get(key), app.timeout(patience)
            yield (limit | asked) if turned else (asked | limit)
            if asked.processed:
                return asked.value
            return (yield app.db.read(key))

    records = requests_of(scripted(Impatient(), reads(1, 50)))

    assert [seconds] * 2 == took(records)
    assert ["cold"] * 2 == records["lookup"].tolist(), (
        "an answer within the request is noted, heard or not"
    )


def test_an_answer_that_comes_too_late_belongs_to_no_other_request():
    """A client that gave up starts its next request before the old answer comes: the new one keeps its own lookup."""

    class Impatient(FromCache):
        def read(self, app, key):
            asked = app.cache.get(key)
            yield asked | app.timeout(1.0)
            return asked.value if asked.processed else None

    network = Network(in_zone=Cycle(numbers=(5.0, 0.5)), cross_zone=ZERO, database_in_zone=False)
    workload = Script(steps=((1.0, "read", "a"), (3.9, "read", "b")), clients=1, loaded=("b",))
    records = requests_of(
        scripted(Impatient(), (), network=network, workload=workload, start="warm")
    )

    assert [True, False] == records["lookup"].isna().tolist()
    assert "hit" == records.loc[1, "lookup"], "and not the cold miss of the request before"
    assert [1.0, 0.5] == took(records)
    assert [0, 0] == records["client"].tolist()


def test_two_visits_at_once():
    """`yield a & b` takes as long as the longer one."""

    class Eager(FromCache):
        def read(self, app, key):
            cached, row = app.cache.get(key), app.db.read(key)
            yield cached & row
            return cached.value or row.value

    records = requests_of(scripted(Eager(), reads(1)))

    assert [10.0] == took(records)
    assert [0] == records["version"].tolist()


def test_three_events_joined():
    """Joined events can be joined further, with those already over too."""

    class Eager(FromCache):
        def read(self, app, key):
            cached, row = app.cache.get(key), app.db.read(key)
            yield app.timeout(2.0)  # the cache has answered meanwhile
            yield (cached & row) & app.timeout(0.5)
            return row.value

    assert [10.0] == took(requests_of(scripted(Eager(), reads(1))))


def test_asking_ahead():
    """Create now, yield later: the waits overlap, and an event that is over gives its value at once."""

    class Ahead(FromCache):
        def read(self, app, key):
            cached, row = app.cache.get(key), app.db.read(key)
            value = yield row
            found = yield cached
            assert found is None
            return value

    records = requests_of(scripted(Ahead(), reads(1)))

    assert [10.0] == took(records)
    assert ["cold"] == records["lookup"].tolist()


def test_now_and_timeout():
    """Time is simulated seconds; `app.timeout` takes the time it says and refuses the past."""
    seen = []

    class Watching(FromCache):
        def read(self, app, key):
            seen.append(app.now)
            yield app.timeout(2.5)
            seen.append(app.now)
            with pytest.raises(StrategyError, match="0 or more, got -1"):
                app.timeout(-1)
            return None

    run(scripted(Watching(), reads(1)))

    assert [1.0, 3.5] == seen


# --- work left behind


class FillsBehind(FromCache):
    """A read that does not wait for its fill."""

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            app.spawn(self.fill(app, key, value))
        return value

    def fill(self, app, key, value):
        yield app.cache.set(key, value)


def test_spawned_work_goes_on_after_the_request():
    """The read ends without the second of its fill, which takes effect all the same."""
    records = requests_of(scripted(FillsBehind(), reads(1, 50)))

    assert [11.0, 1.0] == took(records)
    assert ["cold", "hit"] == records["lookup"].tolist()


def test_a_user_who_leaves_work_behind_stays_the_same_client():
    """In a closed loop too, and the number of the client does not change."""
    workload = Script(steps=tuple(reads(1, 50, 50)), clients=1)
    records = requests_of(scripted(FillsBehind(), (), workload=workload))

    assert [0, 0, 0] == records["client"].tolist()
    assert ["cold", "hit", "hit"] == records["lookup"].tolist()


def test_spawned_work_can_be_waited_for():
    """`yield app.spawn(...)` gives what the generator returned, and joins with others."""

    class Waiting(FromCache):
        def read(self, app, key):
            row = app.spawn(NoCache().read(app, key))
            late = yield row | app.timeout(3.0)
            assert row not in late
            return (yield row)

    records = requests_of(scripted(Waiting(), reads(1)))

    assert [10.0] == took(records)
    assert [0] == records["version"].tolist()


def crowded(**fields):
    """Return a database with room for two queries."""
    return scripted(NoCache(), []).database.replace(connections=1, waiting=1, **fields)


def test_spawned_work_that_fails_is_lost_unless_waited_for():
    """A refusal in the background stops neither the run nor the request; one who waits is told."""

    class Behind(FromCache):
        def read(self, app, key):
            for _ in range(2):
                app.spawn(NoCache().read(app, key))
            third = app.spawn(NoCache().read(app, key))
            if key == "told":
                yield third
            return (yield app.cache.get(key))

    steps = [(1.0, "read", "a"), (100.0, "read", "told")]
    records = requests_of(scripted(Behind(), steps, database=crowded()))

    assert [None, "DatabaseRefused"] == records["error"].astype(object).where(
        records["error"].notna(), None
    ).tolist()


# --- refusals


def test_queries_beyond_the_limit_are_refused():
    """One served, one waiting: of three at once the third ends at once, with its error in the record."""
    records = requests_of(scripted(NoCache(), reads(1, 0, 0, 50), database=crowded()))
    failed = records["error"].notna()

    assert [True, False, False, False] == failed.tolist()
    assert "DatabaseRefused" == records.loc[0, "error"]
    assert records.loc[0, ["write", "version"]].isna().all()
    assert [0.0, 10.0, 20.0, 10.0] == took(records)


def test_a_refused_write_changes_nothing():
    """The refused write is neither committed nor acknowledged."""
    steps = [(1.0, "read", "a"), (0.0, "read", "a"), (0.0, "write", "a"), (50.0, "read", "a")]
    records = requests_of(scripted(NoCache(), steps, database=crowded()))
    write = records[records["op"] == "write"].iloc[0]

    assert ("DatabaseRefused", 1) == (write["error"], write["write"])
    assert [0, 0] == records.loc[records.index[-1], ["version", "committed"]].tolist()


def test_a_strategy_may_catch_a_refusal():
    """The failure is thrown at the yield; who catches it goes on."""
    definite = []

    class Patient(FromCache):
        def read(self, app, key):
            while True:
                try:
                    return (yield app.db.read(key))
                except DatabaseRefused as refusal:
                    definite.append(refusal.definite)
                    yield app.timeout(8.0)

    records = requests_of(scripted(Patient(), reads(1, 0, 0), database=crowded()))

    assert records["error"].isna().all()
    assert [10.0, 20.0, 30.0] == took(records)
    assert {True} == set(definite), "it certainly had no effect"


def test_a_failed_request_may_leave_a_visit_behind():
    """When a request fails, what it had asked for besides is given up, not forgotten."""

    class Ahead(FromCache):
        def read(self, app, key):
            row, cached = app.db.read(key), app.cache.get(key)
            value = yield row
            yield cached
            return value

    records = requests_of(scripted(Ahead(), reads(1, 0, 0), database=crowded()))

    assert 1 == records["error"].notna().sum()
