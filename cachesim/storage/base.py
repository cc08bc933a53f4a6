"""The contract of this room: a source of truth that gives every key its next version at commit."""

from collections.abc import Iterable
from typing import Protocol

from cachesim.records import Value


class Storage(Protocol):
    """Rows of key, version and value; plain calls, no waiting."""

    def load(self, rows: Iterable[tuple[str, Value]]) -> None:
        """Insert rows as they are before the run, all at version 0."""

    def read(self, key: str) -> Value | None:
        """Return the row's value, or None if there is no such row."""

    def write(self, key: str, value: Value, writes: int = 1) -> int:
        """Commit a value and return the version this gave the key: 1 for a key without a row.

        A value that stands for several writes, the earlier of which were never written, counts as many.
        """

    def close(self) -> None:
        """Let go of the database."""
