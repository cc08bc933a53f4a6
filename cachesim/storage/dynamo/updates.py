"""What an update makes of an item. All operands are those of the item before it."""

from copy import deepcopy
from itertools import combinations
from typing import Any

from cachesim.errors import BadInput
from cachesim.storage.dynamo.conditions import found_at
from cachesim.storage.dynamo.grammar import Node, Place
from cachesim.storage.dynamo.values import EXACT, SETS, Item, Typed, number, written

NO_PLACE = "The document path provided in the update expression is invalid for update"
NO_VALUE = "The provided expression refers to an attribute that does not exist in the item"
WRONG_TYPE = "An operand in the update expression has an incorrect data type"


def updated(changes: list[Node], item: Item) -> Item:
    """Return the item after an update.

    >>> updated([("ADD", ("n",), ("value", {"N": "2"}))], {"n": {"N": "5"}})
    {'n': {'N': '7'}}

    Raises
    ------
    BadInput
        An operand has the wrong type or is absent, or two changes touch the same place.
    """
    _check_apart([place for _, place, _ in changes])
    made = deepcopy(item)
    removed = list[Place]()
    for action, place, operand in changes:
        if action == "REMOVE":
            removed.append(place)
        elif action == "SET":
            _put(made, place, _value(operand, item))
        else:
            _combine(made, place, action, operand[1], found_at(item, place))
    for place in sorted(removed, key=_last, reverse=True):  # the later elements of a list first
        _remove(made, place)
    return made


def _last(place: Place) -> tuple[int, Any]:
    return (1, place[-1]) if isinstance(place[-1], int) else (0, 0)


def _check_apart(places: list[Place]) -> None:
    """Refuse two changes of the same place."""
    for one, other in combinations(places, 2):
        shared = min(len(one), len(other))
        if one[:shared] == other[:shared]:
            raise BadInput(
                "Invalid UpdateExpression: Two document paths overlap with each other; must remove "
                f"or rewrite one of these paths; path one: {shown(one)}, path two: {shown(other)}"
            )


def shown(place: Place) -> str:
    """Write a place as the service does."""
    return f"[{', '.join(f'[{step}]' if isinstance(step, int) else step for step in place)}]"


def _value(operand: Node, item: Item) -> Typed:
    kind = operand[0]
    if kind == "value":
        value: Typed = operand[1]
        return deepcopy(value)
    if kind == "path":
        found = found_at(item, operand[1])
        if found is None:
            raise BadInput(NO_VALUE)
        return deepcopy(found)
    if kind == "call":
        return _call(operand[1], operand[2], item)
    one, other = (_value(each, item) for each in operand[1:])
    return _added(one, other, kind)


def _added(one: Typed, other: Typed, sign: str) -> Typed:
    if "N" not in one or "N" not in other:
        raise BadInput(WRONG_TYPE)
    left, right = number(one["N"]), number(other["N"])
    total = EXACT.add(left, right) if sign == "+" else EXACT.subtract(left, right)
    return {"N": written(number(str(total)))}


def _call(name: str, operands: tuple[Node, ...], item: Item) -> Typed:
    if name == "if_not_exists":
        held = found_at(item, operands[0][1])
        return _value(operands[1], item) if held is None else deepcopy(held)
    one, other = (_value(each, item) for each in operands)
    if "L" not in one or "L" not in other:
        raise BadInput(WRONG_TYPE)
    return {"L": one["L"] + other["L"]}


def _combine(made: Item, place: Place, action: str, value: Typed, held: Typed | None) -> None:
    """ADD a number or the elements of a set; DELETE elements of a set."""
    ((kind, part),) = value.items()
    if kind not in SETS and (kind != "N" or action == "DELETE"):
        raise BadInput(
            f"Invalid UpdateExpression: Incorrect operand type for operator or function; operator: "
            f"{action}, operand type: {kind}"
        )
    if held is None:
        if action == "ADD":
            _put(made, place, value)
        return
    if kind not in held:
        raise BadInput(WRONG_TYPE)
    if kind == "N":
        _put(made, place, _added(held, value, "+"))
        return
    if action == "ADD":
        left = held[kind] + [each for each in part if each not in held[kind]]
    else:
        left = [each for each in held[kind] if each not in part]
    if left:
        _put(made, place, {kind: left})
    else:
        _remove(made, place)  # there is no empty set


def _parent(made: Item, place: Place) -> Typed | None:
    """Return the map or the list that holds a place; the item itself is a map."""
    return {"M": made} if len(place) == 1 else found_at(made, place[:-1])


def _put(made: Item, place: Place, value: Typed) -> None:
    parent, last = _parent(made, place), place[-1]
    if parent is None or ("L" if isinstance(last, int) else "M") not in parent:
        raise BadInput(NO_PLACE)
    if isinstance(last, int):
        parent["L"][last : last + 1] = [value]  # beyond the end: it becomes the last one
    else:
        parent["M"][last] = value


def _remove(made: Item, place: Place) -> None:
    parent, last = _parent(made, place), place[-1]
    if parent is None or ("L" if isinstance(last, int) else "M") not in parent:
        if len(place) > 1:
            raise BadInput(NO_PLACE)
        return
    if isinstance(last, int):
        del parent["L"][last : last + 1]
    else:
        parent["M"].pop(last, None)
