"""Whether an item meets a condition, and which part of it a projection shows."""

from collections.abc import Iterable
from operator import ge, gt, le, lt
from typing import Any

from cachesim.errors import BadInput
from cachesim.storage.dynamo.grammar import Node, Place
from cachesim.storage.dynamo.values import SCALARS, SETS, Item, Typed, ordered, same

ORDER = {"<": lt, "<=": le, ">": gt, ">=": ge}


def found_at(item: Item, place: Place) -> Typed | None:
    """Return the value at a place, or None.

    >>> found_at({"a": {"L": [{"N": "7"}]}}, ("a", 0))
    {'N': '7'}
    """
    value = item.get(str(place[0]))
    for step in place[1:]:
        if value is None:
            return None
        if isinstance(step, int):
            held = value.get("L", [])
            value = held[step] if step < len(held) else None
        else:
            value = value.get("M", {}).get(step)
    return value


def value_of(operand: Node, item: Item) -> Typed | None:
    """Return the value that an operand of a condition stands for."""
    kind, what = operand[:2]
    if kind == "path":
        return found_at(item, what)
    if kind == "value":
        value: Typed = what
        return value
    measured = value_of(operand[2][0], item)
    if measured is None:
        return None
    ((kind, held),) = measured.items()
    if kind in ("N", "BOOL", "NULL"):
        return None
    return {"N": str(len(held.encode() if kind == "S" else held))}


def meets(condition: Node, item: Item) -> bool:
    """Whether an item meets a condition; an absent item is an empty one.

    >>> meets(("<", ("path", ("n",)), ("value", {"N": "10"})), {"n": {"N": "9"}})
    True
    """
    kind = condition[0]
    if kind in ("and", "or"):
        one, other = condition[1:]
        first = meets(one, item)
        return (first and meets(other, item)) if kind == "and" else (first or meets(other, item))
    if kind == "not":
        return not meets(condition[1], item)
    if kind == "call":
        return _call(condition[1], condition[2], item)
    left = value_of(condition[1], item)
    if kind == "in":
        return any(same(left, value_of(each, item)) for each in condition[2])
    if kind == "between":
        low, high = (value_of(each, item) for each in condition[2:])
        return _is(">=", left, low) and _is("<=", left, high)
    return _is(kind, left, value_of(condition[2], item))


def _is(sign: str, left: Typed | None, right: Typed | None) -> bool:
    if sign in ("=", "<>"):
        equal = same(left, right)
        return equal if sign == "=" else left is not None and right is not None and not equal
    if left is None or right is None or left.keys() != right.keys() or not left.keys() & SCALARS:
        return False
    return bool(ORDER[sign](ordered(left), ordered(right)))


def _call(name: str, operands: tuple[Node, ...], item: Item) -> bool:
    if operands[0][0] != "path" and name.startswith("attribute"):
        raise BadInput(
            "Invalid ConditionExpression: Operator or function requires a document path; "
            f"operator or function: {name}"
        )
    value = value_of(operands[0], item)
    if len(operands) == 1:
        return (value is not None) == (name == "attribute_exists")
    other = value_of(operands[1], item)
    if value is None or other is None:
        return False
    if name == "attribute_type":
        return other.get("S") in value
    ((kind, held),) = value.items()
    ((_, part),) = other.items()
    if name == "begins_with":
        return other.keys() == value.keys() and kind in ("S", "B") and held.startswith(part)
    return _contains(kind, held, other)


def _contains(kind: str, held: Any, other: Typed) -> bool:
    ((_, part),) = other.items()
    if kind == "L":
        return any(same(each, other) for each in held)
    if kind in SETS:
        return kind[0] in other and part in held
    return kind in ("S", "B") and kind in other and part in held


def projected(item: Item, places: Iterable[Place]) -> Item:
    """Return the part of an item at some places; elements of a list move together.

    >>> projected({"a": {"L": [{"N": "1"}, {"N": "2"}]}, "b": {"S": "x"}}, [("a", 1)])
    {'a': {'L': [{'N': '2'}]}}
    """
    tree: dict[Any, Any] = {}
    for place in places:
        if found_at(item, place) is not None:
            branch = tree
            for step in place:
                branch = branch.setdefault(step, {})
    return {name: _pruned(item[name], branch) for name, branch in tree.items()}


def _pruned(value: Typed, branch: dict[Any, Any]) -> Typed:
    if not branch:
        return value
    if "M" in value:
        return {"M": {name: _pruned(value["M"][name], part) for name, part in branch.items()}}
    return {"L": [_pruned(value["L"][step], branch[step]) for step in sorted(branch)]}
