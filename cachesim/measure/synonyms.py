"""Other words for the same thing in a history: names of columns, operations and lookups, and empty cells."""

from __future__ import annotations

from collections.abc import Mapping

from cachesim.records import REQUEST, SAMPLE


def _by_word(table: Mapping[str, str]) -> dict[str, str]:
    return {word: meaning for meaning, words in table.items() for word in words.split()}


COLUMNS = _by_word(
    {
        "op": "operation command method verb type",
        "begin": "start started begin_time start_time invoked invoke",
        "end": "finish finished ended stop end_time finish_time completed returned",
        "lookup": "hit is_hit cache_hit hit_miss hit/miss cache_status cache_result cache",
        "key": "object object_id obj_id key_id item item_id",
        "client": "client_id session user user_id process",
        "write": "write_id value_id",
        "version": "ver",
        "acknowledged": "acked newest_acknowledged",
        "committed": "newest_committed",
        "error": "err failure exception",
    }
) | {name: name for name in (*REQUEST, *SAMPLE)}
OPERATIONS = _by_word(
    {
        "read": "read r get gets select fetch lookup load",
        "write": "write w set put update insert add store replace",
        "sample": "sample",
    }
)
HIT, MISS = "hit", "miss"  # the words for a lookup if the file only says yes or no
KINDS = "cold evicted expired invalidated lost refused unknown"  # misses, as our engines name them
LOOKUPS = _by_word(
    {
        HIT: "hit hits true t yes y 1 1.0 tcp_hit tcp_mem_hit",
        MISS: "miss misses false f no n 0 0.0 tcp_miss",
        **{kind: kind for kind in KINDS.split()},
    }
)
NOTHING = frozenset(("", "nan", "na", "n/a", "null", "none", "nil", "-", "<na>"))
NO_ERROR = NOTHING | {"false", "no", "0", "ok", "success"}


def column_named(header: str) -> str:
    """Return the column that a header names; "" if it names none.

    >>> column_named("Start Time"), column_named("host")
    ('begin', '')
    """
    return COLUMNS.get(header.strip().casefold().replace(" ", "_").replace("-", "_"), "")


def is_nothing(cell: object) -> bool:
    """Return True if a cell stands for no number, or for no lookup."""
    return cell is None or (isinstance(cell, str) and cell.strip().casefold() in NOTHING)


def operation(cell: object) -> str:
    """Return "read", "write" or "sample".

    >>> operation("GET"), operation(" Write ")
    ('read', 'write')

    Raises
    ------
    KeyError
        The cell names no operation.
    """
    return OPERATIONS[str(cell).strip().casefold()]


def lookup(cell: object) -> str | None:
    """Return how a lookup ended: "hit", a kind of miss, or None if the cache was not asked.

    >>> lookup("HIT"), lookup(False), lookup("Expired"), lookup("my own kind"), lookup("")
    ('hit', 'miss', 'expired', 'my own kind', None)

    Raises
    ------
    ValueError
        The cell mentions a hit, but may mean only a partial one.
    """
    if is_nothing(cell):
        return None
    word = str(cell).strip()
    known = LOOKUPS.get(word.casefold())
    if known is None and HIT in word.casefold():
        raise ValueError
    return known or word


def error(cell: object) -> str | None:
    """Return the error of a request; None if it did not fail.

    >>> error("ok"), error(False), error("timeout"), error(True)
    (None, None, 'timeout', 'failed')
    """
    word = "" if cell is None else str(cell).strip()
    if word.casefold() in NO_ERROR:
        return None
    return "failed" if word.casefold() in ("true", "yes", "1") else str(cell)
