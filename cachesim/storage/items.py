"""The rows as the table `items` of SQL: key, version, category, price and value. Queries only read it.

A key keeps its category; each write draws a price. Both are computed from names and numbers, so no draw of the
run is needed, and the same run has the same prices. There is an index on `category`, and one on `price` if asked.
"""

import sqlite3
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.records import Value
from cachesim.storage.statement import COLUMNS, TABLE, Statement, refused

MOST = 1_000_000  # rows that one query may read
# Every row that the plan of a query visits passes `seen`, before any condition that no index decides.
_VIEW = f"CREATE TEMP VIEW {TABLE} AS SELECT {', '.join(COLUMNS)} FROM cache_rows WHERE seen(key)"
_LOG = "changes"  # two rows per commit: the row before it, and after it; without the value
_CHANGES = f"CREATE TEMP TABLE {_LOG} (number INTEGER, key TEXT, version INTEGER, category INTEGER, price INTEGER)"
_BEFORE = (
    f"INSERT INTO {_LOG} SELECT ?, key, ?, category, price FROM cache_rows "
    "WHERE key = ? AND category IS NOT NULL"
)
_UPDATE = "UPDATE cache_rows SET category = ?, price = ? WHERE key = ?"
_FILL = "UPDATE cache_rows SET category = category_of(key), price = price_of(key, value)"
_CHANCE = {"random", "randomblob", "load_extension", "date", "time", "datetime", "julianday",
           "unixepoch", "strftime", "current_date", "current_time", "current_timestamp"}  # fmt: skip
Row = tuple[Any, ...]


class Columns(NamedTuple):
    """What the columns of `items` hold."""

    categories: int = 100  # a key has one of 0 .. categories - 1, and keeps it
    prices: int = 1000  # each write draws one of 0 .. prices - 1
    price_index: bool = False


class Selected(NamedTuple):
    """The result of a query, and what it took."""

    rows: list[Row]
    scanned: int  # rows that the plan read: those of an index search, or all rows of a scan
    versions: dict[str, int]  # key -> version, of each row that matches the condition


class Items:
    """The table `items` over the rows of a SQLite database, and a log of what each commit changed in it.

    >>> from cachesim.storage.sqlite import SQLite
    >>> from cachesim.storage.statement import parse
    >>> rows = SQLite()
    >>> rows.load([("a", Value.stamp(0, 8)), ("b", Value.stamp(0, 8))])
    >>> items = Items(rows.connection, Columns())
    >>> items.query(parse("SELECT key FROM items WHERE key = ?"), ("b",)).rows
    [('b',)]
    """

    def __init__(self, connection: sqlite3.Connection, columns: Columns) -> None:
        self._columns, self._connection = columns, connection
        self._execute = connection.execute
        self._scanned = 0
        self._asking = False  # whether a query is being compiled: then only reading is allowed
        self._make_tables()
        connection.set_authorizer(self._authorize)

    def _make_tables(self) -> None:
        connection, execute = self._connection, self._execute
        for name, count, function in (
            ("seen", 1, self._see),
            ("category_of", 1, self.category),
            ("price_of", 2, self.price),
        ):
            connection.create_function(name, count, function)
        for column in ("category", "price"):
            execute(f"ALTER TABLE cache_rows ADD COLUMN {column} INTEGER")
        execute(_FILL)
        execute("CREATE INDEX by_category ON cache_rows (category)")
        if self._columns.price_index:
            execute("CREATE INDEX by_price ON cache_rows (price)")
        for statement in (_VIEW, _CHANGES, f"CREATE INDEX by_number ON {_LOG} (number)"):
            execute(statement)

    def category(self, key: str) -> int:
        """Compute the category of a key."""
        return _pick(f"category {key}", self._columns.categories)

    def price(self, key: str, value: bytes) -> int:
        """Compute the price that a write gave the row of a key."""
        return _pick(f"price {key} {Value(value).write}", self._columns.prices)

    def note(self, number: int, key: str, value: Value, version: int) -> None:
        """Take over commit `number`, whose row has been written; the log keeps the row before and after it."""
        execute, category, price = self._execute, self.category(key), self.price(key, value)
        execute(_BEFORE, (number, version - 1, key))
        execute(_UPDATE, (category, price, key))
        execute(
            f"INSERT INTO {_LOG} VALUES (?, ?, ?, ?, ?)", (number, key, version, category, price)
        )

    def query(self, statement: Statement, parameters: Row) -> Selected:
        """Run a query on the newest rows.

        Raises
        ------
        BadInput
            It does more than to read `items`, or SQLite refuses it.
        """
        self._scanned = 0
        rows = self._select(statement, statement.sql, parameters)
        scanned = self._scanned
        # The condition has been compiled by now, so it does nothing but read.
        matching = f"SELECT key, version FROM cache_rows AS {TABLE} WHERE {statement.condition}"
        versions = self._execute(matching, _inner(statement, parameters))
        return Selected(rows, scanned, dict(versions))

    def changed(self, statement: Statement, parameters: Row, since: int) -> list[int]:
        """List the commits after number `since` of rows that met the condition before the commit, or after it."""
        sql = f"SELECT DISTINCT number FROM {_LOG} AS {TABLE} WHERE number > ? AND ({statement.condition}) ORDER BY 1"
        found = self._select(statement, sql, (since, *_inner(statement, parameters)))
        return [number for (number,) in found]

    def _select(self, statement: Statement, sql: str, parameters: Row) -> list[Row]:
        self._asking = True
        try:  # the comment keeps the text apart from our own statements, which are compiled already
            return self._execute(f"{sql} -- query", parameters).fetchall()
        except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
            raise refused(statement.sql, self._why(error)) from None
        finally:
            self._asking = False

    def _why(self, error: Exception) -> str:
        if self._scanned > MOST:
            return f"it reads more than {MOST:,} rows; give it a condition"
        if "authoriz" in str(error) or "prohibited" in str(error):
            return f"it may only read {TABLE}, without random numbers and the time of day"
        return f"{error}; {TABLE} has the columns {', '.join(COLUMNS)}, and a condition may not use {COLUMNS[-1]}"

    def _see(self, key: str) -> bool:
        """Count a row that a plan reads."""
        self._scanned += 1
        if self._scanned > MOST:
            raise BadInput("too many rows")
        return True

    def _authorize(self, action: int, one: str | None, two: str | None, *where: str | None) -> int:
        """Allow a query to read `items`, and nothing else; our own statements may do everything."""
        allowed = not self._asking or _ALLOWED.get(action, _never)(one, two, where[-1])
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _never(one: str | None, two: str | None, view: str | None) -> bool:
    return False


_ALLOWED: dict[int, Callable[[str | None, str | None, str | None], bool]] = {
    sqlite3.SQLITE_SELECT: lambda one, two, view: True,
    sqlite3.SQLITE_READ: lambda table, column, view: TABLE in (table, view) or table == _LOG,
    sqlite3.SQLITE_FUNCTION: lambda one, name, view: (
        view == TABLE or (name or "").lower() not in {*_CHANCE, "seen"}
    ),
}


def _inner(statement: Statement, parameters: Row) -> Row:
    """Give the parameters of the condition."""
    return parameters[statement.before : statement.before + statement.inside]


def _pick(name: str, count: int) -> int:
    """Pick one of `count` numbers by a name: a checksum, the same on every machine."""
    return zlib.crc32(name.encode("utf-8", "surrogateescape")) % count
