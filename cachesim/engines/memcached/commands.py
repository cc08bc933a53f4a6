"""The commands of the text protocol, in one table: a new command is a function and a line.

A command is a tuple in the order of the protocol, without the byte count and with the value last:
("set", key, flags, exptime, value), ("cas", key, flags, exptime, unique, value), ("incr", key, delta).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from cachesim.engines.base import Command
from cachesim.errors import CommandError

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

STORED, NOT_STORED, EXISTS, NOT_FOUND = "STORED", "NOT_STORED", "EXISTS", "NOT_FOUND"
COUNTERS = (
    "cmd_get", "cmd_set", "cmd_touch", "cmd_flush", "get_hits", "get_misses", "delete_hits", "delete_misses",
    "incr_hits", "incr_misses", "decr_hits", "decr_misses", "cas_hits", "cas_misses", "cas_badval",
    "touch_hits", "touch_misses",
)  # fmt: skip
LONGEST_KEY = 250  # bytes
LARGEST_NUMBER = 2**64  # counters wrap there
BAD_LINE = "CLIENT_ERROR bad command line format"
NOT_A_NUMBER = "CLIENT_ERROR cannot increment or decrement non-numeric value"
VERSION = "1.6.18"  # the server this engine follows


class Row(NamedTuple):
    """One command: how many arguments it takes, and what runs it."""

    least: int
    most: int
    run: Callable[..., Any]


def execute(engine: "MemcachedEngine", command: Command) -> Any:
    """Run a command on an engine; return its reply."""
    row = TABLE.get(str(command[0]).lower()) if command else None
    arguments = command[1:]
    if row is None or not row.least <= len(arguments) <= row.most:
        raise CommandError("ERROR")
    return row.run(engine, *arguments)


def _key(key: Any) -> str:
    text = key.decode("utf-8", "surrogateescape") if isinstance(key, bytes) else str(key)
    if (
        not text
        or len(text.encode("utf-8", "surrogateescape")) > LONGEST_KEY
        or any(c <= " " for c in text)
    ):
        raise CommandError(BAD_LINE)
    return text


def _number(value: Any) -> int:
    try:
        return int(value)
    except ValueError:
        raise CommandError(BAD_LINE) from None


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _get(engine: "MemcachedEngine", key: Any) -> bytes | None:
    found = _gets(engine, key)
    return None if found is None else found[0]


def _gets(engine: "MemcachedEngine", key: Any) -> tuple[bytes, int] | None:
    engine.counts["cmd_get"] += 1
    item = engine.find(_key(key))
    engine.counts["get_misses" if item is None else "get_hits"] += 1
    return None if item is None else (item.value, item.cas)


def _set(engine: "MemcachedEngine", key: Any, flags: Any, exptime: Any, value: Any) -> str:
    engine.counts["cmd_set"] += 1
    engine.store(_key(key), _bytes(value), _number(flags), _number(exptime))
    return STORED


def _add(engine: "MemcachedEngine", key: Any, flags: Any, exptime: Any, value: Any) -> str:
    if engine.find(_key(key)) is not None:  # an add that fails counts as a use
        return NOT_STORED
    return _set(engine, key, flags, exptime, value)


def _replace(engine: "MemcachedEngine", key: Any, flags: Any, exptime: Any, value: Any) -> str:
    if engine.peek(_key(key)) is None:
        return NOT_STORED
    return _set(engine, key, flags, exptime, value)


def _cas(
    engine: "MemcachedEngine", key: Any, flags: Any, exptime: Any, unique: Any, value: Any
) -> str:
    item = engine.peek(_key(key))
    if item is None:
        engine.counts["cas_misses"] += 1
        return NOT_FOUND
    if item.cas != _number(unique):
        engine.counts["cas_badval"] += 1
        return EXISTS
    engine.counts["cas_hits"] += 1
    return _set(engine, key, flags, exptime, value)


def _append(engine: "MemcachedEngine", key: Any, flags: Any, exptime: Any, value: Any) -> str:
    return _joined(engine, key, lambda old: old + _bytes(value))


def _prepend(engine: "MemcachedEngine", key: Any, flags: Any, exptime: Any, value: Any) -> str:
    return _joined(engine, key, lambda old: _bytes(value) + old)


def _joined(engine: "MemcachedEngine", key: Any, join: Callable[[bytes], bytes]) -> str:
    """Store what `join` makes of the old value; its flags and expiration stay."""
    engine.counts["cmd_set"] += 1
    item = engine.peek(_key(key))
    if item is None:
        return NOT_STORED
    _overwrite(engine, item, join(item.value))
    return STORED


def _overwrite(engine: "MemcachedEngine", item: Any, value: bytes) -> None:
    expires = item.expires
    engine.store(item.key, value, item.flags, 0).expires = expires


def _incr(engine: "MemcachedEngine", key: Any, delta: Any) -> int | str:
    return _count(engine, "incr", key, _delta(delta))


def _decr(engine: "MemcachedEngine", key: Any, delta: Any) -> int | str:
    return _count(engine, "decr", key, -_delta(delta))


def _delta(delta: Any) -> int:
    text = delta.decode("latin-1") if isinstance(delta, bytes) else str(delta)
    if not text.isdecimal() or int(text) >= LARGEST_NUMBER:
        raise CommandError("CLIENT_ERROR invalid numeric delta argument")
    return int(text)


def _count(engine: "MemcachedEngine", name: str, key: Any, delta: int) -> int | str:
    """Add to a number: it wraps above 64 bits, stops at 0 below, and keeps its length when it shrinks."""
    item = engine.find(_key(key))
    engine.counts[f"{name}_{'misses' if item is None else 'hits'}"] += 1
    if item is None:
        return NOT_FOUND
    old = item.value.rstrip(b" ")
    if not old.isdigit() or int(old) >= LARGEST_NUMBER:
        raise CommandError(NOT_A_NUMBER)
    number = (int(old) + delta) % LARGEST_NUMBER if delta >= 0 else max(0, int(old) + delta)
    _overwrite(
        engine, item, b"%d" % number if delta >= 0 else (b"%d" % number).ljust(len(item.value))
    )
    return number


def _delete(engine: "MemcachedEngine", key: Any) -> str:
    deleted = engine.delete(_key(key))
    engine.counts["delete_hits" if deleted else "delete_misses"] += 1
    return "DELETED" if deleted else NOT_FOUND


def _touch(engine: "MemcachedEngine", key: Any, exptime: Any) -> str:
    engine.counts["cmd_touch"] += 1
    item = engine.find(_key(key))
    engine.counts["touch_misses" if item is None else "touch_hits"] += 1
    if item is None:
        return NOT_FOUND
    item.expires = engine.deadline(_number(exptime))
    return "TOUCHED"


def _gat(engine: "MemcachedEngine", exptime: Any, key: Any) -> bytes | None:
    return _get(engine, key) if _touch(engine, key, exptime) == "TOUCHED" else None


def _flush_all(engine: "MemcachedEngine", delay: Any = 0) -> str:
    """Make everything stored so far invalid, now or after `delay` seconds."""
    engine.counts["cmd_flush"] += 1
    seconds = _number(delay)
    if seconds <= 0:
        engine.flush()
    else:
        engine.flush_at = engine.deadline(seconds)
    return "OK"


def _stats(engine: "MemcachedEngine", what: str = "") -> dict[str, int | float]:
    if what == "slabs":
        return _stats_slabs(engine)
    if what == "items":
        return _stats_items(engine)
    if what:
        raise CommandError("ERROR")
    return {
        **engine.counts,
        "threads": engine.spec.threads,
        "limit_maxbytes": engine.spec.memory,
        "bytes": sum(sum(lru.bytes) for lru in engine.lrus.values()),
        "curr_items": len(engine),
        "total_items": engine.last_cas,
        "evictions": engine.evictions,
        "reclaimed": engine.expirations,
    }


def _stats_slabs(engine: "MemcachedEngine") -> dict[str, int | float]:
    rows: dict[str, int | float] = {}
    for slab in engine.slabs.classes:
        if slab.pages:
            total = slab.pages * slab.per_page
            shown = {
                "chunk_size": slab.chunk,
                "chunks_per_page": slab.per_page,
                "total_pages": slab.pages,
            }
            shown |= {
                "total_chunks": total,
                "used_chunks": total - slab.free,
                "free_chunks": slab.free,
            }
            rows |= {f"{slab.number}:{name}": value for name, value in shown.items()}
    return {**rows, "total_malloced": engine.memory}


def _stats_items(engine: "MemcachedEngine") -> dict[str, int | float]:
    rows: dict[str, int | float] = {}
    for number, lru in engine.lrus.items():
        hot, warm, cold = map(len, lru.lists)
        if hot + warm + cold:
            shown = {
                "number": hot + warm + cold,
                "number_hot": hot,
                "number_warm": warm,
                "number_cold": cold,
            }
            rows |= {f"items:{number}:{name}": value for name, value in shown.items()}
    return rows


TABLE: dict[str, Row] = {
    "get": Row(1, 1, _get),
    "gets": Row(1, 1, _gets),
    "set": Row(4, 4, _set),
    "add": Row(4, 4, _add),
    "replace": Row(4, 4, _replace),
    "append": Row(4, 4, _append),
    "prepend": Row(4, 4, _prepend),
    "cas": Row(5, 5, _cas),
    "incr": Row(2, 2, _incr),
    "decr": Row(2, 2, _decr),
    "delete": Row(1, 1, _delete),
    "touch": Row(2, 2, _touch),
    "gat": Row(2, 2, _gat),
    "flush_all": Row(0, 1, _flush_all),
    "stats": Row(0, 1, _stats),
    "version": Row(0, 0, lambda engine: VERSION),
    "verbosity": Row(0, 1, lambda engine, level=0: "OK"),
}
