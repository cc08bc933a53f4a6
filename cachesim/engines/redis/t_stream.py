"""The commands on the entries of a stream, as redis 7 has them in t_stream.c."""

from itertools import islice
from typing import Any

from cachesim.engines.redis.arguments import SYNTAX, Arguments, integer, text, wrong_number
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.database import KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.reply import NULL_ARRAY, Reply
from cachesim.engines.redis.stream_ids import (
    HIGHEST_ID,
    HIGHEST_PART,
    joined,
    number_of,
    read_end,
    read_id,
    read_start,
    shown_id,
    time_of,
)
from cachesim.engines.redis.stream_node import StreamEntry
from cachesim.engines.redis.stream_options import AddOptions, read_options
from cachesim.engines.redis.stream_value import EntryStream
from cachesim.engines.redis.structure import value_in
from cachesim.errors import CommandError

NO_KEY = "ERR no such key"
NOT_HIGHER = "ERR The ID specified in XADD is equal or smaller than the target stream top item"


def found_in(db: Keyspace, key: str) -> EntryStream | None:
    """Return the stream for a command that reads; None if there is none. Raises CommandError."""
    return value_in(db.read(key), EntryStream)


def recounted(db: Keyspace, key: str) -> None:
    """Count the bytes of a stream again. It does not break a WATCH: in redis 7 it does not, either."""
    Keyspace.resize(db, db.table.entries[key])
    db.pass_on()


def shown(entry: StreamEntry) -> list[Any]:
    """Return an entry as replies have it: its id, and its fields with their values."""
    return [shown_id(entry.id), entry.content]


# Adding


def xadd(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """XADD key [NOMKSTREAM] [MAXLEN | MINID [= | ~] bound [LIMIT n]] id | * field value [field value ...]."""
    given = read_options(db, parts, adds=True)
    content = list(parts[given.at + 1 :])
    if len(content) < 2 or len(content) % 2:
        raise wrong_number("XADD")
    if given.id == 0 and given.has_number:
        raise CommandError("ERR The ID specified in XADD must be greater than 0-0")
    entry = db.write(key)
    stream = value_in(entry, EntryStream)
    if stream is None:
        if given.only_there:
            return None
        stream = EntryStream(db)
    id = next_id(db, stream, given)
    stream.append(id, content)
    stored(db, key, entry, stream)
    db.event("t", "xadd", key)
    if given.trim is not None and stream.trim(given.trim):
        recounted(db, key)
        db.event("t", "xtrim", key)
    db.blocked.note(db.selected, key)
    return shown_id(id)


def next_id(db: Keyspace, stream: EntryStream, given: AddOptions) -> int:
    """Return the id of a new entry. Raises CommandError if it would not be higher than the last one."""
    last = stream.last
    if last == HIGHEST_ID:
        raise CommandError(
            "ERR The stream has exhausted the last possible ID, unable to add more items"
        )
    if given.id is None:
        return joined(db.now, 0) if db.now > time_of(last) else last + 1
    id = given.id
    if not given.has_number and time_of(last) == time_of(id):
        id = last if number_of(last) == HIGHEST_PART else last + 1
    # redis 7: if the number is used up, C's errno decides between this error and another one
    if id <= last:
        raise CommandError(NOT_HIGHER)
    return id


def stored(db: Keyspace, key: str, entry: KeyEntry | None, stream: EntryStream) -> None:
    """Store a new stream, or count the bytes of one that has changed; it stays when it is empty."""
    if entry is None:
        db.add(key, stream, stream.size)
    else:
        db.resize(entry)


# Removing


def xtrim(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """XTRIM key MAXLEN | MINID [= | ~] bound [LIMIT n]: how many entries it removed."""
    given = read_options(db, parts, adds=False)
    entry = db.write(key)
    stream = value_in(entry, EntryStream)
    if stream is None or given.trim is None:
        return 0
    removed = stream.trim(given.trim)
    if removed:
        db.event("t", "xtrim", key)
        stored(db, key, entry, stream)
    return removed


def xdel(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """XDEL key id [id ...]: how many entries were there."""
    entry = db.write(key)
    stream = value_in(entry, EntryStream)
    if stream is None:
        return 0
    ids = [read_id(part) for part in parts]
    first = stream.first
    gone = [id for id in ids if stream.remove(id)]
    if gone:
        if first in gone or not len(stream):
            stream.find_first()
        stored(db, key, entry, stream)
        db.event("t", "xdel", key)
    return len(gone)


# Looking up


def xlen(db: Keyspace, key: str) -> Reply:
    """XLEN key: how many entries it has."""
    return len(found_in(db, key) or ())


def xrange(db: Keyspace, key: str, start: bytes, end: bytes, *parts: bytes) -> Reply:
    """XRANGE key start end [COUNT n]."""
    return in_range(db, key, start, end, parts, reverse=False)


def xrevrange(db: Keyspace, key: str, end: bytes, start: bytes, *parts: bytes) -> Reply:
    """XREVRANGE key end start [COUNT n]."""
    return in_range(db, key, start, end, parts, reverse=True)


def in_range(
    db: Keyspace, key: str, start: bytes, end: bytes, parts: tuple[bytes, ...], reverse: bool
) -> Reply:
    """Return the entries between two ids, both included unless "(" stands before one."""
    first, last, count = read_start(start), read_end(end), None
    for at in range(0, len(parts), 2):
        if text(parts[at]).upper() != "COUNT" or at + 1 == len(parts):
            raise CommandError(SYNTAX)
        count = max(0, integer(parts[at + 1]))
    found = found_in(db, key)
    if found is None:
        return []
    if count == 0:
        return NULL_ARRAY
    return [shown(entry) for entry in islice(found.between(first, last, reverse), count)]


# About the whole stream


def xsetid(db: Keyspace, key: str, part: bytes, *options: bytes) -> Reply:
    """XSETID key id [ENTRIESADDED n] [MAXDELETEDID id]: set the last id without an entry."""
    id, added, deleted = read_id(part), -1, 0
    for at in range(0, len(options), 2):
        name = text(options[at]).upper()
        if name not in ("ENTRIESADDED", "MAXDELETEDID") or at + 1 == len(options):
            raise CommandError(SYNTAX)
        if name == "ENTRIESADDED":
            added = read_added(options[at + 1])
        else:
            deleted = read_deleted(options[at + 1], id)
    stream = value_in(db.write(key), EntryStream)
    if stream is None:
        raise CommandError(NO_KEY)
    check_last(stream, id, added)
    stream.last, stream.last_deleted = id, deleted or stream.last_deleted
    stream.added = stream.added if added == -1 else added
    db.pass_on()
    db.event("t", "xsetid", key)
    return "OK"


def read_added(part: bytes) -> int:
    """Read how many entries a stream is said to have got. Raises CommandError."""
    added = integer(part)
    if added < 0:
        raise CommandError("ERR entries_added must be positive")
    return added


def read_deleted(part: bytes, last: int) -> int:
    """Read the highest id that is said to be deleted. Raises CommandError."""
    id = read_id(part)
    if last < id:
        raise CommandError(
            "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
        )
    return id


def check_last(stream: EntryStream, id: int, added: int) -> None:
    """Raise CommandError if the entries that are there speak against this last id."""
    if not len(stream):
        return
    if id < stream.last_living:
        raise CommandError(
            "ERR The ID specified in XSETID is smaller than the target stream top item"
        )
    if added != -1 and len(stream) > added:
        raise CommandError(
            "ERR The entries_added specified in XSETID is smaller than the target stream length"
        )


# For replicas


def added(db: Any, argv: Arguments, reply: Any) -> tuple[Any, ...]:
    """XADD: with the id that the entry got, and the bound that was reached."""
    given = read_options(db, argv[2:], adds=True)
    command = trimmed_to(db, argv, given)
    command[2 + given.at] = argv[2 + given.at] if given.id and given.has_number else reply
    return tuple(command)


def trimmed(db: Any, argv: Arguments, reply: Any) -> tuple[Any, ...]:
    """XTRIM: with the bound that was reached."""
    return tuple(trimmed_to(db, argv, read_options(db, argv[2:], adds=False)))


def trimmed_to(db: Any, argv: Arguments, given: AddOptions) -> list[Any]:
    """Return a command with an exact bound in the place of a rough one."""
    # redis 7: streamRewriteTrimArgument
    command: list[Any] = list(argv)
    if given.trim is not None and given.trim.is_rough:
        stream = db.table.entries[text(argv[1])].value
        first = next((entry.id for entry in stream.between(all=True)), HIGHEST_ID)
        bound = shown_id(first) if given.trim.most is None else b"%d" % len(stream)
        command[1 + given.bound : 3 + given.bound] = [b"=", bound]
    return command


COMMANDS = table(
    RedisCommand(
        "XADD", "key argument value value [value ...]", "write denyoom fast", xadd, propagates=added
    ),
    RedisCommand("XDEL", "key argument [argument ...]", "write fast", xdel),
    RedisCommand("XLEN", "key", "readonly fast", xlen),
    RedisCommand(
        "XRANGE", "key argument argument [option ...]", "readonly", xrange, replies=xrange
    ),
    RedisCommand(
        "XREVRANGE", "key argument argument [option ...]", "readonly", xrevrange, replies=xrevrange
    ),
    RedisCommand("XSETID", "key argument [option ...]", "write denyoom fast", xsetid),
    RedisCommand("XTRIM", "key option argument [option ...]", "write", xtrim, propagates=trimmed),
)
