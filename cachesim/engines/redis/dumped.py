"""DUMP, RESTORE: a value as bytes that any server can load again (redis 7: cluster.c)."""

from typing import Any

from cachesim.engines.base import INVALIDATED
from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.policy import LFU_HIGHEST
from cachesim.engines.redis.rdb import value_form
from cachesim.engines.redis.rdb_load import LoadedKey, install, value_of
from cachesim.engines.redis.rdb_parts import crc64
from cachesim.engines.redis.rdb_reader import RdbReader
from cachesim.engines.redis.reply import Reply
from cachesim.errors import BadInput, CommandError

VERSION = (10).to_bytes(2, "little")  # of the RDB files of redis 7.0
TAIL = 10  # bytes of version and checksum
DAMAGED = "ERR DUMP payload version or checksum are wrong"
BAD_FORMAT = "ERR Bad data format"
OTHER = {"IDLETIME": "FREQ", "FREQ": "IDLETIME"}  # of these two options only one may be given
BUSY = "BUSYKEY Target key name already exists."


def dump(db: Keyspace, key: str) -> Reply:
    """DUMP key: its value, without its TTL."""
    entry = db.read(key)
    return None if entry is None else payload_of(entry.value)


def payload_of(value: Any) -> bytes:
    """Write a value with the version and the checksum behind it."""
    payload = value_form(value) + VERSION
    return payload + crc64(payload).to_bytes(8, "little")


def restore(db: Keyspace, key: str, part: bytes, payload: bytes, *options: bytes) -> Reply:
    """RESTORE key milliseconds payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ counter]."""
    given = read_options(options)
    if "REPLACE" not in given and db.find(key) is not None:
        raise CommandError(BUSY)
    ttl = integer(part)
    if ttl < 0:
        raise CommandError("ERR Invalid TTL value, must be >= 0")
    if not is_whole(payload):
        raise CommandError(DAMAGED)
    reader = RdbReader(payload[:-TAIL])
    try:
        value = value_of(reader, db, reader.byte())
    except BadInput:
        raise CommandError(BAD_FORMAT) from None
    when = None if not ttl else ttl if "ABSTTL" in given else db.now + ttl
    if when is not None and when <= db.now:
        old = db.table.entries.get(key)
        if old is not None:
            db.remove(old, INVALIDATED)
            db.event("g", "del", key)
        return "OK"
    idle, uses = given.get("IDLETIME"), given.get("FREQ")
    install(db, LoadedKey(db.selected, key, value, when, idle, uses))
    db.event("g", "restore", key)
    return "OK"


def read_options(options: tuple[bytes, ...]) -> dict[str, int]:
    """Read the options of RESTORE. Raises CommandError."""
    given, words = {}, iter(options)
    for part in words:
        name = text(part).upper()
        if name in ("REPLACE", "ABSTTL"):
            given[name] = 1
            continue
        value = next(words, None)
        if value is None or name not in OTHER or OTHER[name] in given:
            raise CommandError(SYNTAX)
        given[name] = integer(value)
        if given[name] < 0 and name == "IDLETIME":
            raise CommandError("ERR Invalid IDLETIME value, must be >= 0")
        if not 0 <= given[name] <= LFU_HIGHEST and name == "FREQ":
            raise CommandError("ERR Invalid FREQ value, must be >= 0 and <= 255")
    return given


def is_whole(payload: bytes) -> bool:
    """Whether a payload is of a version that can be read, and undamaged."""
    if len(payload) < TAIL or int.from_bytes(payload[-TAIL:-8], "little") > VERSION[0]:
        return False
    return payload[-8:] in (bytes(8), crc64(payload[:-8]).to_bytes(8, "little"))


def restored(db: Keyspace, argv: list[bytes], reply: Reply) -> tuple[object, ...]:
    """Propagate RESTORE with a date instead of a time; DEL if that is over already."""
    name, key, part, payload, *options = argv
    entry = db.table.entries.get(text(key))
    if entry is None:
        return ("DEL", key)
    if not integer(part) or any(word.upper() == b"ABSTTL" for word in options):
        return tuple(argv)
    return (name, key, entry.when, payload, *options, b"ABSTTL")


COMMANDS = table(
    RedisCommand("DUMP", "key", "readonly", dump, replies=dump),
    RedisCommand(
        "RESTORE", "key argument value [option ...]", "write denyoom", restore, propagates=restored
    ),
)
