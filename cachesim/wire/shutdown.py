"""How a server ends: SHUTDOWN, and a signal; the last snapshot is written first."""

from typing import Any

from cachesim.engines.redis.arguments import SYNTAX
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.engine import RedisEngine
from cachesim.engines.redis.persistence import shut_down
from cachesim.engines.redis.reply import Reply
from cachesim.errors import BadInput, CommandError


def shutdown(client: Any, *parts: bytes) -> Reply:
    """SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]: the server saves and ends without a reply."""
    asked = {part.upper() for part in parts}
    if asked - {b"NOSAVE", b"SAVE", b"NOW", b"FORCE", b"ABORT"} or {b"SAVE", b"NOSAVE"} <= asked:
        raise CommandError(SYNTAX)
    if b"ABORT" in asked:
        raise CommandError(SYNTAX if len(asked) > 1 else "ERR No shutdown in progress.")
    if isinstance(client.engine, RedisEngine):
        saves = b"SAVE" in asked or (
            bool(client.engine.snapshots.points) and b"NOSAVE" not in asked
        )
        try:
            shut_down(client.engine, saves)
        except OSError:
            if b"FORCE" not in asked:
                raise CommandError("ERR Errors trying to SHUTDOWN. Check logs.") from None
    client.clients.shut_down = client.clients.has_news = client.over = True
    client.silent = True
    return None


def end_of(engine: Any) -> None:
    """Write the last snapshot, if there are save points: a signal ends the server. Raises BadInput."""
    if isinstance(engine, RedisEngine):
        try:
            shut_down(engine, bool(engine.snapshots.points))
        except OSError as error:
            raise BadInput(
                f"the last snapshot could not be written to {engine.disk.folder}: {error.strerror}; "
                "the file that was there is as it was"
            ) from None


SHUT = "admin noscript loading stale no_multi allow_busy"
COMMANDS = table(RedisCommand("SHUTDOWN", "[option ...]", SHUT, shutdown))
