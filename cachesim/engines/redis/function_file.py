"""FUNCTION DUMP and FUNCTION RESTORE: all libraries as bytes that any server can load again.

Their text is in an RDB file, too: rdb.py writes it, and rdb_load.py reads it (redis 7: functions.c).
"""

from typing import Any

from cachesim.engines.redis.arguments import WRONG_FORM
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.dumped import DAMAGED, TAIL, VERSION, is_whole
from cachesim.engines.redis.functions import Functions
from cachesim.engines.redis.rdb import libraries_of
from cachesim.engines.redis.rdb_load import FUNCTION
from cachesim.engines.redis.rdb_parts import crc64
from cachesim.engines.redis.rdb_reader import RdbReader
from cachesim.engines.redis.reply import Reply
from cachesim.errors import BadInput, CommandError

POLICIES = (b"APPEND", b"REPLACE", b"FLUSH")
BAD_POLICY = "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."


def function_dump(db: Any) -> Reply:
    """FUNCTION DUMP: the text of all libraries."""  # noqa: D401
    payload = b"".join(libraries_of(db)) + VERSION
    return payload + crc64(payload).to_bytes(8, "little")


def function_restore(db: Any, payload: bytes, *policies: bytes) -> Reply:
    """FUNCTION RESTORE payload [APPEND | REPLACE | FLUSH]: load all of its libraries, or none."""  # noqa: D401
    if len(policies) > 1:
        raise CommandError(WRONG_FORM)
    (policy,) = policies or POLICIES[:1]
    if policy.upper() not in POLICIES:
        raise CommandError(BAD_POLICY)
    if not is_whole(payload):
        raise CommandError(DAMAGED)
    new = Functions(db)
    for code in codes_in(payload[:-TAIL]):
        new.load(code, replace=False)
    if policy.upper() == b"FLUSH":
        db.functions = new
    else:
        db.functions.join(new, replace=policy.upper() == b"REPLACE")
    db.pass_on()
    return "OK"


def codes_in(payload: bytes) -> list[bytes]:
    """Read the texts of libraries. Raises CommandError."""
    reader, found = RdbReader(payload), []
    while reader.at < len(payload):
        if reader.byte() != FUNCTION:
            raise CommandError("ERR given type is not a function")
        try:
            found.append(reader.text())
        except BadInput:
            raise CommandError("ERR Failed loading library data") from None
    return found


COMMANDS = table(
    RedisCommand("FUNCTION|DUMP", "", "noscript", function_dump),
    RedisCommand(
        "FUNCTION|RESTORE", "value [option ...]", "write denyoom noscript", function_restore
    ),
)
