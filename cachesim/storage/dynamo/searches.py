"""Which items a search reads: the ranges of its key condition, and its page."""

from collections.abc import Iterable, Iterator
from typing import Any

from cachesim.errors import BadInput
from cachesim.storage.dynamo.grammar import Node
from cachesim.storage.dynamo.items import Key, TableItems, placed
from cachesim.storage.dynamo.values import Item, item_size, ordered

PAGE = 1024**2  # bytes that one answer reads at most
RANGES = ("=", "<", "<=", ">", ">=", "between")  # for the sort's value; and begins_with
Found = Iterator[tuple[Key, Item]]


def turned(items: Found, back: bool) -> Iterable[tuple[Key, Item]]:
    """Turn the order round, if that is wanted."""
    return reversed(list(items)) if back else items


def page(found: Found, limit: int | None) -> tuple[list[tuple[Key, Item]], Item | None]:
    """Read until the page is full; return what was read, and the last item if there may be more."""
    read: list[tuple[Key, Item]] = []
    size = 0
    for key, item in found:
        read.append((key, item))
        size += item_size(item)
        if len(read) == limit or size > PAGE:
            return read, item
    return read, None


def place(items: TableItems, item: Item) -> tuple[bytes, Any]:
    """Return the place of an item in the order of a search."""
    parts = items.parts
    return placed(items.key(items.key_of(item))[0]), ordered(item[parts[-1].name])


def behind(found: Found, place: Any, start: Any, back: bool) -> Found:
    """Leave out what comes up to the place at which a page begins."""
    for key, item in found:
        if (place(item) < start) if back else (place(item) > start):
            yield key, item


def ranges(condition: Node, items: TableItems) -> tuple[str, Node | None]:
    """Return the partition's value that a key condition wants, and its condition on the sort's value."""
    first, *rest = [part.name for part in items.parts]
    wanted = {_named(each): each for each in _parts(condition)}
    for name in wanted:
        if name not in (first, *rest):
            raise BadInput(f"Query condition missed key schema element: {(rest or [first])[0]}")
    if first not in wanted:
        raise BadInput(f"Query condition missed key schema element: {first}")
    if wanted[first][0] != "=":
        raise BadInput("Query key condition not supported")
    value = wanted[first][2][1]
    key = {part.name: value for part in items.parts[:1]}
    one = TableItems(items.parts[:1]).key(key)
    return one[0], wanted.get(rest[0]) if rest else None


def _parts(condition: Node) -> Iterator[Node]:
    """Yield the conditions that AND joins."""
    if condition[0] == "and":
        yield from _parts(condition[1])
        yield from _parts(condition[2])
    elif condition[0] in (*RANGES, "call"):
        yield condition
    else:
        raise BadInput(
            f"Invalid operator used in KeyConditionExpression: {str(condition[0]).upper()}"
        )


def _named(condition: Node) -> str:
    """Return the attribute that a part of a key condition is about."""
    operands = condition[2] if condition[0] == "call" else condition[1:]
    is_known = condition[0] != "call" or condition[1] == "begins_with"
    if not is_known or operands[0][0] != "path" or any(each[0] != "value" for each in operands[1:]):
        raise BadInput("Invalid KeyConditionExpression: it compares a key with values only")
    return str(operands[0][1][0])
