"""The sandbox: a process for a student's code. It can only answer, and it ends when the grader says so.

Three tiers, the first that this machine has: bubblewrap (its own namespaces, a read-only view of Python and nothing
else), Landlock with seccomp, or resource limits alone. In each the process ends with its grader, and when its time is
up.

Four limits end a test. The number of messages is counted first: it is the same in every run, on every machine. Memory
is the kernel's to refuse. CPU time and wall time are clocks, and a busy machine disturbs clocks:

- CPU time used up: tried again, alone; if it happens again, the code is to blame.
- wall time (owed.py): a process that sits there is to blame at once; one that could not run is tried again, alone, and
  if it happens again, nobody knows what the code is worth.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

from cachesim.errors import BadInput
from cachesim.grading.answers import LONGEST_LINE, AnswerError, ended, error_of, parsed, printed
from cachesim.grading.owed import Owed, state_of, waited_by
from cachesim.grading.parts import Part
from cachesim.grading.walls import (
    BOX,
    MIB,
    TIERS,
    Limits,
    Tier,
    needs,
    plan_of,
    python,
    walls,
)

__all__ = ["BOX", "MIB", "TIERS", "Box", "Limits", "NoSandbox", "Tier", "Unsettled", "box"]
__all__ += ["holds", "strongest"]

# Between two looks at the clock lie at most this share of the CPU limit, and at least so many seconds.
SELDOM, OFTEN = 0.25, 0.05


class NoSandbox(BadInput):
    """No sandbox as strong as asked for works on this machine."""


class Unsettled(AnswerError):
    """A failure for which the machine may be to blame; what is tried again, alone, ends in `then` if it comes again."""

    def __init__(self, then: str, message: str) -> None:
        super().__init__("grader trouble", message)
        self.then = then


class Box:
    """One running sandbox: `ask` it, then `close` it; nothing of it stays.

    `program` is a file of box/; it may open the files and folders in `shown`, for reading. The process ends when the
    thread that made it ends. `clock` gives the time in seconds.
    """

    def __init__(
        self,
        tier: Tier,
        limits: Limits,
        program: str = "runner.py",
        shown: Sequence[Path] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tier, self.limits = tier, limits
        self.late: AnswerError | None = None
        self.messages = 0
        self.parts: tuple[Part, ...] = ()  # that have been loaded
        self.output = ""  # what the code has printed, once the box is closed
        self._read = b""
        self.child = _started(tier, limits, program, shown)
        myself = threading.get_native_id()
        self.owed = Owed(
            limits.wall, clock, partial(state_of, self.child.pid), partial(waited_by, myself)
        )
        self.owed.begin()
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        try:
            self._watcher.start()
        except RuntimeError:  # no room for a thread
            self._kill()
            raise Unsettled("grader trouble", "the grader cannot start a thread") from None
        self.standing = self._greeted()

    def _greeted(self) -> list[str]:
        """Return the walls that stand inside; a sandbox that does not begin is closed at once."""
        try:
            standing: list[str] = self._receive()["walls"]
        except AnswerError:
            self.close()
            raise Unsettled("grader trouble", "the sandbox did not start") from None
        return standing

    def load(self, parts: Iterable[Part]) -> None:
        """Run the parts of a submission. Raises AnswerError."""
        self.parts = tuple(parts)
        self.ask(do="load", parts=self.parts)

    def ask(self, about: str = "", **message: Any) -> dict[str, Any]:
        """Send a message; return the answer. Raises AnswerError if there is none, or an error in the code.

        `about` is the class or the function that the message is about.
        """
        assert self.child.stdin is not None
        self.owed.begin()
        try:
            self.child.stdin.write(json.dumps(message).encode() + b"\n")
            self.child.stdin.flush()
        except OSError:
            raise self._gone() from None
        answer = self._receive()
        if "error" in answer:
            raise error_of(answer["error"], about, self.parts)
        return answer

    def _receive(self) -> dict[str, Any]:
        assert self.child.stdout is not None
        while b"\n" not in self._read:
            part = os.read(self.child.stdout.fileno(), 1 << 16)
            if not part:
                raise self._gone()
            self._read += part
            if len(self._read) > LONGEST_LINE:
                raise AnswerError("error", f"an answer is longer than {LONGEST_LINE:,} bytes")
        self.owed.end()
        line, _, self._read = self._read.partition(b"\n")
        self._count(line)
        return parsed(line)

    def _count(self, line: bytes) -> None:
        """Count a message; each list in it is an event that the code makes or waits for."""
        self.messages += 1 + line.count(b"[")
        if self.messages > self.limits.messages:
            raise AnswerError(
                "timed out",
                f"more than {self.limits.messages:,} messages and events: does a loop never end?",
            )

    # --- how it ends

    def _watch(self) -> None:
        """End the process when no time is left and it is asleep, or the machine is stuck."""
        left = self.limits.wall
        while not self._closed.wait(max(OFTEN, min(left, SELDOM * self.limits.cpu))):
            left = self.owed.left()
            if left <= 0 and (blame := self.owed.blame()) and not self._has_answered():
                self.late = _late(blame, self.owed)
                self._kill()
                return

    def _has_answered(self) -> bool:
        """Return whether there is something to read: then the grader is late, not the code."""
        assert self.child.stdout is not None
        if not hasattr(select, "poll"):  # Windows: pipes cannot be looked at
            return False
        poll = select.poll()
        poll.register(self.child.stdout, select.POLLIN)
        return any(what & select.POLLIN for _, what in poll.poll(0))

    def _gone(self) -> AnswerError:
        """Return why no answer comes any more. A process that lives on has closed its pipes; the watch ends it."""
        code, cpu = self._reaped()
        if self.late:
            return self.late
        signals = [getattr(signal, name, None) for name in ("SIGKILL", "SIGXCPU")]
        ended_by = next((n for n in signals if n in (-code, code - 128)), None)  # bwrap adds 128
        if ended_by is None:
            return ended(code, begun=bool(self.parts))
        # Rough, as the kernel's own count for this limit; bubblewrap may have ended without what was used inside.
        used = max(cpu, self.owed.cpu)
        if ended_by == signals[0] and used < self.limits.cpu / 2:
            return Unsettled("crashed", "the process was killed, as when memory is short")
        return Unsettled("timed out", f"no answer within {self.limits.cpu} s of CPU time")

    def _reaped(self) -> tuple[int, float]:
        """Wait for the end of the process; return its exit code, and the seconds of CPU time that it used."""
        if self.child.returncode is not None or not hasattr(os, "wait4"):
            return self.child.wait(), 0.0
        _, status, used = os.wait4(self.child.pid, 0)
        self.child.returncode = os.waitstatus_to_exitcode(status)
        return self.child.returncode, used.ru_utime + used.ru_stime

    def _kill(self) -> None:
        if not hasattr(os, "killpg"):  # Windows: no groups
            self.child.kill()
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and everything that it started."""
        self._closed.set()
        self._watcher.join()
        if self.child.returncode is None:
            self._kill()
            self.child.wait()
        pipes = [self.child.stdin, self.child.stdout, self.child.stderr]
        self.output = self.output or printed(pipes[2])
        for pipe in filter(None, pipes):
            with suppress(OSError):
                pipe.close()


def _late(blame: str, owed: Owed) -> AnswerError:
    """Return the error for a wall limit that was hit."""
    waited = f"no answer within {owed.limit:g} s of wall time"
    if blame == "code":
        return AnswerError("timed out", f"{waited}: the code sleeps, or waits for something")
    if blame == "unknown":
        return Unsettled("timed out", waited)
    return Unsettled(
        "grader trouble",
        f"the machine is too busy: no answer within {owed.total():.0f} s, because the code could hardly run; "
        "grade this submission again when there is less to do",
    )


def _started(
    tier: Tier, limits: Limits, program: str, shown: Sequence[Path]
) -> subprocess.Popen[bytes]:
    """Return the process behind its walls. Raises Unsettled if there is no room for one."""
    plan = json.dumps(plan_of(tier, limits, shown))
    # As -I, but for the seed of hashes, which environment() sets: the same code gives the same answers.
    flags = ["-P", "-s", "-S", "-B"]
    command = [*walls(tier, shown), python(), *flags, str(BOX / program), plan]
    try:
        return subprocess.Popen(
            command,
            env=environment(),
            cwd=BOX.anchor,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # what the code prints
            start_new_session=True,
        )
    except OSError as error:
        raise Unsettled("grader trouble", f"the sandbox did not start: {error.strerror}") from None


def environment() -> dict[str, str]:
    """Return the environment of the process: a seed for hashes, and what Windows needs to start any program."""
    kept = ("SYSTEMROOT",) if os.name == "nt" else ()
    return {"PYTHONHASHSEED": "0"} | {name: os.environ[name] for name in kept if name in os.environ}


@contextmanager
def box(tier: Tier, limits: Limits, parts: Iterable[Part]) -> Iterator[Box]:
    """Give a sandbox in which the parts of a submission have been run."""
    made = Box(tier, limits)
    try:
        made.load(parts)
        yield made
    finally:
        made.close()


# --- tiers


def strongest(lowest: Tier = "rlimits") -> Tier:
    """Return the strongest tier that holds here. Raises NoSandbox if it is weaker than `lowest`."""
    found = next(tier for tier in TIERS if holds(tier))
    if TIERS.index(found) > TIERS.index(lowest):
        raise NoSandbox(
            f"the strongest sandbox here is {found}, and at least {lowest} is required: install bubblewrap "
            "(Debian, Ubuntu: apt install bubblewrap), or give --accept-weak-isolation"
        )
    return found


@cache
def holds(tier: Tier) -> bool:
    """Return whether a tier works on this machine, by trying it."""
    if tier == "rlimits":
        return True
    if not sys.platform.startswith("linux") or (tier == "bwrap" and not shutil.which("bwrap")):
        return False
    try:
        tried = Box(tier, Limits())
    except AnswerError:
        return False
    tried.close()
    return needs(tier) <= set(tried.standing)
