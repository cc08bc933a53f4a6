"""What the cache refuses, and any command that a strategy sends."""

import pytest
import simpy

from cachesim.engines.simple import Simple
from cachesim.errors import CommandError, OutOfMemory
from cachesim.experiments.run import run
from cachesim.model.network import Network
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.through import WriteThrough
from tests.model.worlds import ZERO, Cycle, FromCache, reads, requests_of, scripted, took

# --- the cache refuses

TINY = Simple(memory=50)  # a value has 100 bytes


def test_a_refused_set_counts_as_a_miss():
    """on_cache_error="miss": the read goes on, the refusal is counted in the samples."""
    result = run(scripted(LazyLoading(), reads(1, 50), cache=TINY))

    assert 0.0 == result.metrics["errors"]
    assert 0.0 == result.metrics["hit_ratio"]
    assert 2 == result.history["cache_errors"].max()


def test_a_refused_set_can_fail_the_request():
    """on_cache_error="raise": it fails, and its record names the error."""
    records = requests_of(scripted(LazyLoading(), reads(1), cache=TINY, on_cache_error="raise"))

    assert ["OutOfMemory"] == records["error"].tolist()


def test_a_write_that_failed_after_its_commit():
    """Committed but not acknowledged: later reads see the new version and are not called stale for the old one."""
    steps = [(1.0, "write", "a"), (50.0, "read", "a")]
    scenario = scripted(WriteThrough(fill=False), steps, cache=TINY, on_cache_error="raise")
    records = requests_of(scenario)

    assert "OutOfMemory" == records.loc[0, "error"]
    assert [1, 0, 1] == records.loc[1, ["version", "acknowledged", "committed"]].tolist()


def test_a_write_may_go_to_another_key():
    """As behind an alias: the write is acknowledged for the key that was asked, and nothing breaks."""

    class Alias(FromCache):
        def write(self, app, key, value):
            yield app.db.write(f"{key}:row", value)

    records = requests_of(scripted(Alias(), [(1.0, "write", "a"), (50.0, "read", "a")]))

    assert records["error"].isna().all()
    assert 1 == records["version"].iloc[0] == records["acknowledged"].iloc[1]


def test_a_strategy_may_catch_a_cache_error():
    """The cache's error is thrown at the yield."""

    class Careful(FromCache):
        def read(self, app, key):
            value = yield app.db.read(key)
            with pytest.raises(OutOfMemory):
                yield app.cache.set(key, value)
            return value

    records = requests_of(scripted(Careful(), reads(1), cache=TINY, on_cache_error="raise"))

    assert records["error"].isna().all()


# --- commands


def test_any_command_can_be_sent():
    """`execute` takes a visit, has its effect when the visit fires, and gives the engine's reply."""
    replies = []

    class Commands(FromCache):
        def read(self, app, key):
            value = yield app.db.read(key)
            yield app.cache.execute("SET", key, value, "EX", 30)
            replies.append((yield app.cache.execute("GET", key)))
            replies.append((yield app.cache.delete(key)))
            replies.append((yield app.cache.delete(key)))
            replies.append((yield app.cache.execute("GET", key)))
            return value

    records = requests_of(scripted(Commands(), reads(1)))

    assert records["lookup"].isna().all(), "only app.cache.get is a lookup"
    assert [True, False, None] == replies[1:]
    assert 100 == len(replies[0])
    assert [15.0] == took(records)


def test_an_unknown_command():
    """It counts as absent, or fails with the engine's own sentence."""
    seen = []

    class Wrong(FromCache):
        def read(self, app, key):
            try:
                seen.append((yield app.cache.execute("FROBNICATE", key)))
            except CommandError as error:
                seen.append(str(error))
            return None

    run(scripted(Wrong(), reads(1)))
    run(scripted(Wrong(), reads(1), on_cache_error="raise"))

    assert seen[0] is None
    assert "FROBNICATE" in seen[1]


@pytest.mark.parametrize("refused", ["get", "delete"])
def test_a_get_or_delete_can_be_refused_too(refused):
    """Whatever command an engine refuses, the client's view is the same: nothing there."""

    class Refusing(Simple):
        def build(self, clock, random):
            engine = super().build(clock, random)
            setattr(engine, refused, refuse)
            return engine

    def refuse(key):
        raise CommandError("not today")

    class Asking(FromCache):
        def read(self, app, key):
            yield app.cache.delete(key)
            return (yield app.cache.get(key))

    result = run(scripted(Asking(), reads(1), cache=Refusing()))
    failed = run(scripted(Asking(), reads(1), cache=Refusing(), on_cache_error="raise"))

    assert 1 == result.history["cache_errors"].max()
    assert 0.0 == result.metrics["errors"]
    assert 1.0 == failed.metrics["errors"]


def test_effects_come_when_the_visit_fires():
    """A set on its way is not seen by a get that arrives before it does."""

    class Both(FromCache):
        def read(self, app, key):
            value = yield app.db.read(key)
            stored, asked = app.cache.set(key, value), app.cache.get(key)
            found = yield asked
            assert found is None
            assert not stored.processed
            yield stored
            return value

    network = Network(in_zone=Cycle(numbers=(5.0, 1.0)), cross_zone=ZERO, database_in_zone=False)

    assert ["cold"] == requests_of(scripted(Both(), reads(1), network=network))["lookup"].tolist()


def test_every_method_returns_an_event():
    """What takes time is a simpy event, so all of SimPy's ways to wait apply."""
    kinds = []

    class Looking(FromCache):
        def read(self, app, key):
            events = [app.cache.get(key), app.db.read(key), app.timeout(1)]
            kinds.extend(isinstance(event, simpy.Event) for event in events)
            yield events[0]
            yield events[1]
            yield events[2]
            return events[1].value

    run(scripted(Looking(), reads(1)))

    assert [True] * 3 == kinds
