"""Expressions as trees of lists, as DAX's client sends them: they become the text that our one parser reads."""

from collections.abc import Callable
from typing import Any

from cachesim.storage.dynamo.values import Typed

SIGNS = ("=", "<>", "<", ">=", ">", "<=", "AND", "OR")  # by their numbers on the wire
FUNCTIONS = {
    11: "attribute_exists", 12: "attribute_not_exists", 13: "attribute_type", 14: "begins_with",
    15: "contains", 16: "size", 23: "if_not_exists", 24: "list_append",
}  # fmt: skip
NOT, BETWEEN, IN, VARIABLE, PLACE, PLUS, MINUS = 8, 9, 10, 17, 18, 25, 26
ACTIONS = {19: "SET", 20: "ADD", 21: "DELETE", 22: "REMOVE"}


class ExpressionText:
    """The text of a request's expressions, with names and values of its own.

    `typed` gives a value its type.

    >>> text = ExpressionText(lambda value: {"N": str(value)})
    >>> text.condition([2, [18, "n"], [17, 0]], [7]), text.names, text.values
    ('#n0 < :v0', {'#n0': 'n'}, {':v0': {'N': '7'}})
    """

    def __init__(self, typed: Callable[[Any], Typed]) -> None:
        self._typed = typed
        self.names: dict[str, str] = {}
        self.values: dict[str, Typed] = {}
        self._given: list[Any] = []

    def condition(self, tree: Any, given: list[Any]) -> str:
        """Write a condition; `given` are the values that it numbers."""
        self._given = given
        return self._written(tree)

    def update(self, trees: list[Any], given: list[Any]) -> str:
        """Write an update."""
        self._given = given
        sections: dict[str, list[str]] = {}
        for action, place, *operand in trees:
            name = ACTIONS[action]
            between = " = " if name == "SET" else " "
            text = between.join(map(self._written, [place, *operand]))
            sections.setdefault(name, []).append(text)
        return " ".join(f"{name} {', '.join(texts)}" for name, texts in sections.items())

    def _written(self, tree: Any) -> str:
        kind, *rest = tree
        if kind == PLACE:
            return self._place(rest)
        if kind == VARIABLE:
            name = f":v{len(self.values)}"
            self.values[name] = self._typed(self._given[rest[0]])
            return name
        if kind == IN:
            return f"{self._written(rest[0])} IN ({', '.join(map(self._written, rest[1]))})"
        parts = list(map(self._written, rest))
        if kind in FUNCTIONS:
            return f"{FUNCTIONS[kind]}({', '.join(parts)})"
        if kind == NOT:
            return f"(NOT {parts[0]})"
        if kind == BETWEEN:
            return f"{parts[0]} BETWEEN {parts[1]} AND {parts[2]}"
        if kind in (PLUS, MINUS):
            return f"{parts[0]} {'+' if kind == PLUS else '-'} {parts[1]}"
        text = f" {SIGNS[kind]} ".join(parts)
        return f"({text})" if SIGNS[kind] in ("AND", "OR") else text

    def _place(self, steps: list[Any]) -> str:
        text = ""
        for step in steps:
            if hasattr(step, "value"):
                text += f"[{step.value}]"
                continue
            name = f"#n{len(self.names)}"
            self.names[name] = step
            text += f".{name}" if text else name
        return text
