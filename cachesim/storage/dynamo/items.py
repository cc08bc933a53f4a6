"""The items of one table, with their earlier versions: a copy may be behind, and a table can go back."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.storage.dynamo.values import Item, Typed, clean, item_size, ordered

Key = tuple[str, ...]  # the partition's value and the sort's, as texts that order and type decide
BAD = "One or more parameter values were invalid: "


class KeyPart(NamedTuple):
    """An attribute of the key."""

    name: str
    kind: str  # S, N or B


class ItemVersion(NamedTuple):
    """An item from a moment on."""

    since: float  # seconds
    item: Item | None  # None: there is none


class TableItems:
    """TableItems by their keys; each keeps the versions of the last seconds.

    >>> items = TableItems([KeyPart("id", "S")])
    >>> key = items.key({"id": {"S": "a"}})
    >>> items.put(key, {"id": {"S": "a"}, "n": {"N": "1"}}, now=10.0)
    >>> items.at(key), items.at(key, when=9.0), items.size
    ({'id': {'S': 'a'}, 'n': {'N': '1'}}, None, 6)
    """

    def __init__(self, parts: list[KeyPart], keeps: float = 60.0) -> None:
        self.parts = parts
        self.keeps = keeps  # seconds for which a version that was replaced can be read
        self.size = self.count = 0  # bytes and items, now
        self._versions: dict[str, dict[str, list[ItemVersion]]] = {}  # by partition, by sort
        self._order: dict[tuple[str, str], Typed] = {}  # the sort's value

    def key(self, given: Item, exact: bool = True) -> Key:
        """Read a key. Raises BadInput.

        Parameters
        ----------
        given : dict
            The attributes.
        exact : bool
            Whether there is nothing but the key.
        """
        if exact and given.keys() != {part.name for part in self.parts}:
            raise BadInput("The provided key element does not match the schema")
        for part in self.parts:
            self._check(part, given, exact)
        return tuple(_text(clean(given[part.name])) for part in self.parts)

    def _check(self, part: KeyPart, given: Item, exact: bool) -> None:
        if part.name not in given:
            raise BadInput(f"{BAD}Missing the key {part.name} in the item")
        ((kind, held),) = given[part.name].items()
        if kind != part.kind:
            raise BadInput(
                "The provided key element does not match the schema"
                if exact
                else f"{BAD}Type mismatch for key {part.name} expected: {part.kind} actual: {kind}"
            )
        if not held:
            raise BadInput(
                "One or more parameter values are not valid. The AttributeValue for a key attribute "
                f"cannot contain an empty {'string' if kind == 'S' else 'binary'} value. Key: {part.name}"
            )

    def key_of(self, item: Item) -> Item:
        """Return the attributes of an item's key."""
        return {part.name: item[part.name] for part in self.parts}

    def at(self, key: Key, when: float | None = None) -> Item | None:
        """Return the item as it was at a moment; as it is now without one."""
        versions = self._versions.get(key[0], {}).get(key[-1], ())
        for version in reversed(versions):
            if when is None or version.since <= when:
                return version.item
        return None

    def put(self, key: Key, item: Item | None, now: float) -> None:
        """Let an item be this from now on; None: it is gone."""
        before = self.at(key)
        versions = self._versions.setdefault(key[0], {}).setdefault(key[-1], [])
        if item is not None:
            self._order[key[0], key[-1]] = item[self.parts[-1].name]
        self.size += item_size(item) - item_size(before)
        self.count += (item is not None) - (before is not None)
        versions.append(ItemVersion(now, item))
        old = bisect_right(versions, now - self.keeps, key=attrgetter("since"))
        del versions[: max(0, old - 1)]

    def in_partition(self, first: str, when: float | None = None) -> Iterator[tuple[Key, Item]]:
        """Yield the items of one partition's value, in the order of the sort's."""
        held = self._versions.get(first, {})
        known = [each for each in held if (first, each) in self._order]
        for last in sorted(known, key=lambda each: ordered(self._order[first, each])):
            key = (first, last) if len(self.parts) > 1 else (first,)
            if (item := self.at(key, when)) is not None:
                yield key, item

    def all(self, when: float | None = None) -> Iterator[tuple[Key, Item]]:
        """Yield all items, in the order of their places in the table."""
        for first in sorted(self._versions, key=placed):
            yield from self.in_partition(first, when)


def placed(text: str) -> bytes:
    """Return the place of a partition's value in the table."""
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


def _text(value: Typed) -> str:
    ((kind, held),) = value.items()
    return f"{kind}{held.hex() if kind == 'B' else held}"
