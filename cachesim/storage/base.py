"""The contract of this room: a source of truth that gives every key its next version at commit."""

from collections.abc import Iterable
from typing import Protocol

from cachesim.records import Value
from cachesim.storage.items import Columns, Items


class Storage(Protocol):
    """Rows of key, version and value: plain calls without waiting."""

    def load(self, rows: Iterable[tuple[str, Value]]) -> None:
        """Insert the rows that exist before the run, all at version 0."""

    def read(self, key: str) -> Value | None:
        """Return the row's value, or None if there is no such row."""

    def write(self, key: str, value: Value, writes: int = 1) -> int:
        """Commit a value and return the key's new version: 1 for a key without a row.

        A value may stand for several writes, if only the last of them is stored. Then the version grows
        by `writes`.
        """

    def items(self, columns: Columns) -> Items:
        """Make the rows readable as the table `items`, from now on; call it once."""

    def close(self) -> None:
        """Close the database."""
