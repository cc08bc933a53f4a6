"""What is honest in a strategy works in the sandbox as in `cs.run`, request by request."""

import pytest

from cachesim import errors
from tests.grading.slips import STRATEGY, write
from tests.model.worlds import requests_of, scripted

STEPS = [(0.0, "read", "a"), (50.0, "read", "a"), (50.0, "write", "a")]

HONEST = {
    "a race with a time-out": """
        get = app.cache.get(key)
        seen = yield get | app.timeout(0.5)
        row = seen[get] if get in seen else (yield app.db.read(key))
        return row
""",
    "both at once": """
        get, row = app.cache.get(key), app.db.read(key)
        seen = yield get & row
        if seen[get] is None:
            yield app.cache.set(key, seen[row])
        return seen[row]
""",
    "a spawned result of any kind": """
        found = yield app.spawn(self.both(app, key))
        return found["row"]
""",
    "a size": """
        row = yield app.db.read(key)
        if len(row) > 50 and app.random() < 1:
            yield app.cache.set(key, row)
        return bytes(row)
""",
    "a comparison": """
        row, again = (yield app.db.read(key)), (yield app.db.read(key))
        return row if row == again and row != None and {row} == {again} else None
""",
    "an event that is kept": """
        if "first" not in app.shared:
            app.shared["first"] = app.spawn(self.both(app, key))
        yield app.shared["first"]
        return (yield app.db.read(key))
""",
    "a number as it comes": """
        row = yield app.db.read(key)
        yield app.cache.set(key, row, 5)
        yield app.cache.set(key, row, ttl=float("inf"))
        yield app.timeout(1)
        return row
""",
}


def honest(body):
    """Return a strategy with another `read`, and a helper that gives a dict."""
    head, rest = STRATEGY.split("    def read")
    rest = rest[rest.index("    def write") :]
    both = "    def both(self, app, key):\n        return {'row': (yield app.db.read(key)), 'at': app.now}\n"
    return f"{head}{both}    def read(self, app, key):{body}\n{rest}"


@pytest.mark.parametrize("body", HONEST.values(), ids=HONEST)
def test_what_is_honest_works(lab_of, body):
    """Request by request as the same code in `cs.run`."""
    names = {}
    exec(honest(body), names)
    inside = requests_of(scripted(lab_of(honest(body)).strategy("Mine"), STEPS))
    outside = requests_of(scripted(names["Mine"](), STEPS))

    assert outside.equals(inside)
    assert 3 == len(inside)


@pytest.mark.parametrize("given", ["True", "value", "object()", "(yield app.cache.delete(key))"])
def test_a_write_may_return_anything(lab_of, given):
    """Nobody looks at it."""
    source = write("yield app.db.write(key, value)", f"return {given}")
    inside = requests_of(scripted(lab_of(source).strategy("Mine"), STEPS))

    assert [0, 0, 1] == inside["version"].tolist()


def test_work_beside_the_requests(lab_of):
    """`start` begins with the run and ends with it."""
    loop = "    def start(self, app):\n        while True:\n            yield app.cache.get('a')\n"
    loop += "            yield app.timeout(1.0)\n"
    source = STRATEGY + loop
    names = {}
    exec(source, names)
    inside = requests_of(scripted(lab_of(source).strategy("Mine"), STEPS))

    assert requests_of(scripted(names["Mine"](), STEPS)).equals(inside)


def test_a_warm_start_has_the_strategys_ttl(lab_of):
    """Rows that are there when a run begins have used up a part of it."""
    source = STRATEGY.replace("10.0", "0.001")
    names = {}
    exec(source, names)
    inside, outside = (
        requests_of(scripted(strategy, STEPS, start="warm"))["lookup"].tolist()
        for strategy in (lab_of(source).strategy("Mine", ttl=0.001), names["Mine"]())
    )

    assert outside == inside
    assert "expired" == inside[0]


def test_failures_are_those_of_the_toolkit(lab_of):
    """The sandbox has the same tree of them, by the same names, also to be imported."""
    failures = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    failures = [kind for kind in failures if issubclass(kind, errors.SimulatedFailure)]
    source = "import cachesim as cs\nfrom cachesim import errors\nfrom cachesim.units import MIB\n"
    source += (
        "def f(names): return [[k.__name__ for k in getattr(errors, n).__mro__] for n in names]"
    )
    names = [kind.__name__ for kind in failures]

    assert [[k.__name__ for k in kind.__mro__] for kind in failures] == lab_of(source).call(
        "f", names
    )


REFUSED = """
        try:
            row = yield app.db.read(key)
        except DatabaseRefused:
            row = yield app.cache.get(key)
        return row
"""


def test_a_failure_is_caught_by_its_name(lab_of):
    """As it is imported in a notebook."""
    source = "from cachesim.errors import DatabaseRefused\n" + honest(REFUSED)
    names = {}
    exec(source, names)
    database = scripted(names["Mine"](), STEPS).database.replace(connections=1, waiting=1)
    steps = [(0.0, "write", "b"), (0.0, "write", "b"), (0.0, "read", "a")]
    inside, outside = (
        requests_of(scripted(strategy, steps, database=database))
        for strategy in (lab_of(source).strategy("Mine"), names["Mine"]())
    )

    assert outside.equals(inside)
    assert inside["error"].isna().all()
