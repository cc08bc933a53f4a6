"""What a query may be: one SELECT on the table `items`, and its parts.

    SELECT ... FROM items [WHERE condition] [GROUP BY ...] [HAVING ...] [ORDER BY ...] [LIMIT ...]

The *condition* says which rows the result depends on, so it is cut out. One table and no second SELECT: this keeps
the rows of a result well defined. SIMPLIFIED: joins and subqueries are left out.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from cachesim.errors import BadInput

TABLE = "items"
COLUMNS = ("key", "version", "category", "price", "value")
FORM = f"SELECT ... FROM {TABLE} [WHERE ...] [GROUP BY ...] [ORDER BY ...] [LIMIT ...]"
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\w+|\S""", re.DOTALL)
_AFTER = {"GROUP", "HAVING", "ORDER", "LIMIT", "WINDOW"}  # what may follow the condition
_ONCE = {"SELECT", "FROM", "WHERE"}
_MARK, _NOTE = 'write each parameter as "?"', "leave the comment out"
_ODD = {":": _MARK, "@": _MARK, "$": _MARK, "--": _NOTE, "/*": _NOTE}


class Statement(NamedTuple):
    """A SELECT, cut at its condition."""

    sql: str
    condition: str  # the text after WHERE; "1": every row
    before: int  # question marks before the condition
    inside: int  # question marks in the condition
    marks: int  # question marks in all


@lru_cache(maxsize=1024)
def parse(sql: str) -> Statement:
    """Cut a SELECT into its parts.

    >>> parse("SELECT key FROM items WHERE category = ? AND price < 10 ORDER BY price").condition
    'category = ? AND price < 10'

    Raises
    ------
    BadInput
        The text is not such a SELECT.
    """
    text = sql.strip().removesuffix(";").rstrip()
    tokens = [(m.start(), m.end(), m.group()) for m in _TOKEN.finditer(text)]
    words = [token.upper() for _, _, token in tokens]
    _check(sql, words)
    places = _clauses(words)
    first = places.get("WHERE", len(words) - 1)
    last = min((at for word, at in places.items() if word in _AFTER), default=len(words))
    inside = range(first + 1, last)
    condition = text[tokens[first][1] : tokens[last - 1][1]].strip() if inside else "1"
    marks = [at for at, word in enumerate(words) if word == "?"]
    mine = sum(at in inside for at in marks)
    return Statement(text, condition, sum(at <= first for at in marks), mine, len(marks))


def _clauses(words: list[str]) -> dict[str, int]:
    """Find the first place of each word outside of parentheses."""
    depth, places = 0, dict[str, int]()
    for at, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if not depth:
            places.setdefault(word, at)
    return places


def _check(sql: str, words: list[str]) -> None:
    table = words.index("FROM") + 1 if "FROM" in words else len(words)
    if not words or words[0] != "SELECT" or words[table : table + 1] != [TABLE.upper()]:
        raise refused(sql, f"it must have the form {FORM}; app.db.write writes rows")
    for odd, instead in _ODD.items():
        if any(word.startswith(odd) for word in words):
            raise refused(sql, f'"{odd}" has no place here: {instead}')
    if any(words.count(word) > 1 for word in _ONCE) or ";" in words:
        raise refused(sql, f"it must be one SELECT on the one table {TABLE}")
    if words[table + 1 : table + 2] not in ([], ["WHERE"], *([word] for word in _AFTER)):
        raise refused(sql, f'after "FROM {TABLE}" only WHERE, GROUP, ORDER or LIMIT may come')


def refused(sql: str, why: str) -> BadInput:
    """Make the error for a statement that is no query of ours."""
    return BadInput(f'the query "{" ".join(sql.split())[:100]}" is refused: {why}')
