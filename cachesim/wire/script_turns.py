"""Scripts that run long: they have a thread, which takes turns with the thread of all clients.

Only one of the two runs at any time, so nothing is shared. The clients' thread waits while a script
runs. A script that has run for longer than busy-reply-threshold lets it go on between two looks at
the clock (sandbox.lua): then the others hear BUSY, and SCRIPT KILL can end it.
"""

import threading
from collections.abc import Callable
from typing import Any

from cachesim.engines.redis.arguments import Arguments, wrong_number
from cachesim.engines.redis.command import RedisCommand, find
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.scripting import RUNS_SCRIPTS, busy
from cachesim.errors import CommandError
from cachesim.wire import transactions
from cachesim.wire.blocked import Blocked

Soon = Callable[[Callable[[], None]], object]


class RunsScript(Blocked):
    """The client's script has not ended yet."""

    counts = False

    def unblock(self, with_error: bool) -> bool:
        """Refuse: only the end of the script can do it."""
        return False


class ScriptTurns:
    """The thread of an engine's scripts.

    Parameters
    ----------
    engine : RedisEngine
        The engine.
    soon : callable
        Takes a function, and calls it in the clients' thread after they have had their turn.
    now : callable
        Gives wall time in seconds.
    """

    def __init__(self, engine: Any, soon: Soon, now: Callable[[], float]) -> None:
        self.engine, self.soon, self.now = engine, soon, now
        self.is_busy = False  # a script has run for too long, and runs on
        self._client: Any = None  # whose script it is
        self._work: Callable[[], Reply] = lambda: None
        self._began = 0.0  # seconds
        self._is_over = True
        self._outcome: tuple[Reply, BaseException | None] = None, None
        self._scripts_turn, self._clients_turn = threading.Semaphore(0), threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        engine.scripts.pause = self.pause

    def run(self, client: Any, row: RedisCommand, argv: Arguments) -> Reply:
        """Run a client's command with a script; if it takes long, the reply comes later."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name="scripts", daemon=True)
            self._thread.start()
        self._client, self._work = client, lambda: client.call(row, argv)
        self._began, self._is_over = self.now(), False
        self._hand_over()
        if not self._is_over:
            self.is_busy = True
            client.block(RunsScript(client))
            self.soon(self._go_on)
            return None
        reply, error = self._outcome
        if error is not None:
            raise error
        return reply

    def _hand_over(self) -> None:
        """Let the script run until it has ended, or has run for too long."""
        self._scripts_turn.release()
        self._clients_turn.acquire()

    def _go_on(self) -> None:
        """Let a busy script run on; if it has ended, its client gets the reply."""
        self._hand_over()
        if not self._is_over:
            self.soon(self._go_on)
            return
        self.is_busy = False
        reply, error = self._outcome
        if error is not None and not isinstance(error, Exception):
            raise error
        if self.engine.blocked.ready:
            self.engine.blocked.serve()
        if not self._client.over:
            self._client.late(reply if error is None else CommandError(str(error)))

    def _live(self) -> None:
        """Run one script after the other: the life of the thread."""
        while True:
            self._scripts_turn.acquire()
            try:
                self._outcome = self._work(), None
            except BaseException as error:
                self._outcome = None, error
            self._is_over = True
            self._clients_turn.release()

    def pause(self) -> None:
        """Give the turn to the clients if the script has run for too long: it is called in its thread."""
        limit = self.engine.busy_reply_threshold / 1000
        if not self.is_busy and (limit == 0 or self.now() - self._began < limit):
            return
        self._clients_turn.release()
        self._scripts_turn.acquire()


def runs_script(client: Any, row: RedisCommand) -> bool:
    """Whether a command runs scripts: EVAL and its kin, and EXEC with one of them."""
    if row.name != "EXEC":
        return row.name in RUNS_SCRIPTS
    queue = client.queue
    return queue is not None and any(each.name in RUNS_SCRIPTS for each, _ in queue.commands)


def refuse_while_busy(client: Any, argv: Arguments) -> None:
    """Raise CommandError for a command that must wait until the busy script has ended."""
    # redis 7: server.c, processCommand and rejectCommand
    row = find(client.known, argv)
    if not row.takes(argv):
        raise wrong_number(row.name)
    if "allow_busy" in row.flags and (
        row.name != "SHUTDOWN" or b"NOSAVE" in map(bytes.upper, argv)
    ):
        return
    tally = client.engine.tally
    why = busy(client.engine.scripts.running)
    tally.rejected[row.name] += 1
    if row.name == "EXEC" and client.queue is not None:
        transactions.forget(client)
        tally.note_error("EXECABORT")
        raise CommandError(f"EXECABORT Transaction discarded because of: {why}")
    if client.queue is not None:
        client.queue.has_failed = True
    tally.note_error(why)
    raise CommandError(why)
