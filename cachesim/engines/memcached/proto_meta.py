"""The meta commands mg, ms, md, ma and me: their flags say what to do and what to show.

A flag is a letter, some with an argument. "mg key t v" shows the remaining seconds and the value.

References
----------
memcached 1.6: proto_text.c, _meta_flag_preparse and the process_m..._command functions.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cachesim.engines.memcached import operations
from cachesim.engines.memcached.allocate import TOO_LARGE
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.items import ACTIVE, BINARY, FETCHED, STALE, TOKEN_SENT, Item
from cachesim.engines.memcached.meta_flags import (
    MOST_WORDS,
    BadMetaLine,
    Flags,
    decoded,
    read_line,
    shown,
    shown_key,
)
from cachesim.engines.memcached.numerals import to_signed
from cachesim.engines.memcached.operations import EXISTS, NOT_FOUND, NOT_STORED, STORED
from cachesim.engines.memcached.protocol import (
    BAD_BLOCK,
    BAD_LINE,
    END_OF_LINE,
    LARGEST_BLOCK,
    LONGEST_KEY,
    Tokens,
    one_line,
    to_key,
)
from cachesim.engines.memcached.table import ItemTable
from cachesim.errors import OutOfMemory

CODES = {STORED: b"HD", EXISTS: b"EX", NOT_FOUND: b"NF", NOT_STORED: b"NS"}
MODES = {b"": "set", b"S": "set", b"E": "add", b"A": "append", b"P": "prepend", b"R": "replace"}
Figures = Mapping[bytes, Callable[[], int]]  # what a flag shows, by its letter


def _remaining(table: ItemTable, item: Item) -> int:
    return (item.expires - table.now) % 2**32 if item.expires else -1


def _end(flags: Flags, key: str) -> bytes:
    """Return the end of a reply that shows no figures."""
    return shown(flags.words, key, {}, binary=flags.binary) + END_OF_LINE


# --- mg: get


def get(daemon: Daemon, tokens: Tokens) -> bytes:
    """Answer mg."""
    flags, key = read_line(daemon, tokens)
    bumps = b"u" not in flags.words
    delayed = bool(flags.words.keys() & {b"N", b"T", b"R", b"l", b"h"})
    item = daemon.find(key) if bumps and not delayed else daemon.peek(key)
    created = item is None and b"N" in flags.words
    if created:
        item = daemon.allocator.item(key, b"", 0, 0)
        daemon.link(item)
    if item is None:
        daemon.counts.get_misses += 1
        end = _end(flags, key)  # before the next line, for it may refuse the opaque
        return b"" if flags.quiet else b"EN" + end
    head = _hit(daemon, flags, item, created=created)
    if delayed and bumps and item.hits != ACTIVE:
        daemon.bump(item)
    _count_get(daemon, flags, item)
    return head + END_OF_LINE + (item.value + END_OF_LINE if b"v" in flags.words else b"")


def _count_get(daemon: Daemon, flags: Flags, item: Item) -> None:
    if b"T" in flags.words:
        daemon.counts.cmd_touch += 1
        item.segment.lru.touch_hits += 1
    else:
        item.segment.hits += 1


def _hit(daemon: Daemon, flags: Flags, item: Item, *, created: bool) -> bytes:
    """Do what the flags say to the item, in their order; return the first line of the reply."""
    won = False
    figures = _figures(daemon, item)
    head = b"VA %d" % len(item.value) if b"v" in flags.words else b"HD"
    for letter, argument in flags.words.items():
        if letter == b"T":
            item.expires = flags.expires
        elif letter == b"N" and created:
            item.expires, won = flags.first_expires, True
        elif letter == b"R" and not item.marks & TOKEN_SENT and not created:
            won = won or 0 < item.expires < flags.recache_time
        else:
            binary = bool(item.marks & BINARY)
            head += shown({letter: argument}, item.key, figures, binary=binary)
    return head + _win(item, won=won)


def _figures(table: ItemTable, item: Item) -> Figures:
    return {
        b"s": lambda: len(item.value),
        b"t": lambda: _remaining(table, item),
        b"c": lambda: item.cas,
        b"f": lambda: item.flags,
        b"l": lambda: table.now - item.time,
        b"h": lambda: int(item.hits >= FETCHED),
    }


def _win(item: Item, *, won: bool) -> bytes:
    """Return the marks of a reply: X, the value is stale; W, fetch it; Z, another client fetches it."""
    marks = b" Z" if item.marks & TOKEN_SENT else b""
    if item.marks & STALE:
        marks += b" X"
        won = won or not item.marks & TOKEN_SENT
    if won:
        item.marks |= TOKEN_SENT
        marks += b" W"
    return marks


# --- ms: set


class MetaBlock(NamedTuple):
    """An ms that waits for its data; used as proto_items.Block is."""

    flags: Flags
    key: str
    size: int  # bytes
    refusal: bytes | None = None

    def finish(self, daemon: Daemon, data: bytes) -> bytes:
        """Store the data, which includes the two bytes of its line's end; return the reply."""
        daemon.tick()
        flags = self.flags
        how = MODES[flags.words.get(b"M", b"")]
        if b"C" in flags.words and how in {"set", "replace"}:
            how = "cas"
        fields = self.key, data[: self.size], flags.client_flags, flags.expires
        try:
            if data[self.size :] != END_OF_LINE:
                operations.give_up(daemon, *fields)
                return one_line(BAD_BLOCK)
            stale = how == "cas" and b"I" in flags.words
            outcome = operations.write(daemon, how, *fields, flags.unique, stale=stale)
        except OutOfMemory as refused:
            return one_line(str(refused))
        return self._reply(daemon, outcome)

    def _reply(self, table: ItemTable, outcome: str) -> bytes:
        item = table.items[self.key] if outcome == STORED else None
        if item is not None and self.flags.binary:
            item.marks |= BINARY
        if outcome == STORED and self.flags.quiet:
            return b""
        cas = 0 if item is None else item.cas
        binary = self.flags.binary
        figures = shown(self.flags.words, self.key, {b"c": lambda: cas}, binary=binary)
        return CODES[outcome] + figures + END_OF_LINE


def store(daemon: Daemon, tokens: Tokens) -> bytes | MetaBlock:
    """Read the line of an ms. A bad flag is refused at once, though the data is still to come."""
    if len(tokens[1]) > LONGEST_KEY or len(tokens) == 2:
        raise BadMetaLine(BAD_LINE)
    if len(tokens) > MOST_WORDS:
        raise BadMetaLine("CLIENT_ERROR options flags too long")
    size = to_signed(tokens[2])
    if size is None or not 0 <= size <= LARGEST_BLOCK:
        raise BadMetaLine(BAD_LINE)
    try:
        return _announced(daemon, tokens, size)
    except BadMetaLine as refused:
        return MetaBlock(Flags(words={}), "", size, one_line(str(refused)))


def _announced(daemon: Daemon, tokens: Tokens, size: int) -> MetaBlock:
    flags, key = read_line(daemon, tokens, first=3)
    if flags.words.get(b"M", b"") not in MODES:
        raise BadMetaLine("CLIENT_ERROR invalid mode for ms M token")
    shown(flags.words, key, {}, binary=False)  # refuses an opaque that is too long
    if daemon.allocator.size(key, size, flags.client_flags) > daemon.allocator.largest:
        daemon.allocator.refuse(key, replaces=True)
        raise BadMetaLine(TOO_LARGE)
    return MetaBlock(flags, key, size)


# --- md: delete; ma: count; me: look


def delete(daemon: Daemon, tokens: Tokens) -> bytes:
    """Answer md: delete, or mark as stale."""
    flags, key = read_line(daemon, tokens)
    end = _end(flags, key)
    item = daemon.peek(key)
    if item is None or (b"C" in flags.words and item.cas != flags.unique):
        daemon.counts.delete_misses += 1
        return (b"NF" if item is None else b"EX") + end
    if b"I" not in flags.words:
        operations.delete(daemon, key)
    else:
        item.expires = flags.expires if b"T" in flags.words else item.expires
        item.marks = (item.marks | STALE) & ~TOKEN_SENT
        item.cas = daemon.next_cas()
    return b"" if flags.quiet else b"HD" + end


def count(daemon: Daemon, tokens: Tokens) -> bytes:
    """Answer ma: add to a number, or subtract from it."""
    flags, key = read_line(daemon, tokens)
    mode = flags.words.get(b"M", b"I")
    if mode not in {b"I", b"+", b"D", b"-"}:
        raise BadMetaLine("CLIENT_ERROR invalid mode for ma M token")
    old = daemon.peek(key)
    if old is not None and old.value and flags.unique and old.cas != flags.unique:
        return b"EX" + _end(flags, key)
    if old is not None:
        operations.count(daemon, key, flags.delta, up=mode in {b"I", b"+"})
        return _counted(daemon, flags, old, created=False)
    if b"N" in flags.words:
        item = daemon.allocator.item(key, b"%d" % flags.initial, 0, 0)
        daemon.link(item)
        return _counted(daemon, flags, item, created=True)
    daemon.counts.incr_misses += mode in {b"I", b"+"}
    daemon.counts.decr_misses += mode in {b"D", b"-"}
    return b"NF" + _end(flags, key)


def _counted(daemon: Daemon, flags: Flags, item: Item, *, created: bool) -> bytes:
    """Return the reply of ma.

    `item` is the item that was found. If the number needed a new item, the flag T changes the old one.
    """
    key = item.key
    number = daemon.items[key].value.rstrip(b" ")
    figures: Figures = {
        b"c": lambda: daemon.items[key].cas,
        b"t": lambda: _remaining(daemon, item),
    }
    head = b"VA %d" % len(number) if b"v" in flags.words else b"HD"
    for letter, argument in flags.words.items():
        if letter == b"T":
            item.expires = flags.expires
        elif letter == b"N" and created:
            item.expires = flags.first_expires
        head += shown({letter: argument}, key, figures, binary=flags.binary)
    if flags.quiet and not created:
        return b""
    return head + END_OF_LINE + (number + END_OF_LINE if b"v" in flags.words else b"")


def look(daemon: Daemon, tokens: Tokens) -> bytes:
    """Answer me: everything the server knows about an item."""
    if len(tokens) < 2 or len(tokens[1]) > LONGEST_KEY:
        raise BadMetaLine(BAD_LINE)
    raw = decoded(tokens[1]) if tokens[2:3] == [b"b"] else tokens[1]
    if not raw:
        raise BadMetaLine(BAD_LINE)
    daemon.counts.cmd_meta += 1
    item = daemon.peek(to_key(raw))
    if item is None:
        return b"EN\r\n"
    fetched = b"yes" if item.hits else b"no"
    return b"ME %b exp=%d la=%d cas=%d fetch=%b cls=%d size=%d\r\n" % (
        shown_key(item.key, binary=bool(item.marks & BINARY)).removesuffix(b" b")[1:],
        daemon.now - item.expires if item.expires else -1,
        daemon.now - item.time,
        item.cas,
        fetched,
        item.segment.lru.slab.number,
        item.size,
    )
