"""The commands on the groups of a stream: XGROUP, XACK, XPENDING (redis 7: t_stream.c)."""

from itertools import islice
from typing import Any

from cachesim.engines.redis.arguments import SYNTAX, WRONG_FORM, integer, quoted, text
from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.helptexts import XGROUP, helper
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.reply import NULL_ARRAY, Nested, Reply
from cachesim.engines.redis.stream_group import UNKNOWN, Group, Pending
from cachesim.engines.redis.stream_ids import read_bound, read_end, read_id, read_start, shown_id
from cachesim.engines.redis.stream_told import instant
from cachesim.engines.redis.stream_value import EntryStream
from cachesim.engines.redis.structure import value_in
from cachesim.engines.redis.t_stream import found_in, recounted
from cachesim.errors import CommandError

NO_KEY = (
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
    "the MKSTREAM option to create an empty stream automatically."
)
NO_GROUP = "NOGROUP No such consumer group '{}' for key name '{}'"
NEITHER = "NOGROUP No such key '{}' or consumer group '{}'"
MOST_OPTIONS = 3  # words of XGROUP CREATE behind the id


def no_such(error: str, *names: bytes) -> CommandError:
    """Return an error that names a key and a group."""
    return CommandError(error.format(*(quoted(name, len(name)) for name in names)))


def group_in(db: Keyspace, key: str, name: bytes) -> tuple[EntryStream, Group]:
    """Return a stream and its group, for a command that reads. Raises CommandError."""
    stream = found_in(db, key)
    group = None if stream is None else stream.group(name)
    if stream is None or group is None:
        raise no_such(NEITHER, as_bytes(key), name)
    return stream, group


def changed(db: Keyspace, key: str) -> EntryStream:
    """Return the stream that XGROUP changes. Raises CommandError."""
    stream = value_in(db.write(key), EntryStream)
    if stream is None:
        raise CommandError(NO_KEY)
    return stream


def changed_group(db: Keyspace, key: str, name: bytes) -> tuple[EntryStream, Group]:
    """Return the stream and the group that XGROUP changes. Raises CommandError."""
    stream = changed(db, key)
    group = stream.group(name)
    if group is None:
        raise no_such(NO_GROUP, name, as_bytes(key))
    return stream, group


def options_of(parts: tuple[bytes, ...], creates: bool) -> tuple[bool, int]:
    """Read MKSTREAM and ENTRIESREAD. Raises CommandError."""
    makes, read, words = False, UNKNOWN, list(parts)
    while words:
        name = text(words.pop(0)).upper()
        if name == "MKSTREAM" and creates:
            makes = True
        elif name == "ENTRIESREAD" and words:
            read = integer(words.pop(0))
            if read < UNKNOWN:
                raise CommandError("ERR value for ENTRIESREAD must be positive or -1")
        else:
            raise CommandError(WRONG_FORM)
    return makes, read


def group_create(db: Keyspace, key: str, name: bytes, part: bytes, *parts: bytes) -> Reply:
    """XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD n]."""
    makes, read = options_of(parts, creates=True)
    stream = value_in(db.write(key), EntryStream)
    if stream is None and not makes:
        raise CommandError(NO_KEY)
    if len(parts) > MOST_OPTIONS:
        raise CommandError(WRONG_FORM)
    id = (0 if stream is None else stream.last) if part == b"$" else read_id(part)
    if stream is None:
        stream = EntryStream(db)
        db.add(key, stream, stream.size)
    if stream.group(name) is not None:
        raise CommandError("BUSYGROUP Consumer Group name already exists")
    stream.add_group(name, id, read)
    recounted(db, key)
    db.event("t", "xgroup-create", key)
    return "OK"


def group_setid(db: Keyspace, key: str, name: bytes, part: bytes, *parts: bytes) -> Reply:
    """XGROUP SETID key group id | $ [ENTRIESREAD n]."""
    _, read = options_of(parts, creates=False)
    stream, group = changed_group(db, key, name)
    if len(parts) not in (0, 2):
        raise CommandError(WRONG_FORM)
    group.last, group.read = stream.last if part == b"$" else read_bound(part), read
    db.pass_on()
    db.event("t", "xgroup-setid", key)
    return "OK"


def group_destroy(db: Keyspace, key: str, name: bytes) -> Reply:
    """XGROUP DESTROY key group: whether it was there."""
    stream = changed(db, key)
    if stream.groups is None or name not in stream.groups:
        return 0
    stream.groups.drop(name)
    recounted(db, key)
    db.event("t", "xgroup-destroy", key)
    db.blocked.note(db.selected, key)
    return 1


def create_consumer(db: Keyspace, key: str, name: bytes, consumer: bytes) -> Reply:
    """XGROUP CREATECONSUMER key group consumer: whether it is new."""
    _, group = changed_group(db, key, name)
    if consumer in group.consumers:
        return 0
    group.consumer(consumer, instant(db))
    recounted(db, key)
    db.event("t", "xgroup-createconsumer", key)
    return 1


def delete_consumer(db: Keyspace, key: str, name: bytes, consumer: bytes) -> Reply:
    """XGROUP DELCONSUMER key group consumer: how much it had pending."""
    _, group = changed_group(db, key, name)
    pending = group.dismiss(consumer)
    if pending is None:
        return 0
    recounted(db, key)
    db.event("t", "xgroup-delconsumer", key)
    return pending


def xack(db: Keyspace, key: str, name: bytes, *parts: bytes) -> Reply:
    """XACK key group id [id ...]: how many were pending."""
    stream = found_in(db, key)
    group = None if stream is None else stream.group(name)
    if group is None:
        return 0
    ids = [read_id(part) for part in parts]
    count = sum(group.acknowledge(id) for id in ids)
    if count:
        recounted(db, key)
    return count


# What is pending


def xpending(db: Keyspace, key: str, name: bytes, *parts: bytes) -> Reply:
    """XPENDING key group [[IDLE milliseconds] start end count [consumer]]."""
    if not parts:
        return summary(group_in(db, key, name)[1])
    if not 3 <= len(parts) <= 6:
        raise CommandError(SYNTAX)
    idle, words = 0, list(parts)
    if text(words[0]).upper() == "IDLE":
        idle = integer(words[1])
        if len(words) < 5:
            raise CommandError(SYNTAX)
        del words[:2]
    count = max(0, integer(words[2]))
    first, last = read_start(words[0]), read_end(words[1])
    _, group = group_in(db, key, name)
    tree = group.pending
    if len(words) > 3:
        consumer = group.consumers.get(words[3])
        if consumer is None:
            return []
        tree = consumer.pending
    found = ((id, tree.entries[id]) for id in tree.entries.irange(first, last))
    old = (pair for pair in found if not idle or instant(db) - pair[1].when >= idle)
    return [described(db, *pair) for pair in islice(old, count)]


def summary(group: Group) -> Reply:
    """Return how much is pending, from which id to which, and for whom."""
    if not len(group.pending):
        return Nested([0, None, None, NULL_ARRAY])
    ids = group.pending.entries.keys()
    consumers = [
        [name, b"%d" % len(consumer.pending)]
        for name, consumer in group.consumers.items()
        if len(consumer.pending)
    ]
    return [len(ids), shown_id(ids[0]), shown_id(ids[-1]), consumers]


def described(db: Keyspace, id: int, pending: Pending) -> list[Any]:
    """Return a pending entry: its id, whose it is, for how long, and how often it was delivered."""
    name = b"" if pending.consumer is None else pending.consumer.name
    return [shown_id(id), name, max(0, instant(db) - pending.when), pending.count]


XGROUP_CREATES = "write denyoom"
COMMANDS = table(
    RedisCommand("XACK", "key argument argument [argument ...]", "write fast", xack),
    container("XGROUP"),
    RedisCommand(
        "XGROUP|CREATE", "key argument argument [option ...]", XGROUP_CREATES, group_create
    ),
    RedisCommand("XGROUP|CREATECONSUMER", "key argument argument", XGROUP_CREATES, create_consumer),
    RedisCommand("XGROUP|DELCONSUMER", "key argument argument", "write", delete_consumer),
    RedisCommand("XGROUP|DESTROY", "key argument", "write", group_destroy),
    helper("XGROUP", XGROUP),
    RedisCommand("XGROUP|SETID", "key argument argument [option ...]", "write", group_setid),
    RedisCommand("XPENDING", "key argument [argument ...]", "readonly", xpending),
)
