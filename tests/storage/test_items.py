"""The table `items`: what a query may be, which rows its plan reads, what a commit changed for it."""

import re

import pytest

from cachesim.errors import BadInput
from cachesim.records import Value
from cachesim.storage.items import Columns, Items
from cachesim.storage.sqlite import SQLite
from cachesim.storage.statement import parse

KEYS = [f"k{number}" for number in range(300)]


class World:
    """300 rows, and the table over them."""

    def __init__(self, **columns):
        self.rows = SQLite()
        self.rows.load((key, Value.stamp(0, 20)) for key in KEYS)
        self.items = Items(self.rows.connection, Columns(**{"categories": 10, **columns}))
        self.commits = 0

    def find(self, sql, *parameters):
        return self.items.query(parse(sql), parameters)

    def write(self, key, write):
        """Commit a write, and note it; return its number."""
        self.commits += 1
        value = Value.stamp(write, 20)
        self.items.note(self.commits, key, value, self.rows.write(key, value))
        return self.commits

    def changed(self, sql, *parameters, since=0):
        return self.items.changed(parse(sql), parameters, since)

    def of_category(self, number):
        return [key for key in KEYS if self.items.category(key) == number]

    def cheap(self, limit, write=0):
        """List the keys whose row has a price below the limit, as the write made it."""
        value = Value.stamp(write, 20)
        return [key for key in KEYS if self.items.price(key, value) < limit]


def test_a_query_gives_the_rows_as_sql_says():
    """By hand: the rows of a category by price; the same sorted in Python."""
    world = World()
    found = world.find(
        "SELECT key, price FROM items WHERE category = ? ORDER BY price, key LIMIT 5", 3
    )
    prices = [(key, world.items.price(key, Value.stamp(0, 20))) for key in world.of_category(3)]

    assert found.rows == sorted(prices, key=lambda row: (row[1], row[0]))[:5]


def test_a_search_by_an_index_reads_its_rows_and_a_scan_reads_all():
    """The plan counts, not the result: LIMIT stops a scan early, sorting does not."""
    world = World()
    mine, cheap = len(world.of_category(3)), len(world.cheap(200))

    assert mine == world.find("SELECT key FROM items WHERE category = 3").scanned
    assert mine == world.find("SELECT key FROM items WHERE category = 3 AND price < 10").scanned
    assert mine == world.find("SELECT max(price) FROM items WHERE category = 3").scanned
    assert (
        mine
        == world.find("SELECT key FROM items WHERE category = 3 ORDER BY price LIMIT 1").scanned
    )
    assert len(KEYS) == world.find("SELECT key FROM items WHERE price < 200").scanned
    assert 2 == world.find("SELECT key FROM items LIMIT 2").scanned
    assert 1 == world.find("SELECT price FROM items WHERE key = ?", "k7").scanned
    assert cheap == World(price_index=True).find("SELECT key FROM items WHERE price < 200").scanned


def test_the_plan_of_sqlite_says_the_same():
    """EXPLAIN QUERY PLAN names the index, or a scan."""
    world = World()

    def plan(sql):
        return world.rows.connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()[0][-1]

    assert "INDEX by_category (category=?)" in plan("SELECT key FROM items WHERE category = 3")
    assert "SCAN cache_rows" == plan("SELECT key FROM items WHERE price < 200")


def test_a_result_names_the_versions_of_all_rows_that_it_depends_on():
    """All that meet the condition, even if LIMIT or an aggregate hides them."""
    world = World()
    key = world.of_category(3)[0]
    world.write(key, 1)
    world.write(key, 2)
    expected = {name: 2 if name == key else 0 for name in world.of_category(3)}

    assert expected == world.find("SELECT count(*) FROM items WHERE category = ?", 3).versions
    assert (
        expected
        == world.find("SELECT ?, key FROM items WHERE category = ? LIMIT ?", 9, 3, 1).versions
    )
    assert len(KEYS) == len(world.find("SELECT key FROM items").versions)


def test_a_write_draws_a_price_and_keeps_the_category():
    world = World()
    world.write("k7", 5)

    assert [("k7", 1, world.items.category("k7"), world.items.price("k7", Value.stamp(5, 20)))] == (
        world.find("SELECT key, version, category, price FROM items WHERE key = 'k7'").rows
    )


def test_a_new_row_is_in_the_table():
    """It has no state before its first commit."""
    world = World()
    number = world.write("new", 1)
    category = world.items.category("new")

    assert [("new",)] == world.find("SELECT key FROM items WHERE key = 'new'").rows
    assert [number] == world.changed("SELECT key FROM items WHERE category = ?", category)
    assert [] == world.changed("SELECT key FROM items WHERE version = 0")


def test_the_log_finds_rows_that_match_before_or_after():
    """Of four commits: the row leaves the condition, comes into it, stays in it, stays out of it."""
    world = World()
    was, now = set(world.cheap(500)), set(world.cheap(500, write=1))
    names = [sorted(rows)[0] for rows in (was - now, now - was, now & was, set(KEYS) - now - was)]
    leaves, comes, stays, out = (world.write(name, 1) for name in names)

    assert [leaves, comes, stays] == world.changed("SELECT key FROM items WHERE price < ?", 500)
    assert [stays] == world.changed("SELECT key FROM items WHERE price < 500", since=comes)
    assert [leaves, comes, stays, out] == world.changed("SELECT count(*) FROM items")


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("", "must have the form SELECT ... FROM items"),
        ("UPDATE items SET price = 1", "app.db.write writes rows"),
        ("INSERT INTO items VALUES (1)", "app.db.write writes rows"),
        ("DELETE FROM items", "app.db.write writes rows"),
        ("DROP TABLE cache_rows", "app.db.write writes rows"),
        ("PRAGMA user_version = 3", "app.db.write writes rows"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "must have the form"),
        ("SELECT key FROM cache_rows", "must have the form"),
        ("SELECT key FROM items; DROP TABLE cache_rows", "one SELECT"),
        ("SELECT key FROM items WHERE key IN (SELECT key FROM changes)", "one SELECT"),
        ("SELECT key FROM items, items", "only WHERE, GROUP, ORDER or LIMIT"),
        ("SELECT key FROM items i WHERE i.price = 1", "only WHERE, GROUP, ORDER or LIMIT"),
        ("SELECT key FROM items WHERE price = :price", 'each parameter as "?"'),
        ("SELECT key FROM items -- all", "leave the comment out"),
        ("SELECT colour FROM items", "no such column: colour; items has the columns key, version"),
        ("SELECT random() FROM items", "without random numbers and the time of day"),
        ("SELECT key FROM items WHERE datetime('now') > 1", "without random numbers and the time"),
        ("SELECT key FROM items WHERE seen(key)", "it may only read items"),
        ("SELECT key FROM items WHERE price = ?", "uses 1, and there are 0 supplied"),
        ("SELECT key FROM items WHERE (price = 1", "incomplete input"),
    ],
)
def test_what_is_no_query_is_refused_in_one_sentence(sql, why):
    """The rows stay as they are."""
    world = World()

    with pytest.raises(BadInput, match=re.escape(why)) as caught:
        world.find(sql)

    assert "\n" not in str(caught.value)
    assert 0 == world.rows.connection.execute("SELECT max(version) FROM cache_rows").fetchone()[0]


def test_a_condition_on_the_value_is_refused_when_rows_change():
    """The log of changes has no values."""
    world = World()
    world.write("k7", 1)

    with pytest.raises(BadInput, match="a condition may not use value"):
        world.changed("SELECT key FROM items WHERE length(value) > 3")


def test_one_of_our_own_statements_is_no_query():
    """Word for word the text that a write uses: SQLite has it compiled already, and may not run it."""
    world = World()
    world.write("k7", 1)

    with pytest.raises(BadInput, match=re.escape("app.db.write writes rows")):
        world.find("UPDATE cache_rows SET category = ?, price = ? WHERE key = ?", 1, 2, "k7")


@pytest.mark.parametrize(
    ("sql", "condition", "before", "inside", "marks"),
    [
        ("SELECT key FROM items", "1", 0, 0, 0),
        ("select ? from items where a = ? and b in (?, ?) order by ? limit ?;", "a = ? and b in (?, ?)", 1, 3, 6),
        ("SELECT 'WHERE ?' FROM items WHERE a = 'ORDER ?' GROUP BY a", "a = 'ORDER ?'", 0, 0, 0),
        ("SELECT key FROM items WHERE (a LIKE '%order%') HAVING 1", "(a LIKE '%order%')", 0, 0, 0),
    ],
)  # fmt: skip
def test_the_condition_is_cut_out(sql, condition, before, inside, marks):
    """Texts in quotes are no clauses, and question marks there no parameters."""
    assert (condition, before, inside, marks) == parse(sql)[1:]
