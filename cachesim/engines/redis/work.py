"""What a command asks of its node, by its row of the table: keys to look at, bytes to store and to reply."""

from collections.abc import Mapping
from typing import Any

from cachesim.engines.base import Work
from cachesim.engines.redis.command import Arguments, Command, Reply, argument, lookup
from cachesim.engines.redis.db import Entry, Keyspace
from cachesim.errors import CommandError


class Peek:
    """A keyspace seen without a trace: no use of a key, no hit, no expiry, no random draw."""

    def __init__(self, db: Keyspace) -> None:
        self._db = db

    def __getattr__(self, name: str) -> Any:
        """Look the attribute up in the keyspace."""
        return getattr(self._db, name)

    def find(self, key: str) -> Entry | None:
        """Return the entry of a key, dead or alive."""
        return self._db.keys.nodes.get(key)

    def read(self, key: str, touch: bool = True) -> Entry | None:
        """Return the same."""
        return self.find(key)

    def random(self) -> float:
        """Return the middle. SIMPLIFIED: HRANDFIELD will draw other fields."""
        return 0.5


def work(table: Mapping[str, Command], db: Keyspace, command: tuple[Any, ...]) -> Work | None:
    """Return the work that a command would ask of its node now; None of a command that is wrong.

    A key that is looked up, a number and a status have no bytes.

    >>> from cachesim.engines.redis.engine import COMMANDS, Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.set("a", b"one")
    >>> engine.set("b", b"three")
    >>> work(COMMANDS, engine, ("MGET", "a", "b")), work(COMMANDS, engine, ("KEYS", "c*"))
    (Work(keys=2, bytes=8), Work(keys=2, bytes=0))
    """
    argv = [argument(part) for part in command]
    try:
        row = table[lookup(table, argv)] if argv else None
        return of_row(row, db, argv) if row and row.takes(argv) else None
    except CommandError:
        return None


def of_row(row: Command, db: Keyspace, argv: Arguments) -> Work:
    """Return the work of a command with the right number of arguments. Raises CommandError, as the command will."""
    keys = row.walks(db, argv) if row.walks else len(row.keys.of(argv))
    stored = sum(map(len, row.data.of(argv)))
    replied = bulk(row.replies(Peek(db), argv)) if row.replies else 0
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
