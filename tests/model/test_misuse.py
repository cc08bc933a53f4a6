"""The slips students make with generators: each has a sentence of its own, and stops the run."""

import pytest

from cachesim.errors import StrategyError
from cachesim.experiments.run import run
from cachesim.model.strategies.base import Strategy
from cachesim.records import Value
from tests.model.worlds import FromCache, Script, requests_of, scripted

READ, WRITE = [(1.0, "read", "a")], [(1.0, "write", "a")]


def refused(strategy, steps, **fields):
    """Return the sentence with which a run stops."""
    with pytest.raises(StrategyError) as caught:
        run(scripted(strategy, steps, **fields))
    return str(caught.value)


def forgot(name, call, op="read"):
    """Return the sentence for a visit nobody waited for."""
    return (
        f'{name}.{op} called {call} and never waited for it: did you forget "yield" before {call}? '
        "(app.spawn is for work that the client need not wait for)"
    )


def test_a_forgotten_yield_before_the_last_set():
    """A set at the end of a read that nobody waits for."""

    class Forgetful(FromCache):
        def read(self, app, key):
            value = yield app.db.read(key)
            app.cache.set(key, value)
            return value

    assert forgot("Forgetful", "app.cache.set") == refused(Forgetful(), READ)


def test_a_forgotten_yield_in_the_middle():
    """The visit is over long before the request ends, and is told all the same."""

    class Forgetful(FromCache):
        def read(self, app, key):
            app.cache.get(key)
            return (yield app.db.read(key))

    assert forgot("Forgetful", "app.cache.get") == refused(Forgetful(), READ)


@pytest.mark.parametrize(
    ("call", "visit"),
    [
        ("app.cache.delete", lambda app, key, value: app.cache.delete(key)),
        ("app.cache.set", lambda app, key, value: app.cache.set(key, value)),
        ("app.cache.execute", lambda app, key, value: app.cache.execute("DEL", key)),
        ("app.db.write", lambda app, key, value: app.db.write(key, value)),
        ("app.db.read", lambda app, key, value: app.db.read(key)),
    ],
)
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_forgotten_yield_in_a_write(call, visit, place):
    """Every method that takes time is named, wherever it stands."""

    class Forgetful(FromCache):
        def write(self, app, key, value):
            if place == "first":
                visit(app, key, value)
            yield app.cache.get(key)
            if place == "last":
                visit(app, key, value)

    assert forgot("Forgetful", call, "write") == refused(Forgetful(), WRITE)


def test_a_forgotten_yield_that_was_refused():
    """A query the database refused at once is a forgotten one too."""

    class Forgetful(FromCache):
        def read(self, app, key):
            yield app.timeout(5.0)
            app.db.read(key)
            return None

    crowded = scripted(FromCache(), READ).database.replace(connections=1, waiting=1)
    steps = [(0.0, "write", "b"), (0.0, "write", "b"), (0.0, "read", "a")]

    assert forgot("Forgetful", "app.db") == refused(Forgetful(), steps, database=crowded)


def test_a_read_without_any_yield():
    """Not a generator at all: the event it returned says where the yield belongs."""

    class Direct(FromCache):
        def read(self, app, key):
            return app.cache.get(key)

    expected = (
        'Direct.read returned an event, not a value: did you forget "yield" before app.cache.get?'
    )

    assert expected == refused(Direct(), READ)


def test_a_read_that_returns_a_timeout():
    """An event that is no visit is named, too."""

    class Direct(FromCache):
        def read(self, app, key):
            return app.timeout(1.0)

    expected = (
        'Direct.read returned an event, not a value: did you forget "yield" before app.timeout?'
    )

    assert expected == refused(Direct(), READ)


def test_a_read_that_returns_a_value_without_waiting():
    """A value out of thin air is no generator either."""

    class Direct(FromCache):
        def read(self, app, key):
            return b"12345678"

    expected = (
        "Direct.read must be a generator, with at least one \"yield\"; it returned b'12345678'"
    )

    assert expected == refused(Direct(), READ)


def test_a_write_without_any_yield():
    """A plain function that calls the database and forgets it."""

    class Direct(FromCache):
        def write(self, app, key, value):
            app.db.write(key, value)

    assert forgot("Direct", "app.db.write", "write") == refused(Direct(), WRITE)


def test_a_write_that_does_nothing():
    """There is no call that could have had a yield before it."""

    class Direct(FromCache):
        def write(self, app, key, value):
            pass

    expected = 'Direct.write must be a generator, with at least one "yield"; it returned None'

    assert expected == refused(Direct(), WRITE)


def test_a_generator_that_returns_an_event():
    """The yield is missing on the line with the return, or where the value was asked for."""

    class Half(FromCache):
        def read(self, app, key):
            yield app.cache.get(key)
            return app.db.read(key)

    expected = (
        'Half.read returned an event, not a value: did you forget "yield" before app.db.read?'
    )

    assert expected == refused(Half(), READ)


def test_a_generator_that_returns_a_generator():
    """`yield from` forgotten before a helper of the student's own."""

    class Half(FromCache):
        def read(self, app, key):
            yield app.cache.get(key)
            return FromCache().read(app, key)

    expected = 'Half.read returned a generator, not a value: did you forget "yield from"?'

    assert expected == refused(Half(), READ)


@pytest.mark.parametrize("wrong", ["text", 7, b"short", True, []])
def test_a_read_that_returns_no_value(wrong):
    """A read gives the Value it read, or None."""

    class Wrong(FromCache):
        def read(self, app, key):
            yield app.cache.get(key)
            return wrong

    expected = (
        "Wrong.read must return the Value that it read, as it is, or None if there is no such row; "
        f"it returned {wrong!r}"
    )

    assert expected == refused(Wrong(), READ)


def test_plain_bytes_of_a_command_will_do():
    """What a command replies is a value if its stamp is there."""

    class Plain(FromCache):
        def read(self, app, key):
            return bytes((yield app.db.read(key)))

    assert [0] == requests_of(scripted(Plain(), READ))["version"].tolist()


@pytest.mark.parametrize("wrong", [None, 5, "app.cache.get"])
def test_a_yield_of_something_else(wrong):
    """Only events can be waited for."""

    class Wrong(FromCache):
        def read(self, app, key):
            yield wrong

    expected = (
        f"a strategy yielded {wrong!r}, which is not an event: yield what app.cache, app.db or "
        "app.timeout returned"
    )

    assert expected == refused(Wrong(), READ)


def test_a_yield_of_a_generator():
    """`yield` where `yield from` was meant."""

    class Wrong(FromCache):
        def read(self, app, key):
            return (yield FromCache().read(app, key))

    assert "which is not an event" in refused(Wrong(), READ)


@pytest.mark.parametrize(
    ("op", "shape"), [("read", "read(self, app, key)"), ("write", "write(self, app, key, value)")]
)
def test_a_strategy_without_a_method(op, shape):
    """The missing method is named with its arguments."""

    class Empty(Strategy):
        """Says nothing."""

    assert f"Empty must define {shape}" == refused(Empty(), [(1.0, op, "a")])


def test_the_slip_is_told_in_a_closed_loop_too():
    """Users and arrivals are served by the same code."""

    class Forgetful(FromCache):
        def read(self, app, key):
            app.cache.get(key)
            return (yield app.db.read(key))

    workload = Script(steps=tuple(READ), clients=2)

    assert forgot("Forgetful", "app.cache.get") == refused(Forgetful(), (), workload=workload)


def test_a_value_made_up_has_no_version():
    """A value whose write the database never saw: the read is recorded without a version."""

    class Inventive(FromCache):
        def read(self, app, key):
            yield app.cache.get(key)
            return Value.stamp(999, 20)

    records = requests_of(scripted(Inventive(), READ))

    assert [999] == records["write"].tolist()
    assert records["version"].isna().all()


def test_a_strategy_that_keeps_something_in_itself():
    """It is frozen; what its requests share has a place of its own."""

    class Keeper(FromCache):
        def read(self, app, key):
            self.seen = key
            return (yield app.db.read(key))

    expected = 'a strategy keeps nothing in itself: write app.shared["name"] in place of self.name'

    assert expected == refused(Keeper(), READ)


def test_an_attribute_error_of_the_students_own():
    """It stays what it is."""

    class Wrong(FromCache):
        def read(self, app, key):
            yield app.cache.get(key)
            return self.nothing

    with pytest.raises(AttributeError, match="nothing"):
        run(scripted(Wrong(), READ))
