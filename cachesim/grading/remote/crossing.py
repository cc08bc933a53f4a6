"""What crosses from the sandbox: exact kinds, bounded, and values as tokens that mean nothing and cannot be made up."""

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from cachesim.grading.answers import AnswerError, place
from cachesim.grading.parts import Part
from cachesim.grading.sandbox import Box
from cachesim.records import Value
from cachesim.slips import Shape, check_shape

LONGEST_KEY = 250  # characters
Message = dict[str, Any]


def one_of(value: Any, kind: type, what: str) -> Any:
    """Return a value of exactly one kind. Raises AnswerError, which only code that forges answers will see."""
    if type(value) is not kind:
        found = type(value).__name__
        raise AnswerError("error", f"{what} should be of type {kind.__name__}, got {found}")
    return value


def named(key: Any) -> str:
    """Return a key. Raises AnswerError."""
    text: str = one_of(key, str, "a key")
    if not 0 < len(text) <= LONGEST_KEY:
        raise AnswerError("error", f"a key has from 1 to {LONGEST_KEY} characters, got {len(text)}")
    return text


def short(text: Any) -> str:
    """Return a text that may be kept: of one line at most. Raises AnswerError."""
    return str(one_of(text, str, "a place"))[:LONGEST_KEY]


def seconds(given: Any) -> float:
    """Return a time, 0 or more. Raises AnswerError."""
    if type(given) not in (int, float) or not given >= 0:
        raise AnswerError("error", "seconds should be a number, 0 or more")
    return float(given)


def flag(given: Any) -> bool | None:
    """Return whether a replica may answer; None: nothing was said. Raises AnswerError."""
    return None if given is None else bool(one_of(given, bool, "whether a replica may answer"))


def made(box: Box, name: str, kind: str, ops: tuple[str, ...], fields: Message) -> Message:
    """Make a policy or a strategy in the sandbox; return its description.

    `lines` says where each method is written. Raises the slip of one that is written with other arguments than it is
    called with.
    """
    about = box.ask(name, do="make", name=name, kind=kind, fields=fields, ops=ops)
    lines = {}
    for op in ops:
        told = one_of(about.get("shapes"), dict, "the methods' shapes").get(op)
        if told is None:
            continue
        names, least, most, at = one_of(told, list, "a shape")
        lines[op] = place(at, box.parts)
        most = float("inf") if most is None else one_of(most, int, "a count")
        shape = Shape(tuple(map(str, names)), one_of(least, int, "a count"), most)
        check_shape(name, op, shape, lines[op])
    return {**about, "lines": lines}


class InTheCode(NamedTuple):
    """Where a student's code did something, as text when somebody asks."""

    told: Any
    parts: Sequence[Part]

    def __str__(self) -> str:
        return place(self.told, self.parts)


class Tokens:
    """The values that one run has given away, by token.

    >>> values = Tokens()
    >>> values.unpacked(values.packed(Value.stamp(7, 20))).write
    7
    """

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self.tokens: dict[Value, str] = {}

    def packed(self, value: Any) -> Any:
        """Return the result of an event, in the form in which it travels."""
        if hasattr(value, "todict"):  # of a | b
            return {"joint": [[e.number, self.packed(e._value)] for e in value.events]}
        if value is SPAWNED:
            return {"spawned": True}
        if not isinstance(value, bytes):
            return value if isinstance(value, bool | int | None) else None  # int: of app.cache.wait
        known = Value(value)
        if known not in self.tokens:
            self.tokens[known] = secrets.token_hex(8)
            self.values[self.tokens[known]] = known
        return {"v": self.tokens[known], "n": len(known)}

    def unpacked(self, told: Any) -> Value:
        """Return the value that a token stands for. Raises AnswerError for one that was made up."""
        value = self.values.get(str(told.get("v"))) if isinstance(told, dict) else None
        if value is None:
            raise AnswerError("error", MADE_UP, MADE_UP)
        return value


SPAWNED = object()  # what a spawned generator gave is kept in the sandbox: it can be anything
MADE_UP = "your code made up a value: return, or store, one that came from the cache or the database, as it is"
