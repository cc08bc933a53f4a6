"""One redis-server of a fleet: it works when it is its turn, at the time of the fleet."""

import os
import select
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cachesim.engines.redis.arguments import argument
from cachesim.errors import BadInput
from cachesim.live.process import ServerProcess, find_program
from cachesim.live.redis_server import PACKAGE
from cachesim.live.resp import RespReader, as_request, version_in

PORT = 6379
SETTINGS = {
    "port": PORT,
    "protected-mode": "no",  # its network is the loopback device
    "save": "",
    "hz": 10,
    "dynamic-hz": "no",
    "jemalloc-bg-thread": "no",
    "latency-tracking": "no",
    "repl-diskless-sync-delay": 0,
}
ENDED = "ZX"  # states of a process that has ended; its parent has not yet looked


class RedisNode(RespReader):
    """A running redis-server with one client, over a unix socket.

    Parameters
    ----------
    number : int
        From 2 to 63: the last part of its address. A partition names servers by it.
    network : str
        The first three parts of its address, such as "127.1.1".
    settings : mapping
        Settings of redis.conf, by name, beside those that every node has.
    home : Path
        Its folder. A node that starts again finds its cluster there.
    start : int
        The time at its start, in nanoseconds of Unix time.
    after : function
        Called after each command: what the command sent to others is under way at once.
    """

    def __init__(
        self,
        number: int,
        network: str,
        settings: Mapping[str, object],
        home: Path,
        *,
        start: int,
        seed: int,
        after: Callable[[], object],
    ) -> None:
        self.number, self.address = number, f"{network}.{number}"
        self._settings, self._after = settings, after
        self.is_frozen = False
        self._ended = 0  # how many of its children have ended
        self.process = ServerProcess(self._command, start=start, seed=seed, home=home)
        self.pid = self.process.child.pid
        self.version = version_in(self.call("HELLO", 3))

    def _command(self, path: str) -> list[str]:
        own = {"bind": self.address, "bind-source-addr": self.address, "unixsocket": path}
        settings = {**SETTINGS, **own, **self._settings}
        options = (part for name, value in settings.items() for part in (f"--{name}", str(value)))
        return [find_program("redis-server", PACKAGE), *options]

    # --- turns

    @property
    def lives(self) -> bool:
        """Whether it runs; a frozen node lives."""
        return not self.process.output.closed

    @property
    def works(self) -> bool:
        """Whether it takes turns: it is neither crashed nor frozen."""
        return self.lives and not self.is_frozen

    def turn(self) -> bool:
        """Work once. True if there was something to do, or if a child of the server works."""
        clock = self.process.clock
        assert clock is not None
        before = clock.events
        self.process.turn()
        return clock.events != before or (clock.forks > self._ended and self._has_children())

    def _has_children(self) -> bool:
        """Whether a child works. Those that have ended are not looked at again."""
        forks = self.process.clock.forks if self.process.clock is not None else 0
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for child in children:
            with suppress(OSError):  # it has just ended
                state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
                if state not in ENDED:
                    return True
        self._ended = forks
        return False

    def store(self, now: int) -> None:
        """Set the time; its timers run at its next turn."""
        if self.lives and self.process.clock is not None:
            self.process.clock.store(now)

    def block(self, numbers: set[int]) -> None:
        """Cut it off from the nodes with these numbers."""
        if self.lives and self.process.clock is not None:
            self.process.clock.block(sum(1 << number for number in numbers))

    # --- faults

    def crash(self) -> None:
        """Kill the process; its memory is gone."""
        self.process.close()

    close = crash

    def freeze(self) -> None:
        """Stop the process; the kernel goes on to acknowledge what arrives."""
        os.kill(self.pid, signal.SIGSTOP)
        self.is_frozen = True

    def thaw(self) -> None:
        """Let a frozen process continue."""
        os.kill(self.pid, signal.SIGCONT)
        self.is_frozen = False

    # --- commands

    def call(self, *command: Any) -> Any:
        """Run a command in one turn. Return its reply or raise its error.

        Raises
        ------
        BadInput
            The node does not work, or the command waits for something (WAIT): use `ask` and
            `reply`, and let time pass between them.
        """
        self.ask(*command)
        if not self.has_answered():
            raise BadInput(f"{command[0]} waits: ask(...), then fleet.settle(), then reply()")
        return self.reply()

    def ask(self, *command: Any) -> None:
        """Send a command and let the node work once, whether it answers or not."""
        if not self.works:
            state = "is frozen" if self.lives else "has crashed"
            raise BadInput(f"node {self.number} {state} and takes no commands; thaw or restart it")
        self.process.send(as_request(map(argument, command)))
        self.process.turn()
        self._after()

    def has_answered(self) -> bool:
        """Whether a reply is there."""
        return bool(select.select([self.process.socket], [], [], 0)[0])

    def info(self, section: str = "replication") -> dict[str, str]:
        """Ask for a section of INFO: name -> text."""
        lines = self.call("INFO", section).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)
