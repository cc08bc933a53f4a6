"""What the replicas are told of a group: what it has delivered, not the command that did it (redis 7: t_stream.c)."""

from typing import Any

from cachesim.engines.base import Command
from cachesim.engines.redis.arguments import Arguments, argument
from cachesim.engines.redis.db import unix_milliseconds
from cachesim.engines.redis.stream_group import Consumer, Group, Pending
from cachesim.engines.redis.stream_ids import shown_id


def instant(db: Any) -> int:
    """Return the time in milliseconds of Unix time, also while a replica runs what its primary sent."""
    return unix_milliseconds(db.clock())


class Teller:
    """Notes what a command does to a group, in the commands that a replica runs instead of it."""

    def __init__(self, db: Any, key: str, name: bytes, group: Group) -> None:
        self.db, self.key, self.name, self.group = db, key, name, group

    def consumer(self, name: bytes, is_told: bool = False) -> Consumer:
        """Return a consumer that asks for something; it may be new, and then that may be told."""
        if name not in self.group.consumers:
            self.db.event("t", "xgroup-createconsumer", self.key)
            self.db.pass_on()
            if is_told:
                self._tell("XGROUP", "CREATECONSUMER", self.key, self.name, name)
        return self.group.consumer(name, instant(self.db))

    def claim(self, id: int, pending: Pending, part: bytes = b"") -> None:
        """Tell who has an entry pending; `part` is its id as the client wrote it."""
        # redis 7: streamPropagateXCLAIM
        assert pending.consumer is not None
        shown = part or shown_id(id)
        head = ("XCLAIM", self.key, self.name, pending.consumer.name, "0", shown)
        state = ("TIME", pending.when, "RETRYCOUNT", pending.count, "FORCE", "JUSTID")
        self._tell(*head, *state, "LASTID", shown_id(self.group.last))

    def position(self) -> None:
        """Tell how far the group has read."""
        # redis 7: streamPropagateGroupID
        to = shown_id(self.group.last)
        self._tell("XGROUP", "SETID", self.key, self.name, to, "ENTRIESREAD", self.group.read)

    def _tell(self, *command: Any) -> None:
        self.db.instead.append(tuple(map(argument, command)))  # bytes, as a client's command
        self.db.pass_on()


def instead(db: Any, argv: Arguments, reply: Any) -> list[Command]:
    """Return the commands that were noted: they are propagated, and not the command itself."""
    commands: list[Command] = list(db.instead)
    return commands
