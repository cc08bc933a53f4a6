"""Commands that run together, with nothing in between: a transaction, or a script (redis 7: multi.c)."""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager

from cachesim.engines.redis.command import OOM
from cachesim.engines.redis.db import Keyspace
from cachesim.errors import CommandError


class Together(Keyspace):
    """The part of the engine that runs them as one. engine.py has `begin`."""

    def begin(self, argv: Sequence[bytes] = ()) -> bool:
        """Let time pass, expire and evict. True if there is room to store."""
        raise NotImplementedError

    def admit_all(self, flags: Set[str]) -> None:
        """Prepare for a transaction whose commands have these flags together. Raises CommandError."""
        if not self.begin() and "denyoom" in flags:
            raise self.aborted(OOM)

    def aborted(self, why: str) -> CommandError:
        """Return the error of a transaction that may not run, and count it."""
        self.tally.note_error("EXECABORT")
        self.tally.rejected["EXEC"] += 1
        return CommandError(f"EXECABORT Transaction discarded because of: {why}")

    @contextmanager
    def as_one(self, name: str) -> Iterator[None]:
        """Let what is called meanwhile be one command for the replicas; here there are none."""
        self.is_in_exec = True
        try:
            yield
        finally:
            self.is_in_exec = False
