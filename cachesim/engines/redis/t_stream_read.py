"""XREAD and XREADGROUP: entries of several streams, and waiting for them (redis 7: t_stream.c, blocked.c)."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from cachesim.engines.redis.arguments import SYNTAX, at_least, integer, text
from cachesim.engines.redis.command import KeyBlock, RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.key_places import KeysAfter
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.reply import NULL_ARRAY, ByKey, Reply
from cachesim.engines.redis.stream_group import Consumer, Group, Pending
from cachesim.engines.redis.stream_ids import HIGHEST_ID, read_id, shown_id
from cachesim.engines.redis.stream_told import Teller, instant, instead
from cachesim.engines.redis.stream_value import EntryStream
from cachesim.engines.redis.structure import value_in
from cachesim.engines.redis.t_stream import found_in, recounted, shown
from cachesim.engines.redis.t_stream_groups import no_such
from cachesim.engines.redis.work import Peek
from cachesim.errors import CommandError

NEW = HIGHEST_ID  # stands for ">": what the group has not delivered yet
USUAL = 1000  # entries that a client gets at most that has waited, without COUNT
IN_SCRIPT = "ERR {} command is not allowed with BLOCK option from scripts"
NOT_INTEGER = "ERR timeout is not an integer or out of range"
UNBALANCED = (
    "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."
)
ONLY_GROUP = "ERR The {} option is only supported by XREADGROUP. You called XREAD instead."
NO_GROUP = "NOGROUP No such key '{}' or consumer group '{}' in XREADGROUP with GROUP option"
NO_GROUP_NOW = "NOGROUP the consumer group this client was blocked on no longer exists"
GONE = "UNBLOCKED the stream key no longer exists"
NO_DOLLAR = (
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this "
    "consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just "
    "return an empty result set."
)
NO_NEW = (
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> "
    "option."
)


class ReadOptions:
    """What stands before and behind the word STREAMS.

    `script` is the script that asks, if there is one.
    """

    def __init__(self, parts: tuple[bytes, ...], in_group: bool, script: Any = None) -> None:
        self.in_group, self.script = in_group, script
        self.wait: int | None = None  # milliseconds; 0: for ever; None: not at all
        self.count = 0  # 0: no limit
        self.has_no_ack = False
        self.group = self.consumer = b""
        self.keys: list[str] = []
        self.ids: list[bytes] = []
        words = list(parts)
        while words and not self.keys:
            self._read(text(words.pop(0)).upper(), words)
        if not self.keys:
            raise CommandError(SYNTAX)
        if in_group and not self.has_group:
            raise CommandError("ERR Missing GROUP option for XREADGROUP")

    has_group = False

    def _read(self, name: str, words: list[bytes]) -> None:
        """Read an option; `words` are those behind it. Raises CommandError."""
        if name == "BLOCK" and words:
            if self.script is not None:
                raise CommandError(IN_SCRIPT.format(text(self.script.called)))
            self.wait = at_least(-(1 << 63), words.pop(0), NOT_INTEGER)
            if self.wait < 0:
                raise CommandError("ERR timeout is negative")
        elif name == "COUNT" and words:
            self.count = max(0, integer(words.pop(0)))
        elif name == "STREAMS" and words:
            if len(words) % 2:
                raise CommandError(UNBALANCED)
            half = len(words) // 2
            self.keys, self.ids = list(map(text, words[:half])), words[half:]
        elif name == "GROUP" and len(words) > 1:
            self._only_in_group(name)
            self.group, self.consumer, self.has_group = words.pop(0), words.pop(0), True
        elif name == "NOACK":
            self._only_in_group(name)
            self.has_no_ack = True
        else:
            raise CommandError(SYNTAX)

    def _only_in_group(self, name: str) -> None:
        if not self.in_group:
            raise CommandError(ONLY_GROUP.format(name))


class StreamSource(NamedTuple):
    """A stream from which to read."""

    key: str
    group: Group | None
    after: int  # the id behind which to read; NEW


def sources(db: Any, given: ReadOptions) -> list[StreamSource]:
    """Find the streams, and from where to read them. Raises CommandError."""
    return [source(db, given, *pair) for pair in zip(given.keys, given.ids, strict=True)]


def source(db: Any, given: ReadOptions, key: str, part: bytes) -> StreamSource:
    """Find one stream. Raises CommandError."""
    found, group = found_in(db, key), None
    if given.in_group:
        group = None if found is None else found.group(given.group)
        if group is None:
            raise no_such(NO_GROUP, as_bytes(key), given.group)
    if part == b"$":
        if given.in_group:
            raise CommandError(NO_DOLLAR)
        return StreamSource(key, group, 0 if found is None else found.last)
    if part == b">":
        if not given.in_group:
            raise CommandError(NO_NEW)
        return StreamSource(key, group, NEW)
    return StreamSource(key, group, read_id(part))


def xread(db: Any, *parts: bytes) -> Reply:
    """XREAD [COUNT n] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]."""
    given, read = ReadOptions(parts, False, db.scripts.running), []
    for each in sources(db, given):
        found = found_in(db, each.key)
        if found is not None and len(found) and found.last_living > each.after:
            entries = found.between(each.after + 1)
            read.append(
                [as_bytes(each.key), list(map(shown, islice(entries, given.count or None)))]
            )
    return ByKey(read) if read else NULL_ARRAY


def xreadgroup(db: Any, *parts: bytes) -> Reply:
    """XREADGROUP GROUP group consumer [COUNT n] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]."""
    given, read = ReadOptions(parts, True, db.scripts.running), []
    db.instead = []
    for key, stream, group, after in served(db, given):
        teller = Teller(db, key, given.group, group)
        consumer = teller.consumer(given.consumer, given.has_no_ack)
        if after == NEW:
            entries = delivered(teller, stream, consumer, given.count, given.has_no_ack)
        else:
            entries = list(history(db, stream, consumer, after, given.count))
        recounted(db, key)
        read.append([as_bytes(key), entries])
    return ByKey(read) if read else NULL_ARRAY


def served(db: Any, given: ReadOptions) -> Iterator[tuple[str, EntryStream, Group, int]]:
    """Yield the streams of which a consumer gets something now: history always, new entries if there are any."""
    for key, group, after in sources(db, given):
        stream = found_in(db, key)
        if stream is None or group is None:
            continue
        if after != NEW or (len(stream) and stream.last_living > group.last):
            yield key, stream, group, after


def delivered(
    teller: Teller, stream: EntryStream, consumer: Consumer, count: int, has_no_ack: bool
) -> list[Any]:
    """Give a consumer the entries that its group has not delivered yet."""
    # redis 7: streamReplyWithRange
    group, now = teller.group, instant(teller.db)
    entries = list(islice(stream.between(group.last + 1), count or None))
    for entry in entries:
        stream.note_read(group, entry.id)
        if not has_no_ack:
            teller.claim(entry.id, group.give(entry.id, consumer, now))
    if entries and has_no_ack:
        teller.position()
    return list(map(shown, entries))


def history(
    db: Keyspace, stream: EntryStream, consumer: Consumer, after: int, count: int
) -> Iterator[list[Any]]:
    """Yield what a consumer has pending, from behind an id on; a deleted entry has no content."""
    # redis 7: streamReplyWithRangeFromConsumerPEL
    for pending, told in pending_of(stream, consumer, after, count):
        if told[1] is not NULL_ARRAY:
            pending.when, pending.count = instant(db), pending.count + 1
        yield told


def pending_of(
    stream: EntryStream, consumer: Consumer, after: int, count: int
) -> Iterator[tuple[Pending, list[Any]]]:
    """Yield what a consumer has pending, each with the entry as a reply has it."""
    for id in islice(consumer.pending.entries.irange(after + 1), count or None):
        entry = stream.find(id)
        told = [shown_id(id), NULL_ARRAY] if entry is None else shown(entry)
        yield consumer.pending.entries[id], told


def would_read(db: Any, *parts: bytes) -> Reply:
    """Return the reply that XREADGROUP would give, without delivering anything."""
    given, read = ReadOptions(parts, in_group=True), []
    for key, stream, group, after in served(db, given):
        consumer, entries = group.consumers.get(given.consumer), []
        if after == NEW:
            entries = list(map(shown, islice(stream.between(group.last + 1), given.count or None)))
        elif consumer is not None:
            entries = [told for _, told in pending_of(stream, consumer, after, given.count)]
        read.append([as_bytes(key), entries])
    return ByKey(read)


# Waiting


def wait_to_read(db: Keyspace, *parts: bytes) -> KeyBlock | None:
    """Return the streams for which XREAD waits: for entries behind the ids that are there now."""
    given = ReadOptions(parts, in_group=False)
    if given.wait is None:
        return None
    after: dict[str, int] = {}
    for each in sources(Peek(db), given):
        after.setdefault(each.key, each.after)
    count = b"%d" % (given.count or USUAL)
    return KeyBlock(
        tuple(after), given.wait / 1000, EntryStream,
        lambda key: [b"XREAD", as_bytes(key), b"%d" % after[key], count], WOKEN,
    )  # fmt: skip


def wait_in_group(db: Keyspace, *parts: bytes) -> KeyBlock | None:
    """Return the streams for which XREADGROUP waits."""
    given = ReadOptions(parts, in_group=True)
    if given.wait is None:
        return None
    rest = [given.group, given.consumer, b"%d" % (given.count or USUAL), b"%d" % given.has_no_ack]
    return KeyBlock(
        tuple(given.keys), given.wait / 1000, EntryStream,
        lambda key: [b"XREADGROUP", as_bytes(key), *rest], WOKEN_IN_GROUP, GONE,
    )  # fmt: skip


def woken(db: Keyspace, key: str, after: bytes, count: bytes) -> Reply:
    """Reply to a client that has waited for entries of a stream."""
    # redis 7: blocked.c, serveClientsBlockedOnStreamKey: it goes by the last id, which may be deleted
    found = value_in(db.write(key), EntryStream)
    if found is None or found.last <= int(after):
        return None
    entries = islice(found.between(int(after) + 1), int(count))
    return ByKey([[as_bytes(key), list(map(shown, entries))]])


def woken_in_group(
    db: Keyspace, key: str, name: bytes, consumer: bytes, count: bytes, has_no_ack: bytes
) -> Reply:
    """Reply to a consumer that has waited for entries of a stream. Raises CommandError."""
    found = value_in(db.write(key), EntryStream)
    group = None if found is None else found.group(name)
    if found is None or group is None:
        raise CommandError(NO_GROUP_NOW)
    if found.last <= group.last:
        return None
    db.instead = []
    teller, silent = Teller(db, key, name, group), has_no_ack == b"1"
    entries = delivered(teller, found, teller.consumer(consumer, silent), int(count), silent)
    recounted(db, key)
    return ByKey([[as_bytes(key), entries]])


READ, IN_GROUP = "readonly blocking movablekeys", "write blocking movablekeys"
WOKEN = RedisCommand("XREAD", "key argument argument", READ, woken)
WOKEN_IN_GROUP = RedisCommand(
    "XREADGROUP", "key argument argument argument argument", IN_GROUP, woken_in_group, propagates=instead
)  # fmt: skip
STREAMS = KeysAfter(b"STREAMS", ((b"BLOCK", 1), (b"COUNT", 1), (b"GROUP", 2), (b"NOACK", 0)))
COMMANDS = table(
    RedisCommand(
        "XREAD", "argument argument argument [argument ...]", READ, xread,
        replies=xread, blocks=wait_to_read, keys=STREAMS,
    ),
    RedisCommand(
        "XREADGROUP", "argument argument argument argument argument argument [argument ...]", IN_GROUP,
        xreadgroup, replies=would_read, propagates=instead, blocks=wait_in_group, keys=STREAMS,
    ),
)  # fmt: skip
