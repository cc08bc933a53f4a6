"""An object of the model is built by its constructor; nobody else assigns to its attributes.

So a part is made right or not at all, and another kind of part is made by overriding the method that makes it.
"""

import ast

import pytest

from tests.test_floors import SOURCE

ROOM = SOURCE / "model"

# The hot path, where a method call per event would cost more than the rule is worth.
ALLOWED = {
    "_value env effect waiter fired": "a Visit: the loop, the stations and the clients fill it in",
    "lookup node hops row last": "a Journey: the clients of the tiers write into it",
    "booked": "a Station: `sender_to` writes out its `depart`",
    "open queries": "a DatabaseTier: its clients count the queries",
    "callbacks _defused joined": "an event of SimPy: SimPy has no method for it",
}


def foreign(tree):
    """Yield line and name of each attribute that is assigned, or deleted, on another object than `self`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) != "self":
            if isinstance(node.ctx, ast.Store | ast.Del) or node.attr == "__dict__":
                yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and patches(node):
            yield node.lineno, ast.unparse(node)


def patches(call):
    """Say whether a call assigns attributes: `setattr` and its kin on another object, or a whole `__dict__`."""
    name = ast.unparse(call.func)
    return name.endswith("__dict__.update") or (
        name.endswith(("setattr", "__setattr__", "delattr")) and ast.unparse(call.args[0]) != "self"
    )


def all_foreign():
    """Yield file, line and name for the whole room."""
    for path in sorted(ROOM.rglob("*.py")):
        for line, name in foreign(ast.parse(path.read_text(encoding="utf-8"))):
            yield path.relative_to(ROOM).as_posix(), line, name


def test_only_the_hot_path_assigns_to_other_objects():
    """Every other change of an object is a method of its own."""
    allowed = {name for names in ALLOWED for name in names.split()}

    assert [] == [found for found in all_foreign() if found[2] not in allowed]


def test_the_exceptions_are_used():
    """An exception that nobody needs any more leaves the list."""
    used = {name for _, _, name in all_foreign()}

    assert set() == {name for names in ALLOWED for name in names.split()} - used


@pytest.mark.parametrize(
    "source",
    [
        "app.cache = mine",
        "self.tier.cut += 1",
        "node.station, self.x = made, 1",
        "del app.cache",
        "for app.cache in made: pass",
        "with made() as app.cache: pass",
        "setattr(app, 'cache', mine)",
        "object.__setattr__(app, 'cache', mine)",
        "self.__dict__.update(plain.__dict__)",
        "vars_of = app.__dict__",
    ],
)
def test_each_way_to_patch_an_object_is_found(source):
    """However it is written."""
    assert [*foreign(ast.parse(source))]


@pytest.mark.parametrize(
    "source", ["self.cache = mine", "self.x += 1", "dirty['a'] = 1", "x = app.cache"]
)
def test_what_an_object_does_to_itself_is_let_through(source):
    """Its own attributes, items and local names."""
    assert [] == [*foreign(ast.parse(source))]
