"""Rows in SQLite: in memory by default, or in a file.

There is one cursor in one open transaction. SQLite keeps the prepared statements, so a statement costs
2-3 µs. The time that a commit takes in the model is set there (`Database.commit`); here is only SQL.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain, islice

from cachesim.errors import BadInput
from cachesim.records import Value
from cachesim.storage.items import Columns, Items

_TABLE = "CREATE TABLE cache_rows (key TEXT PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID"
_LOAD, _ROW, _ROWS = "INSERT INTO cache_rows VALUES ", "(?, 0, ?)", 200  # rows per statement
_PAGE = 16_384  # bytes: four times the default makes the tree of 10,000 rows a level lower
MEMORY = ":memory:"  # the name of a database without a file
_READ = "SELECT value FROM cache_rows WHERE key = ?"
_WRITE = "UPDATE cache_rows SET version = version + ?, value = ? WHERE key = ?"
_INSERT = "INSERT INTO cache_rows (key, version, value) VALUES (?, ?, ?)"


class SQLite:
    """A Storage on SQLite.

    >>> rows = SQLite()
    >>> rows.write("user:7", Value.stamp(1, size=20)), rows.read("user:7"), rows.read("user:8")
    (1, Value(write=1, 20 bytes), None)

    Parameters
    ----------
    path : str
        ":memory:", or the name of a file that does not exist yet.

    Raises
    ------
    BadInput
        The file cannot be made, or already holds the rows of a run.
    """

    def __init__(self, path: str = MEMORY) -> None:
        try:
            self.connection = sqlite3.connect(path, isolation_level=None)
            self.connection.execute(f"PRAGMA page_size = {_PAGE}")
            self.connection.execute("PRAGMA synchronous = OFF")
            self.connection.execute("BEGIN")
            self.connection.execute(_TABLE)
        except sqlite3.Error as error:
            raise BadInput(
                f'the database file "{path}" cannot be used ({error}); name a new file'
            ) from None
        self._execute = self.connection.cursor().execute
        self._versions: dict[str, int] = {}  # of the keys written so far

    def load(self, rows: Iterable[tuple[str, Value]]) -> None:
        """Insert the rows that exist before the run, all at version 0."""
        left = iter(rows)
        while some := list(islice(left, _ROWS)):  # takes half the time of one row per statement
            self._execute(_LOAD + ", ".join([_ROW] * len(some)), list(chain.from_iterable(some)))

    def read(self, key: str) -> Value | None:
        """Return the row's value, or None if there is no such row."""
        execute = self._execute
        row = next(execute(_READ, (key,)), None)
        return None if row is None else Value(row[0])

    def write(self, key: str, value: Value, writes: int = 1) -> int:
        """Commit a value and return the key's new version: `writes` more than before."""
        if self._execute(_WRITE, (writes, value, key)).rowcount == 0:
            self._execute(_INSERT, (key, writes, value))
        # The versions are counted here too: RETURNING would double the time. A test compares both.
        version = self._versions[key] = self._versions.get(key, 0) + writes
        return version

    def items(self, columns: Columns) -> Items:
        """Make the rows readable as the table `items`, from now on; call it once."""
        return Items(self.connection, columns)

    def close(self) -> None:
        """Commit all writes and close the database."""
        self.connection.execute("COMMIT")
        self.connection.close()

    def __del__(self) -> None:
        # A system that was built and never run closes nothing; Python 3.13 reports such connections.
        with suppress(
            AttributeError, sqlite3.Error
        ):  # no connection was made, or not by this thread
            self.connection.close()
