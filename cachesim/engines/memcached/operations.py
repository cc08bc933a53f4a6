"""What the commands do, once their arguments are read: tuples and request lines both end here.

Times are the server's seconds. Keys and values are as the engine keeps them.
"""

from cachesim.engines.base import INVALIDATED
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.items import STALE, TOKEN_SENT, Item
from cachesim.engines.memcached.logged import MUTATIONS, stored
from cachesim.engines.memcached.numerals import to_unsigned
from cachesim.engines.memcached.slabs import LARGEST_CHUNK
from cachesim.engines.memcached.table import ItemTable
from cachesim.errors import CommandError, OutOfMemory

STORED, NOT_STORED, EXISTS, NOT_FOUND = "STORED", "NOT_STORED", "EXISTS", "NOT_FOUND"
LARGEST_NUMBER = 2**64  # counters wrap there
NOT_A_NUMBER = "CLIENT_ERROR cannot increment or decrement non-numeric value"


def fetch(table: ItemTable, key: str) -> Item | None:
    """Return the live item of a key; a hit counts as a use."""
    item = table.find(key)
    if item is None:
        table.counts.get_misses += 1
    else:
        item.segment.hits += 1
    return item


def touch(table: ItemTable, key: str, expires: int) -> Item | None:
    """Give a key a new expiration and return its item; a hit counts as a use."""
    table.counts.cmd_touch += 1
    item = table.find(key)
    if item is None:
        table.counts.touch_misses += 1
    else:
        item.expires = expires
        item.segment.lru.touch_hits += 1
    return item


def delete(table: ItemTable, key: str, unique: int = 0) -> bool:
    """Remove a key; True if it was there and alive.

    Raises
    ------
    CommandError
        `unique` is neither 0 nor the present unique id.
    """
    item = table.peek(key)
    if item is None:
        table.counts.delete_misses += 1
        return False
    if unique not in {0, item.cas}:
        raise CommandError(EXISTS)
    item.segment.lru.delete_hits += 1
    table.drop(item, INVALIDATED)
    return True


def write(
    daemon: Daemon,
    how: str,
    key: str,
    value: bytes,
    flags: int,
    expires: int,
    unique: int = 0,
    *,
    stale: bool = False,
) -> str:
    """Store a value if the command `how` allows it; return the server's answer.

    With `stale`, a unique id that is older than the present one is accepted too, but then the value is
    marked as stale. The new item gets its memory first: another item may be evicted for it, even if
    the new item is not stored in the end.

    References
    ----------
    memcached 1.6: memcached.c, do_store_item.
    """
    item = daemon.allocator.item(key, value, flags, expires, replaces=how == "set")
    item.segment.lru.sets += 1
    old = daemon.peek(key)
    answer = _condition(daemon, how, old, unique, stale=stale)
    if MUTATIONS in daemon.watched:
        stored(daemon, how, answer, item)
    if answer == STORED and how in {"append", "prepend"} and old is not None:
        return _join(daemon, how, old, item)
    if answer != STORED:
        daemon.give_back(item)
        return answer
    if old is not None:
        if stale and unique < old.cas:
            item.expires, item.marks = old.expires, STALE | old.marks & TOKEN_SENT
        daemon.unlink(old)
    daemon.link(item)
    return STORED


def give_up(daemon: Daemon, key: str, value: bytes, flags: int, expires: int) -> None:
    """Take memory for a value that turns out to be bad, and give it back."""
    item = daemon.allocator.item(key, value, flags, expires)
    item.segment.lru.sets += 1
    daemon.give_back(item)


def _condition(table: ItemTable, how: str, old: Item | None, unique: int, *, stale: bool) -> str:
    """Return STORED if `how` allows to replace `old`, else the server's answer."""
    if how == "cas":
        return _compare(table, old, unique, stale=stale)
    if how in {"append", "prepend"} and old is not None and unique not in {0, old.cas}:
        return EXISTS
    if how == "add" and old is not None:  # a failed add counts as a use
        table.update(old)
        return NOT_STORED
    return STORED if how in {"set", "add"} or old is not None else NOT_STORED


def _compare(table: ItemTable, old: Item | None, unique: int, *, stale: bool) -> str:
    if old is None:
        table.counts.cas_misses += 1
        return NOT_FOUND
    if unique == 0 or (old.cas != unique and not (stale and unique < old.cas)):
        old.segment.lru.cas_badval += 1
        return EXISTS
    old.segment.lru.cas_hits += 1
    return STORED


def _join(daemon: Daemon, how: str, old: Item, piece: Item) -> str:
    """Put a piece before or after the old value, which keeps its flags and expiration."""
    first, second = (old, piece) if how == "append" else (piece, old)
    value, seam = first.value + second.value, len(first.value)
    try:
        item = daemon.allocator.item(old.key, value, old.flags, old.expires, seam=seam, spared=old)
    except OutOfMemory:
        return NOT_STORED
    finally:
        daemon.give_back(piece)
    daemon.unlink(old)
    daemon.link(item)
    return STORED


def create(daemon: Daemon, key: str, value: bytes, expires: int) -> None:
    """Store the first value of a counter, whose key was just looked up and is absent."""
    item = daemon.allocator.item(key, value, 0, expires)
    if MUTATIONS in daemon.watched:
        stored(daemon, "add", STORED, item)
    daemon.link(item)


def count(
    daemon: Daemon, key: str, delta: int, *, up: bool, unique: int = 0, creates: bool = False
) -> int | None:
    """Add to a number or subtract from it; return the new number, None if the key is absent.

    A key that the caller `creates` is no miss. `unique`, if it is not 0, must be the present one.

    The number wraps at 64 bits and never falls below 0. If the new digits fit in the place of the old
    ones, they are written there and padded with blanks: "15" minus 100 is "0 ".

    References
    ----------
    memcached 1.6: memcached.c, do_add_delta.
    """
    item = daemon.peek(key)
    if item is None:
        daemon.counts.incr_misses += up and not creates
        daemon.counts.decr_misses += not up and not creates
        return None
    if not item.value or item.size > LARGEST_CHUNK:
        raise CommandError(NOT_A_NUMBER)
    if unique not in {0, item.cas}:
        raise CommandError(EXISTS)
    old = to_unsigned(item.value + b"\r\n")
    if old is None:
        raise CommandError(NOT_A_NUMBER)
    number = (old + delta) % LARGEST_NUMBER if up else max(0, old - delta)
    item.segment.lru.incr_hits += up
    item.segment.lru.decr_hits += not up
    _rewrite(daemon, item, b"%d" % number)
    return number


def _rewrite(daemon: Daemon, item: Item, digits: bytes) -> None:
    """Write a number in place, or as a new item if it does not fit or a hit on the item waits."""
    if len(digits) <= len(item.value) and item not in daemon.bumps:
        item.value = digits.ljust(len(item.value))
        item.cas = daemon.next_cas()
        daemon.update(item)
        return
    new = daemon.allocator.item(item.key, digits, item.flags, item.expires, spared=item)
    daemon.unlink(item)
    daemon.link(new)


def flush_all(table: ItemTable, delay: int) -> None:
    """Make all present items invalid, at once or after a delay (seconds, or a date).

    References
    ----------
    memcached 1.6: proto_text.c, process_flush_all_command.
    """
    moment = table.deadline(delay) if delay > 0 else table.now
    table.settings.oldest_live = moment - 1 if table.use_cas else moment
    if table.use_cas and table.settings.oldest_live <= table.now:
        table.last_cas += 1
        table.settings.oldest_cas = table.last_cas
