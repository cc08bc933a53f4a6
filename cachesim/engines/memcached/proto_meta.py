"""The meta commands: mg, ms, md, ma and me, whose flags say what to do and what to tell.

A flag is a letter with, for some, an argument: "mg key t v" gives the remaining seconds and the value.

References
----------
memcached 1.6: proto_text.c, _meta_flag_preparse and the process_m..._command functions.
"""

import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from cachesim.engines.memcached import operations
from cachesim.engines.memcached.allocate import TOO_LARGE
from cachesim.engines.memcached.commands import BAD_LINE, LONGEST_KEY, to_key
from cachesim.engines.memcached.items import ACTIVE, BINARY, FETCHED, STALE, TOKEN_SENT, Item
from cachesim.engines.memcached.meta_flags import Flags, Refused, decoded, read_flags
from cachesim.engines.memcached.numerals import to_signed
from cachesim.engines.memcached.operations import EXISTS, NOT_FOUND, NOT_STORED, STORED
from cachesim.engines.memcached.proto_admin import Tokens
from cachesim.errors import OutOfMemory

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

BAD_BLOCK = b"CLIENT_ERROR bad data chunk\r\n"
BAD_FLAG = "CLIENT_ERROR invalid or duplicate flag"
LARGEST_BLOCK = 2**31 - 3  # bytes
MOST_WORDS = 19  # of a line
LONGEST_OPAQUE = 32  # bytes, with its letter
CODES = {STORED: b"HD", EXISTS: b"EX", NOT_FOUND: b"NF", NOT_STORED: b"NS"}
MODES = {b"": "set", b"S": "set", b"E": "add", b"A": "append", b"P": "prepend", b"R": "replace"}


def _shown_key(key: str, *, binary: bool) -> bytes:
    raw = key.encode("utf-8", "surrogateescape")
    return b"k" + binascii.b2a_base64(raw, newline=False) + b" b" if binary else b"k" + raw


def _tell(
    flags: Flags, key: str, tellers: dict[bytes, Callable[[], int]], *, binary: bool
) -> bytes:
    """Return what the flags ask for, each after a blank: opaque, key, and what the tellers know."""
    shown = []
    for letter, argument in flags.words.items():
        if letter == b"O":
            if len(argument) >= LONGEST_OPAQUE:
                raise Refused("CLIENT_ERROR opaque token too long")
            shown.append(b"O" + argument)
        elif letter == b"k":
            shown.append(_shown_key(key, binary=binary))
        elif letter in tellers:
            shown.append(letter + b"%d" % tellers[letter]())
    return b"".join(b" " + word for word in shown)


def _remaining(engine: "MemcachedEngine", item: Item) -> int:
    return (item.expires - engine.now) % 2**32 if item.expires else -1


def _begin(engine: "MemcachedEngine", tokens: Tokens, *, first: int = 2) -> tuple[Flags, str]:
    """Return the flags and the key of a line."""
    if len(tokens[1]) > LONGEST_KEY:
        raise Refused(BAD_LINE)
    if len(tokens) > MOST_WORDS:
        are = "are " if tokens[0] == b"mg" else ""
        raise Refused(f"CLIENT_ERROR options flags {are}too long")
    try:
        flags = read_flags(engine, tokens[1], tokens[first:])
    except Refused as refused:  # md and ma say the same of whatever is wrong with a flag
        raise Refused(BAD_FLAG) if tokens[0] in {b"md", b"ma"} else refused from None
    return flags, to_key(flags.key)


# --- mg: get


def get(engine: "MemcachedEngine", tokens: Tokens) -> bytes:
    """Answer mg."""
    flags, key = _begin(engine, tokens)
    bumps = b"u" not in flags.words
    delayed = bool(flags.words.keys() & {b"N", b"T", b"R", b"l", b"h"})
    item = engine.find(key) if bumps and not delayed else engine.peek(key)
    created = item is None and b"N" in flags.words
    if created:
        item = engine.allocator.item(key, b"", 0, 0)
        engine.link(item)
    if item is None:
        engine.counts.get_misses += 1
        told = _tell(flags, key, {}, binary=flags.binary)
        return b"" if flags.quiet else b"EN" + told + b"\r\n"
    head = _tell_item(engine, flags, item, created=created)
    if delayed and bumps and item.hits != ACTIVE:
        engine.bump(item)
    _count_get(engine, flags, item)
    return head + b"\r\n" + (item.value + b"\r\n" if b"v" in flags.words else b"")


def _count_get(engine: "MemcachedEngine", flags: Flags, item: Item) -> None:
    if b"T" in flags.words:
        engine.counts.cmd_touch += 1
        item.segment.lru.touch_hits += 1
    else:
        item.segment.hits += 1


def _tell_item(engine: "MemcachedEngine", flags: Flags, item: Item, *, created: bool) -> bytes:
    """Return the head of a hit, and do what the flags say to the item, each in its turn."""
    won = False
    tellers = _tellers(engine, item)
    head = b"VA %d" % len(item.value) if b"v" in flags.words else b"HD"
    for letter, argument in flags.words.items():
        if letter == b"T":
            item.expires = flags.expires
        elif letter == b"N" and created:
            item.expires, won = flags.first_expires, True
        elif letter == b"R" and not item.marks & TOKEN_SENT and not created:
            won = won or 0 < item.expires < flags.recache_time
        else:
            one = Flags(words={letter: argument})
            head += _tell(one, item.key, tellers, binary=bool(item.marks & BINARY))
    return head + _win(item, won=won)


def _tellers(engine: "MemcachedEngine", item: Item) -> dict[bytes, Callable[[], int]]:
    return {
        b"s": lambda: len(item.value),
        b"t": lambda: _remaining(engine, item),
        b"c": lambda: item.cas,
        b"f": lambda: item.flags,
        b"l": lambda: engine.now - item.time,
        b"h": lambda: int(item.hits >= FETCHED),
    }


def _win(item: Item, *, won: bool) -> bytes:
    """Tell whether this client is the one to fetch the value anew (W), or another is (Z); X: it is stale."""
    told = b" Z" if item.marks & TOKEN_SENT else b""
    if item.marks & STALE:
        told += b" X"
        won = won or not item.marks & TOKEN_SENT
    if won:
        item.marks |= TOKEN_SENT
        told += b" W"
    return told


# --- ms: set


class MetaBlock(NamedTuple):
    """An ms whose data is awaited; as proto_text.Block."""

    flags: Flags
    key: str
    size: int  # bytes
    refusal: bytes | None = None

    def finish(self, engine: "MemcachedEngine", data: bytes) -> bytes:
        """Store what was announced; return the reply."""
        engine.tick()
        flags = self.flags
        how = MODES[flags.words.get(b"M", b"")]
        if b"C" in flags.words and how in {"set", "replace"}:
            how = "cas"
        fields = self.key, data[: self.size], flags.client_flags, flags.expires
        try:
            if data[self.size :] != b"\r\n":
                operations.give_up(engine, *fields)
                return BAD_BLOCK
            stale = how == "cas" and b"I" in flags.words
            said = operations.write(engine, how, *fields, flags.unique, stale=stale)
        except OutOfMemory as refused:
            return str(refused).encode() + b"\r\n"
        return self._reply(engine, said)

    def _reply(self, engine: "MemcachedEngine", said: str) -> bytes:
        item = engine.items[self.key] if said == STORED else None
        if item is not None and self.flags.binary:
            item.marks |= BINARY
        if said == STORED and self.flags.quiet:
            return b""
        cas = 0 if item is None else item.cas
        told = _tell(self.flags, self.key, {b"c": lambda: cas}, binary=self.flags.binary)
        return CODES[said] + told + b"\r\n"


def store(engine: "MemcachedEngine", tokens: Tokens) -> bytes | MetaBlock:
    """Begin an ms: what is wrong with its flags is told at once, but its data is still to come."""
    if len(tokens[1]) > LONGEST_KEY or len(tokens) == 2:
        raise Refused(BAD_LINE)
    if len(tokens) > MOST_WORDS:
        raise Refused("CLIENT_ERROR options flags too long")
    size = to_signed(tokens[2])
    if size is None or not 0 <= size <= LARGEST_BLOCK:
        raise Refused(BAD_LINE)
    try:
        return _announced(engine, tokens, size)
    except Refused as refused:
        return MetaBlock(Flags(words={}), "", size, str(refused).encode() + b"\r\n")


def _announced(engine: "MemcachedEngine", tokens: Tokens, size: int) -> MetaBlock:
    flags, key = _begin(engine, tokens, first=3)
    if flags.words.get(b"M", b"") not in MODES:
        raise Refused("CLIENT_ERROR invalid mode for ms M token")
    _tell(flags, key, {}, binary=False)  # an opaque that is too long
    if engine.allocator.size(key, size, flags.client_flags) > engine.spec.item_size_max:
        engine.allocator.refuse(key, replaces=True)
        raise Refused(TOO_LARGE)
    return MetaBlock(flags, key, size)


# --- md: delete; ma: count; me: look


def delete(engine: "MemcachedEngine", tokens: Tokens) -> bytes:
    """Answer md: delete, or mark as stale."""
    flags, key = _begin(engine, tokens)
    told = _tell(flags, key, {}, binary=flags.binary) + b"\r\n"
    item = engine.peek(key)
    if item is None or (b"C" in flags.words and item.cas != flags.unique):
        engine.counts.delete_misses += 1
        return (b"NF" if item is None else b"EX") + told
    if b"I" not in flags.words:
        operations.delete(engine, key)
    else:
        item.expires = flags.expires if b"T" in flags.words else item.expires
        item.marks = (item.marks | STALE) & ~TOKEN_SENT
        item.cas = engine.next_cas()
    return b"" if flags.quiet else b"HD" + told


def count(engine: "MemcachedEngine", tokens: Tokens) -> bytes:
    """Answer ma: add to a number, or take from it."""
    flags, key = _begin(engine, tokens)
    mode = flags.words.get(b"M", b"I")
    if mode not in {b"I", b"+", b"D", b"-"}:
        raise Refused("CLIENT_ERROR invalid mode for ma M token")
    old = engine.peek(key)
    if old is not None and old.value and flags.unique and old.cas != flags.unique:
        return b"EX" + _tell(flags, key, {}, binary=flags.binary) + b"\r\n"
    if old is not None:
        operations.count(engine, key, flags.delta, up=mode in {b"I", b"+"})
        return _told_number(engine, flags, old, created=False)
    if b"N" in flags.words:
        item = engine.allocator.item(key, b"%d" % flags.initial, 0, 0)
        engine.link(item)
        return _told_number(engine, flags, item, created=True)
    engine.counts.incr_misses += mode in {b"I", b"+"}
    engine.counts.decr_misses += mode in {b"D", b"-"}
    return b"NF" + _tell(flags, key, {}, binary=flags.binary) + b"\r\n"


def _told_number(engine: "MemcachedEngine", flags: Flags, item: Item, *, created: bool) -> bytes:
    """Return the answer; `item` is the one found: where the number took a new one, that keeps its old TTL."""
    key = item.key
    number = engine.items[key].value.rstrip(b" ")
    tellers: dict[bytes, Callable[[], int]] = {
        b"c": lambda: engine.items[key].cas,
        b"t": lambda: _remaining(engine, item),
    }
    head = b"VA %d" % len(number) if b"v" in flags.words else b"HD"
    for letter, argument in flags.words.items():
        if letter == b"T":
            item.expires = flags.expires
        elif letter == b"N" and created:
            item.expires = flags.first_expires
        head += _tell(Flags(words={letter: argument}), key, tellers, binary=flags.binary)
    if flags.quiet and not created:
        return b""
    return head + b"\r\n" + (number + b"\r\n" if b"v" in flags.words else b"")


def look(engine: "MemcachedEngine", tokens: Tokens) -> bytes:
    """Answer me: what there is to know of an item."""
    if len(tokens) < 2 or len(tokens[1]) > LONGEST_KEY:
        raise Refused(BAD_LINE)
    raw = decoded(tokens[1]) if tokens[2:3] == [b"b"] else tokens[1]
    if not raw:
        raise Refused(BAD_LINE)
    engine.counts.cmd_meta += 1
    item = engine.peek(to_key(raw))
    if item is None:
        return b"EN\r\n"
    fetched = b"yes" if item.hits else b"no"
    return b"ME %b exp=%d la=%d cas=%d fetch=%b cls=%d size=%d\r\n" % (
        _shown_key(item.key, binary=bool(item.marks & BINARY)).removesuffix(b" b")[1:],
        engine.now - item.expires if item.expires else -1,
        engine.now - item.time,
        item.cas,
        fetched,
        item.segment.lru.slab.number,
        item.size,
    )
