"""The binary protocol: what each message does, and the exact bytes of the server's reply.

A message with a value has two halves, as in the text protocol: `refusal` looks at its head, and
`answer` runs it when the value has come.

References
----------
memcached 1.6: proto_bin.c. The protocol is documented in doc/protocol-binary.xml.
"""

from collections.abc import Callable
from struct import Struct

from cachesim.engines.memcached import binary, operations, stats
from cachesim.engines.memcached.allocate import OUT_OF_MEMORY_READING
from cachesim.engines.memcached.binary import Message, error, reply
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.logged import MUTATIONS, refused
from cachesim.engines.memcached.prefixes import DELETES, GETS, HITS, SETS
from cachesim.engines.memcached.protocol import to_key
from cachesim.engines.memcached.stats_settings import Figures
from cachesim.errors import CommandError, OutOfMemory

WORD, TWO_WORDS, LONG = Struct(">L"), Struct(">LL"), Struct(">Q")
COUNTING = Struct(">QQL")  # by how much, the first value, the expiration time
NO_FIRST = 0xFFFFFFFF  # as an expiration time: no counter is made
STORING = ("set", "add", "replace", "append", "prepend")
REFUSALS = {
    "NOT_FOUND": binary.NOT_FOUND,
    "EXISTS": binary.EXISTS,
    operations.NOT_A_NUMBER: binary.NOT_A_NUMBER,
}
NOT_STORED = {"add": binary.EXISTS, "replace": binary.NOT_FOUND}


def refusal(daemon: Daemon, message: Message) -> bytes | None:
    """Return the reply to a value that is too large; None if its bytes are welcome."""
    shape = message.shape
    if shape is None or shape.name not in STORING:
        return None
    daemon.tick()
    key, size, allocator = to_key(message.key), message.size, daemon.allocator
    flags = TWO_WORDS.unpack(message.extras)[0] if message.extras else 0
    if daemon.prefixes.enabled:
        daemon.prefixes.count(key, SETS)
    if size >= 0 and allocator.size(key, size, flags) <= allocator.largest:
        return None
    if MUTATIONS in daemon.watched and shape.name in STORING[:3]:
        refused(daemon, "na", "too_large", key)
    too_large = daemon.counts.too_large
    allocator.refuse(key, replaces=shape.name == "set")
    daemon.counts.too_large = too_large + (size >= 0)
    return error(message, binary.TOO_LARGE)


def answer(daemon: Daemon, message: Message) -> bytes:
    r"""Run a complete message; return its reply, which is empty if it is quiet.

    >>> from cachesim.engines.memcached.engine import Memcached
    >>> engine = Memcached().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> answer(engine, Message(0x0B, opaque=0, cas=0, extras=b"", key=b"", body=0))[24:]
    b'1.6.18'
    """
    shape = message.shape
    assert shape is not None
    daemon.tick()
    return RUN[shape.name](daemon, message)


def _done(message: Message, value: bytes = b"", cas: int = 0) -> bytes:
    return b"" if message.is_quiet else reply(message, value=value, cas=cas)


def _get(daemon: Daemon, message: Message) -> bytes:
    """Answer get, getk and touch, gat, gatk, which also give the key a new expiration."""
    key, name = to_key(message.key), message.shape.name if message.shape else ""
    if message.extras:
        (exptime,) = WORD.unpack(message.extras)
        item = operations.touch(daemon, key, daemon.deadline(exptime))
    else:
        item = operations.fetch(daemon, key)
    if daemon.prefixes.enabled:
        daemon.prefixes.count(key, GETS, *[HITS] * (item is not None))
    shown = message.key if name.endswith("k") else b""
    if item is not None:
        value = b"" if name == "touch" else item.value
        return reply(message, 0, WORD.pack(item.flags), shown, value, item.cas)
    if message.is_quiet:
        return b""
    if shown:
        return reply(message, binary.NOT_FOUND, key=shown)
    return error(message, binary.NOT_FOUND)


def _store(daemon: Daemon, message: Message) -> bytes:
    """Answer set, add, replace, append and prepend; with a unique id, the first three are cas."""
    key, how = to_key(message.key), message.shape.name if message.shape else ""
    flags, exptime = TWO_WORDS.unpack(message.extras) if message.extras else (0, 0)
    if message.cas and message.extras:
        how = "cas"
    expires = daemon.deadline(exptime)
    try:
        outcome = operations.write(daemon, how, key, message.value, flags, expires, message.cas)
    except OutOfMemory as problem:
        reading = str(problem) == OUT_OF_MEMORY_READING
        text = b"Out of memory " + (b"during read" if reading else b"allocating item")
        return error(message, binary.NO_MEMORY, text)
    if outcome == operations.STORED:
        return _done(message, cas=daemon.items[key].cas)
    not_stored = NOT_STORED.get(how, binary.NOT_STORED)
    return error(message, REFUSALS.get(outcome, not_stored))


def _delete(daemon: Daemon, message: Message) -> bytes:
    key = to_key(message.key)
    if daemon.prefixes.enabled:
        daemon.prefixes.count(key, DELETES)
    try:
        found = operations.delete(daemon, key, message.cas)
    except CommandError:
        return error(message, binary.EXISTS)
    return _done(message) if found else error(message, binary.NOT_FOUND)


def _count(daemon: Daemon, message: Message) -> bytes:
    """Answer incr and decr, which may make the counter."""
    key, up = to_key(message.key), message.shape is not None and message.shape.name == "incr"
    delta, first, exptime = COUNTING.unpack(message.extras)
    makes, doing = exptime != NO_FIRST, b"incrementing value"
    try:
        number = operations.count(daemon, key, delta, up=up, unique=message.cas, creates=makes)
        if number is None and not makes:
            return error(message, binary.NOT_FOUND)
        if number is None:
            number, doing = first, b"allocating new item"
            operations.create(daemon, key, b"%d" % first, daemon.deadline(exptime))
    except CommandError as problem:
        return error(message, REFUSALS[str(problem)])
    except OutOfMemory:
        return error(message, binary.NO_MEMORY, b"Out of memory " + doing)
    return _done(message, LONG.pack(number), daemon.items[key].cas)


def _flush(daemon: Daemon, message: Message) -> bytes:
    daemon.counts.cmd_flush += 1
    operations.flush_all(daemon, WORD.unpack(message.extras)[0] if message.extras else 0)
    return _done(message)


def _version(daemon: Daemon, message: Message) -> bytes:
    return _done(message, stats.VERSION.encode())


def _nothing(daemon: Daemon, message: Message) -> bytes:
    """Answer noop, and quit; the conversation ends the connection."""
    return _done(message)


def _stat(daemon: Daemon, message: Message) -> bytes:
    """List figures: a reply for each, then an empty one. The server looks at the start of a name."""
    what, figures = message.key.decode("latin-1"), Figures()
    if what.startswith("reset"):
        stats.reset(daemon)
    elif what.startswith("settings"):
        figures = stats.figures(daemon, "settings")
    elif what.startswith("detail"):
        if (shown := _detail(daemon, what.removeprefix("detail"))) is None:
            return error(message, binary.NOT_FOUND)
        figures = shown
    elif what in {"sizes_enable", "sizes_disable"}:  # their list has no end
        return _listed(message, stats.track_sizes(daemon, on=what == "sizes_enable"))
    elif what in {"", "items", "slabs", "sizes"}:
        figures = stats.figures(daemon, what)
    else:
        return error(message, binary.NOT_FOUND)
    return _listed(message, figures) + reply(message)


def _detail(daemon: Daemon, what: str) -> Figures | None:
    if what.startswith(" dump"):
        return {"detailed": daemon.prefixes.dump().decode("utf-8", "surrogateescape")}
    if not what.startswith((" on", " off")):
        return None
    daemon.prefixes.enabled = what.startswith(" on")
    return {}


def _listed(message: Message, figures: Figures) -> bytes:
    return b"".join(
        reply(message, key=name.encode(), value=str(value).encode("utf-8", "surrogateescape"))
        for name, value in figures.items()
    )


RUN: dict[str, Callable[[Daemon, Message], bytes]] = {
    **dict.fromkeys(("get", "getk", "touch", "gat", "gatk"), _get),
    **dict.fromkeys(STORING, _store),
    "delete": _delete,
    "incr": _count,
    "decr": _count,
    "flush": _flush,
    "noop": _nothing,
    "quit": _nothing,
    "version": _version,
    "stat": _stat,
}
