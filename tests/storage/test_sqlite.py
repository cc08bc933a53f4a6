"""Rows with versions in real SQL."""

import gc
import sqlite3
from contextlib import closing

import pytest

from cachesim.errors import BadInput
from cachesim.records import Value
from cachesim.storage.sqlite import SQLite

VALUE = Value.stamp(7, 20)


@pytest.fixture
def rows():
    """Return an empty database in memory."""
    rows = SQLite()
    yield rows
    rows.close()


def test_a_key_without_a_row_reads_as_none(rows):
    """Absent is None."""
    assert rows.read("a") is None


def test_loaded_rows_have_version_zero(rows):
    """The first write of a loaded key makes version 1."""
    rows.load([("a", VALUE), ("b", Value.stamp(0, 8))])

    assert (VALUE, Value) == (rows.read("a"), type(rows.read("a")))
    assert 1 == rows.write("a", Value.stamp(8, 20))


def test_every_commit_gives_the_next_version(rows):
    """1 for a key without a row, then one more each; keys apart."""
    assert [1, 2, 3] == [rows.write("a", Value.stamp(n, 9)) for n in range(3)]
    assert 1 == rows.write("b", VALUE)
    assert 2 == rows.read("a").write


@pytest.mark.parametrize(
    "key", ["", "a'; DROP TABLE cache_rows; --", "ключ", "a b\n", "x" * 10_000]
)
def test_any_text_is_a_key(rows, key):
    """Keys go in as parameters, never as SQL."""
    rows.write(key, VALUE)

    assert rows.read(key) == VALUE


def test_values_are_bytes_as_they_are(rows):
    """Every byte comes back, zeros included; and its stamp."""
    value = Value(bytes(range(256)))
    rows.write("a", value)

    assert value == rows.read("a")


def test_a_file_keeps_the_rows(tmp_path):
    """Closing commits."""
    path = str(tmp_path / "rows.db")
    kept = SQLite(path)
    kept.write("a", VALUE)
    kept.write("a", VALUE)
    kept.close()
    with closing(sqlite3.connect(path)) as file:
        found = file.execute("SELECT key, version, value FROM cache_rows").fetchall()

    assert [("a", 2, bytes(VALUE))] == found


def test_rows_that_nobody_closed_are_let_go_of():
    """A system that was built and never run leaves no connection open."""
    rows = SQLite()
    connection = rows.connection
    del rows
    gc.collect()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_a_file_that_exists_is_refused(tmp_path):
    """A run never writes over the rows of another, nor into a file of something else."""
    path = tmp_path / "rows.db"
    SQLite(str(path)).close()
    (tmp_path / "text.db").write_text("this is no database " * 100)
    for name, reason in ((path, "already exists"), (tmp_path / "text.db", "not a database")):
        with pytest.raises(BadInput, match=reason) as caught:
            SQLite(str(name))

        assert str(caught.value).startswith(f'the database file "{name}" cannot be used (')
        assert str(caught.value).endswith("; name a new file")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    """The reason is SQLite's own."""
    with pytest.raises(BadInput, match="unable to open database file"):
        SQLite(str(tmp_path / "none" / "rows.db"))


def test_versions_are_those_of_the_table():
    """What write returns is what the row says, for loaded and for new keys."""
    rows = SQLite()
    rows.load([("loaded", Value.stamp(0, 20))])
    for number, key in enumerate(["loaded", "new", "loaded", "new", "new"], 1):
        returned = rows.write(key, Value.stamp(number, 20))
        read = "SELECT version FROM cache_rows WHERE key = ?"

        assert (returned,) == rows.connection.execute(read, (key,)).fetchone()
