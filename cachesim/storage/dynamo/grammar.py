"""The expressions of DynamoDB, read into tuples: one parser for conditions, filters, keys, projections and updates.

    ("path", ("address", "lines", 0))      ("value", {"N": "7"})       ("call", "size", (operand,))
    ("=", left, right)                     ("between", x, low, high)   ("in", x, choices)
    ("and", one, other)  ("or", one, other)  ("not", condition)

An update is a list of (action, path, operand); the operand of REMOVE is None.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from cachesim.errors import BadInput
from cachesim.storage.dynamo.values import Typed, clean

Node = tuple[Any, ...]
Place = tuple[str | int, ...]  # of an attribute: names, and numbers in lists
T = TypeVar("T")

TOKEN = re.compile(r"\s*(?:([#:]?[A-Za-z_0-9]+)|(<>|<=|>=|[=<>(),.+\-\[\]]))")
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
COMPARED = ("=", "<>", "<", "<=", ">", ">=")
CONDITIONS = {  # functions of a condition -> how many operands
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
}
VALUES = {"if_not_exists": 2, "list_append": 2}  # functions of an update
WORDS = {"AND", "OR", "NOT", "BETWEEN", "IN"}
ACTIONS = ("SET", "REMOVE", "ADD", "DELETE")


@cache
def reserved() -> frozenset[str]:
    """Return the words that cannot be names of attributes in an expression.

    >>> "STATUS" in reserved()
    True
    """
    text = files("cachesim.storage.dynamo").joinpath("data/reserved.csv").read_text()
    return frozenset(text.split()[1:])


class Names:
    """What stands for the names `#n` and the values `:v` of a request's expressions, and which were used."""

    def __init__(
        self,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Typed] | None = None,
    ) -> None:
        self.names, self.values = dict(names or {}), dict(values or {})
        self.used: set[str] = set()

    def check_used(self) -> None:
        """Refuse names and values that no expression has."""
        for what, given in (("Names", self.names), ("Values", self.values)):
            left = [each for each in given if each not in self.used]
            if left:
                raise BadInput(
                    f"Value provided in ExpressionAttribute{what} unused in expressions: "
                    f"keys: {{{', '.join(left)}}}"
                )


class ExpressionReader:
    """Reads one expression of a request, from left to right.

    >>> ExpressionReader(
    ...     "ConditionExpression", "size(a[0].b) >= :n", Names(values={":n": {"N": "2"}})
    ... ).condition()
    ('>=', ('call', 'size', (('path', ('a', 0, 'b')),)), ('value', {'N': '2'}))

    Raises
    ------
    BadInput
        It is no such expression; the text is the service's.
    """

    def __init__(self, kind: str, text: str, names: Names) -> None:
        self.kind, self.text, self.names = kind, text, names
        self.tokens = self._split()
        self.at = 0

    def _split(self) -> list[str]:
        found, at = list[str](), 0
        text = self.text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                raise self.error(f'Syntax error; token: "{text[at:].strip()[0]}"')
            found.append(match[1] or match[2])
            at = match.end()
        if not found:
            raise self.error("The expression can not be empty;")
        return found

    def error(self, why: str) -> BadInput:
        """Make the error that the service has."""
        return BadInput(f"Invalid {self.kind}: {why}")

    def odd(self) -> BadInput:
        """Make the error for the token that is next."""
        near = " ".join(self.tokens[max(0, self.at - 1) : self.at + 2])
        return self.error(f'Syntax error; token: "{self.next or "<EOF>"}", near: "{near}"')

    @property
    def next(self) -> str:
        """The next token; nothing at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def accepts(self, *wanted: str) -> str:
        """Take the next token if it is one of those; return it as it stands there."""
        found = self.next.upper()
        if found and found in wanted:
            self.at += 1
            return found
        return ""

    def need(self, wanted: str) -> None:
        """Take a token that must be next."""
        if not self.accepts(wanted):
            raise self.odd()

    def end(self, found: T) -> T:
        """Return the result, if nothing is left to read."""
        if self.next:
            raise self.odd()
        return found

    def several(self, read: Callable[[], T]) -> list[T]:
        """Read things with commas between them."""
        found = [read()]
        while self.accepts(","):
            found.append(read())
        return found

    # The expressions

    def condition(self) -> Node:
        """Read a condition, a filter or a key condition."""
        return self.end(self._either())

    def projection(self) -> list[Place]:
        """Read the places of attributes."""
        return self.end(self.several(self.place))

    def update(self) -> list[Node]:
        """Read what an update does: each action once."""
        found, seen = list[Node](), set[str]()
        while action := self.accepts(*ACTIONS):
            if action in seen:
                raise self.error(
                    f'The "{action}" section can only be used once in an update expression;'
                )
            seen.add(action)
            found += self.several(lambda action=action: self._change(action))  # type: ignore[misc]
        if not found:
            raise self.odd()
        return self.end(found)

    def _change(self, action: str) -> Node:
        place = self.place()
        if action == "REMOVE":
            return action, place, None
        if action == "SET":
            self.need("=")
            return action, place, self._sum()
        return action, place, self._value()

    def _sum(self) -> Node:
        left = self.operand(VALUES)
        sign = self.accepts("+", "-")
        return (sign, left, self.operand(VALUES)) if sign else left

    # Conditions

    def _either(self) -> Node:
        found = self._both()
        while self.accepts("OR"):
            found = ("or", found, self._both())
        return found

    def _both(self) -> Node:
        found = self._one()
        while self.accepts("AND"):
            found = ("and", found, self._one())
        return found

    def _one(self) -> Node:
        if self.accepts("NOT"):
            return "not", self._one()
        if self.accepts("("):
            found = self._either()
            self.need(")")
            return found
        name = self.next
        if name in CONDITIONS and self.tokens[self.at + 1 : self.at + 2] == ["("]:
            return self._call(CONDITIONS)
        return self._compared(self.operand({"size": 1}))

    def _compared(self, left: Node) -> Node:
        if sign := self.accepts(*COMPARED):
            return sign, left, self.operand({"size": 1})
        if self.accepts("BETWEEN"):
            low = self.operand({"size": 1})
            self.need("AND")
            return "between", left, low, self.operand({"size": 1})
        self.need("IN")
        self.need("(")
        choices = self.several(lambda: self.operand({"size": 1}))
        self.need(")")
        return "in", left, tuple(choices)

    # Operands

    def operand(self, functions: Mapping[str, int]) -> Node:
        """Read a path, a value or a call of one of these functions."""
        if self.next.startswith(":"):
            return self._value()
        if self.tokens[self.at + 1 : self.at + 2] == ["("]:
            return self._call(functions)
        return "path", self.place()

    def _call(self, functions: Mapping[str, int]) -> Node:
        name = self.next
        if name not in functions:
            known = {*CONDITIONS, *VALUES, "size"}
            why = "The function is not allowed to be used this way in an expression"
            raise self.error(
                f"{why if name in known else 'Invalid function name'}; function: {name}"
            )
        self.at += 1
        self.need("(")
        operands = self.several(lambda: self.operand({**functions, "size": 1}))
        self.need(")")
        if len(operands) != functions[name]:
            raise self.error(
                "Incorrect number of operands for operator or function; operator or function: "
                f"{name}, number of operands: {len(operands)}"
            )
        return "call", name, tuple(operands)

    def _value(self) -> Node:
        token = self.next
        if not token.startswith(":"):
            raise self.odd()
        if token not in self.names.values:
            raise self.error(
                "An expression attribute value used in expression is not defined; "
                f"attribute value: {token}"
            )
        self.at += 1
        self.names.used.add(token)
        return "value", clean(self.names.values[token])

    def place(self) -> Place:
        """Read the place of an attribute, such as lines[0].#n."""
        found: list[str | int] = [self._name()]
        while sign := self.accepts(".", "["):
            if sign == ".":
                found.append(self._name())
                continue
            if not self.next.isdecimal():
                raise self.odd()
            found.append(int(self.next))
            self.at += 1
            self.need("]")
        return tuple(found)

    def _name(self) -> str:
        token = self.next
        if token.startswith("#"):
            if token not in self.names.names:
                raise self.error(
                    "An expression attribute name used in the document path is not defined; "
                    f"attribute name: {token}"
                )
            self.names.used.add(token)
            self.at += 1
            return self.names.names[token]
        if not NAME.fullmatch(token) or token.upper() in WORDS:
            raise self.odd()
        if token.upper() in reserved():
            raise self.error(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        self.at += 1
        return token
