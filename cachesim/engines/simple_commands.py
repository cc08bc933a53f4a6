"""The few commands of Simple, by name: what `execute` runs, and the work that each asks of a node."""

import math
from typing import Any

from cachesim.engines.base import Command, Engine, Entry, Work
from cachesim.errors import CommandError


class SimpleCommands(Engine):
    """Commands on top of the plain calls that SimpleEngine adds."""

    def alive(self, key: str) -> Entry | None:
        """Return the key's entry, if its time is not up."""
        raise NotImplementedError

    def work(self, command: Command) -> Work:
        """Return the work that a command would ask of its node: GET sends a value, SET stores one."""
        match _normal(command):
            case ["GET", str(key)]:
                return Work(bytes=self.held_bytes(key))
            case ["SET", str(), bytes(value), *_]:
                return Work(bytes=len(value))
            case ["FLUSHALL"]:
                return Work(keys=max(1, len(self)))
        return Work()

    def execute(self, command: Command) -> Any:
        """Run a command. TTL answers in seconds: inf without a TTL, None without the key.

        Raises
        ------
        CommandError
            Another command, or the wrong arguments.
        """
        match _normal(command):
            case ["GET", str(key)]:
                return self.get(key)
            case ["SET", str(key), bytes(value)]:
                return self.set(key, value)
            case ["SET", str(key), bytes(value), str(option), seconds] if option.upper() == "EX":
                return self.set(key, value, _seconds(seconds))
            case ["DEL", str(key)]:
                return self.delete(key)
            case ["EXISTS", str(key)]:
                return self.alive(key) is not None
            case ["TTL", str(key)]:
                return None if (entry := self.alive(key)) is None else entry.expires - self.clock()
            case ["DBSIZE"]:
                return len(self)
            case ["FLUSHALL"]:
                return self.flush()
        raise CommandError(
            f"Simple does not know {' '.join(map(str, command))!r}; it has GET key, SET key bytes [EX seconds], "
            "DEL key, EXISTS key, TTL key, DBSIZE, FLUSHALL"
        )


def _normal(command: Command) -> list[Any]:
    """Return the command with its name in capital letters."""
    return [str(command[0]).upper() if command else "", *command[1:]]


def _seconds(given: Any) -> float:
    """Return the TTL that a command names."""
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        seconds = math.nan
    if not seconds > 0:
        raise CommandError(f"EX must be followed by seconds > 0, got {given!r}")
    return seconds
