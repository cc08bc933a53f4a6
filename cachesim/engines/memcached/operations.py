"""What the commands do, once their arguments are understood: both the Python and the text face call these.

Times are the server's seconds; keys and values are as the engine keeps them.
"""

from typing import TYPE_CHECKING

from cachesim.engines.base import INVALIDATED
from cachesim.engines.memcached.items import STALE, TOKEN_SENT, Item
from cachesim.engines.memcached.numerals import to_unsigned
from cachesim.engines.memcached.slabs import LARGEST_CHUNK
from cachesim.errors import CommandError, OutOfMemory

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

STORED, NOT_STORED, EXISTS, NOT_FOUND = "STORED", "NOT_STORED", "EXISTS", "NOT_FOUND"
LARGEST_NUMBER = 2**64  # counters wrap there
NOT_A_NUMBER = "CLIENT_ERROR cannot increment or decrement non-numeric value"


def fetch(engine: "MemcachedEngine", key: str) -> Item | None:
    """Return the living item of a key; a hit counts as a use."""
    item = engine.find(key)
    if item is None:
        engine.counts.get_misses += 1
    else:
        item.segment.hits += 1
    return item


def touch(engine: "MemcachedEngine", key: str, expires: int) -> Item | None:
    """Give a key a new expiration and return its item; a hit counts as a use."""
    engine.counts.cmd_touch += 1
    item = engine.find(key)
    if item is None:
        engine.counts.touch_misses += 1
    else:
        item.expires = expires
        item.segment.lru.touch_hits += 1
    return item


def delete(engine: "MemcachedEngine", key: str) -> bool:
    """Remove a key; return whether it was there and alive."""
    item = engine.peek(key)
    if item is None:
        engine.counts.delete_misses += 1
        return False
    item.segment.lru.delete_hits += 1
    engine.drop(item, INVALIDATED)
    return True


def write(
    engine: "MemcachedEngine",
    how: str,
    key: str,
    value: bytes,
    flags: int,
    expires: int,
    unique: int = 0,
    *,
    stale: bool = False,
) -> str:
    """Store a value under the condition of the command `how`; return the server's answer.

    `stale`: a unique id that is older than the present one will do, but marks the value as stale.

    The new item gets its memory first, and for it another may be evicted, even if it is not stored then.

    References
    ----------
    memcached 1.6: memcached.c, do_store_item.
    """
    item = engine.allocator.item(key, value, flags, expires, replaces=how == "set")
    item.segment.lru.sets += 1
    old = engine.peek(key)
    answer = _condition(engine, how, old, unique, stale=stale)
    if answer == STORED and how in {"append", "prepend"} and old is not None:
        return _join(engine, how, old, item)
    if answer != STORED:
        engine.give_back(item)
        return answer
    if old is not None:
        if stale and unique < old.cas:
            item.expires, item.marks = old.expires, STALE | old.marks & TOKEN_SENT
        engine.unlink(old)
    engine.link(item)
    return STORED


def give_up(engine: "MemcachedEngine", key: str, value: bytes, flags: int, expires: int) -> None:
    """Take memory for a value that then turns out to be no good, and give it back."""
    item = engine.allocator.item(key, value, flags, expires)
    item.segment.lru.sets += 1
    engine.give_back(item)


def _condition(
    engine: "MemcachedEngine", how: str, old: Item | None, unique: int, *, stale: bool
) -> str:
    """Return STORED if `how` allows to store over `old`, else what the server answers."""
    if how == "cas":
        return _compare(engine, old, unique, stale=stale)
    if how in {"append", "prepend"} and old is not None and unique not in {0, old.cas}:
        return EXISTS
    if how == "add" and old is not None:  # an add that fails counts as a use
        engine.update(old)
        return NOT_STORED
    return STORED if how in {"set", "add"} or old is not None else NOT_STORED


def _compare(engine: "MemcachedEngine", old: Item | None, unique: int, *, stale: bool) -> str:
    if old is None:
        engine.counts.cas_misses += 1
        return NOT_FOUND
    if unique == 0 or (old.cas != unique and not (stale and unique < old.cas)):
        old.segment.lru.cas_badval += 1
        return EXISTS
    old.segment.lru.cas_hits += 1
    return STORED


def _join(engine: "MemcachedEngine", how: str, old: Item, piece: Item) -> str:
    """Put a piece before or after the old value; flags and expiration stay."""
    first, second = (old, piece) if how == "append" else (piece, old)
    value, seam = first.value + second.value, len(first.value)
    try:
        item = engine.allocator.item(old.key, value, old.flags, old.expires, seam=seam, spared=old)
    except OutOfMemory:
        return NOT_STORED
    finally:
        engine.give_back(piece)
    engine.unlink(old)
    engine.link(item)
    return STORED


def count(engine: "MemcachedEngine", key: str, delta: int, *, up: bool) -> int | None:
    """Add to or take from a number; return the new one, None if the key is absent.

    It wraps above 64 bits and stops at 0 below. A result that fits where the old number stood is written
    there, padded with blanks: "15" less 100 is "0 ".

    References
    ----------
    memcached 1.6: memcached.c, do_add_delta.
    """
    item = engine.peek(key)
    if item is None:
        engine.counts.incr_misses += up
        engine.counts.decr_misses += not up
        return None
    old = to_unsigned(item.value + b"\r\n") if item.value else None
    if old is None or item.size > LARGEST_CHUNK:
        raise CommandError(NOT_A_NUMBER)
    number = (old + delta) % LARGEST_NUMBER if up else max(0, old - delta)
    item.segment.lru.incr_hits += up
    item.segment.lru.decr_hits += not up
    _rewrite(engine, item, b"%d" % number)
    return number


def _rewrite(engine: "MemcachedEngine", item: Item, digits: bytes) -> None:
    """Write a number in place if it fits and the maintainer does not hold the item, else as a new item."""
    if len(digits) <= len(item.value) and item not in engine.bumps:
        item.value = digits.ljust(len(item.value))
        item.cas = engine.next_cas()
        engine.update(item)
        return
    new = engine.allocator.item(item.key, digits, item.flags, item.expires, spared=item)
    engine.unlink(item)
    engine.link(new)


def flush_all(engine: "MemcachedEngine", delay: int) -> None:
    """Make all that is stored invalid, at once or when `delay` (or a date) has come.

    References
    ----------
    memcached 1.6: proto_text.c, process_flush_all_command.
    """
    moment = engine.deadline(delay) if delay > 0 else engine.now
    engine.settings.oldest_live = moment - 1 if engine.use_cas else moment
    if engine.use_cas and engine.settings.oldest_live <= engine.now:
        engine.last_cas += 1
        engine.settings.oldest_cas = engine.last_cas
