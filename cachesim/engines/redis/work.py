"""The cost of a command on its node, by its row: keys looked at, bytes stored, bytes replied."""

from typing import Any

from cachesim.engines.base import Work
from cachesim.engines.redis.arguments import Arguments, argument
from cachesim.engines.redis.command import RedisCommand, Table, find
from cachesim.engines.redis.database import KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.reply import Reply
from cachesim.errors import CommandError


class Peek:
    """A view of a keyspace that changes nothing: no use of a key, no hit, no expiry, no random draw."""

    def __init__(self, db: Keyspace) -> None:
        self._db = db

    def __getattr__(self, name: str) -> Any:
        """Look the attribute up in the keyspace."""
        return getattr(self._db, name)

    def find(self, key: str) -> KeyEntry | None:
        """Return the entry of a key, dead or alive."""
        return self._db.table.entries.get(key)

    def read(self, key: str, touch: bool = True, tells: bool = True) -> KeyEntry | None:
        """Return the same."""
        return self.find(key)

    def random(self) -> float:
        """Return 0.5. SIMPLIFIED: the real HRANDFIELD draws other fields."""
        return 0.5


def work(table: Table, db: Keyspace, command: tuple[Any, ...]) -> Work | None:
    """Return the work that a command would ask of its node now; None if the command is wrong.

    A key that is looked up, a number and a status have no bytes.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.set("a", b"one")
    >>> engine.set("b", b"three")
    >>> work(engine.commands, engine, ("MGET", "a", "b")), engine.work(("KEYS", "c*"))
    (Work(keys=2, bytes=8), Work(keys=2, bytes=0))
    """
    argv = [argument(part) for part in command]
    try:
        row = find(table, argv) if argv else None
        return of_row(row, db, argv) if row and row.takes(argv) else None
    except CommandError:
        return None


def of_row(row: RedisCommand, db: Keyspace, argv: Arguments) -> Work:
    """Return the work of a command. Raises CommandError if its arguments are wrong."""
    arguments = row.read(argv) if row.walks or row.replies else []
    keys = row.walks(db, *arguments) if row.walks else len(row.keys.of(argv))
    stored = sum(map(len, row.stored.of(argv)))
    replied = bulk(row.replies(Peek(db), *arguments)) if row.replies else 0
    return Work(max(1, keys), stored + replied)


def bulk(reply: Reply) -> int:
    """Return the bytes of the strings in a reply.

    >>> bulk({b"name": b"Ada"}), bulk([b"abc", None, 7]), bulk("OK")
    (7, 3, 0)
    """
    if isinstance(reply, bytes):
        return len(reply)
    if isinstance(reply, dict):
        return bulk(list(reply)) + bulk(list(reply.values()))
    return sum(map(bulk, reply)) if isinstance(reply, list | set) else 0
