"""The server's counts of commands: INFO's commandstats and errorstats, CONFIG RESETSTAT."""

from collections import Counter
from typing import NamedTuple


class ClientBytes(NamedTuple):
    """What the clients of a server take, in bytes; without a server there are none."""

    normal: int = 0  # all that are no replicas
    replicas: int = 0  # what replicas have not read, beyond the backlog: evicts no keys


class Counts(dict[str, int]):
    """Counts by name, 0 for any other name. A Counter does the same, and counts at half the speed.

    >>> counts = Counts()
    >>> counts["GET"] += 1
    >>> counts["GET"], counts["SET"], counts.total()
    (1, 0, 1)
    """

    def __missing__(self, name: str) -> int:
        """Nothing was counted under this name."""
        return 0

    def total(self) -> int:
        """Add all counts up."""
        return sum(self.values())


class Tally:
    """Counts since the start, or since the last reset."""

    def __init__(self) -> None:
        self.calls = Counts()  # by command, "OBJECT|FREQ" for a subcommand
        self.rejected = Counts()  # not run: a wrong number of arguments, no memory
        self.failed = Counts()  # run, and answered with an error
        self.errors = Counts()  # by the error's first word
        self.syncs = Counts()  # replicas that came: full, partial_ok, partial_err
        self.before: Counter[str] = Counter()  # the engine's own counters at the reset

    @property
    def commands(self) -> int:
        """How many commands were run."""
        return self.calls.total()

    def note_error(self, error: str) -> None:
        """Count an error reply (redis 7: networking.c, afterErrorReply)."""
        self.errors[error.split(" ", 1)[0]] += 1

    def reset(self, counters: dict[str, int]) -> None:
        """Count from 0 again. `counters` are the engine's own: INFO shows them minus these."""
        for count in (self.calls, self.rejected, self.failed, self.errors, self.syncs):
            count.clear()
        self.before = Counter(counters)
