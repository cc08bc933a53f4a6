"""The sandbox: a process for a student's code that can do nothing but answer, and that ends when told to.

Three tiers, the first that this machine has: bubblewrap (its own namespaces, a read-only view of Python and nothing
else), Landlock with seccomp, or resource limits alone. In each the process group is killed when its time is up.

References
----------
bubblewrap: bwrap(1). Linux: landlock(7), seccomp(2).
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.answers import LONGEST_LINE, AnswerError, ended, error_of, parsed, printed
from cachesim.grading.parts import Part

Tier = Literal["bwrap", "landlock", "rlimits"]
TIERS: tuple[Tier, ...] = ("bwrap", "landlock", "rlimits")
BOX = Path(__file__).with_name("box")
MIB = 1 << 20


class Limits(NamedTuple):
    """What one test may use."""

    cpu: int = 5  # seconds
    wall: float = 20.0  # seconds
    memory: int = 1024 * MIB  # bytes of address space


class NoSandbox(BadInput):
    """No sandbox as strong as asked for works on this machine."""


class Box:
    """One running sandbox: `ask` it, then `close` it; nothing of it stays.

    `program` is a file of box/; it may open the files and folders in `shown`, for reading.
    """

    def __init__(
        self, tier: Tier, limits: Limits, program: str = "runner.py", shown: Sequence[Path] = ()
    ) -> None:
        self.tier, self.limits = tier, limits
        self.is_late = False
        self.parts: tuple[Part, ...] = ()  # that have been loaded
        self.output = ""  # what the code has printed, once the box is closed
        plan = json.dumps(plan_of(tier, limits, shown))
        command = [*walls(tier, shown), python(), "-I", "-S", str(BOX / program), plan]
        self.child = subprocess.Popen(
            command,
            env=environment(),
            cwd=BOX.anchor,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # what the code prints
            start_new_session=True,
        )
        self._watch = threading.Timer(limits.wall, self._end_late)
        self._watch.daemon = True
        self._watch.start()
        self._read = b""
        self.standing = self._greeted()

    def _greeted(self) -> list[str]:
        """Return the walls that stand inside; a sandbox that does not begin is closed at once."""
        try:
            standing: list[str] = self._receive()["walls"]
        except AnswerError:
            self.close()
            raise
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
        line, _, self._read = self._read.partition(b"\n")
        return parsed(line)

    def _gone(self) -> AnswerError:
        self._kill()
        code = self.child.wait()
        cpu = {getattr(signal, name) for name in ("SIGXCPU", "SIGKILL") if hasattr(signal, name)}
        if self.is_late or -code in cpu or code - 128 in cpu:
            return AnswerError("timed out", f"no answer within {self.limits.cpu} s of CPU time")
        return ended(code, begun=bool(self.parts))

    def _end_late(self) -> None:
        self.is_late = True
        self._kill()

    def _kill(self) -> None:
        if not hasattr(os, "killpg"):  # Windows: no groups
            self.child.kill()
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and everything that it started."""
        self._watch.cancel()
        self._kill()
        self.child.wait()
        pipes = [self.child.stdin, self.child.stdout, self.child.stderr]
        self.output = self.output or printed(pipes[2])
        for pipe in filter(None, pipes):
            with suppress(OSError):
                pipe.close()


def environment() -> dict[str, str]:
    """Return the environment of the process inside: empty, but for what Windows needs to start any program."""
    kept = ("SYSTEMROOT",) if os.name == "nt" else ()
    return {name: os.environ[name] for name in kept if name in os.environ}


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
    except (AnswerError, OSError):
        return False
    tried.close()
    return needs(tier) <= set(tried.standing)


def needs(tier: Tier) -> set[str]:
    """Return the walls that must stand inside, for a tier to hold."""
    return {"bwrap": {"seccomp"}, "landlock": {"seccomp", "landlock"}, "rlimits": set()}[tier]


def plan_of(tier: Tier, limits: Limits, shown: Sequence[Path] = ()) -> dict[str, Any]:
    """Return what the process inside is to give up by itself."""
    return {
        "cpu": limits.cpu,
        "memory": limits.memory,
        "landlock": tier == "landlock",
        "seccomp": tier != "rlimits",
        "drop_root": tier != "bwrap" and is_root() and _others_may_read(),
        "readable": [str(p) for p in (*readable(), *shown)] if tier == "landlock" else [],
    }


def is_root() -> bool:
    """Return whether this is the user who may do everything."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def python() -> str:
    """Return the interpreter itself, not the link of a virtual environment."""
    return os.path.realpath(sys.executable)


@cache
def folders() -> list[Path]:
    """Return what Python needs to start: its binary, its standard library, the system's libraries, the box."""
    known = sysconfig.get_config_var
    system = [
        f"/usr/lib/{known('MULTIARCH')}",
        "/usr/lib64",
        f"/lib/{known('MULTIARCH')}",
        "/lib64",
    ]
    own = list(Path(known("LIBDIR") or "/usr/lib").glob("libpython*.so*"))
    paths = map(str, [python(), sysconfig.get_path("stdlib"), *own, *system, BOX])
    return _outermost(Path(path).resolve() for path in paths if os.path.exists(path))


@cache
def hidden() -> list[Path]:
    """Return the folders among those where packages are installed: this toolkit, and its answers, may be there."""
    return [
        path
        for folder in folders()
        if folder.is_dir() and folder != BOX
        for path in folder.iterdir()
        if path.name in {"site-packages", "dist-packages"}
        or (path.name.startswith("python") and path.is_dir())
    ]


@cache
def readable() -> list[Path]:
    """Return what may be opened, without what is hidden: Landlock can only allow."""
    parts = {path.parent for path in hidden()}
    return [
        path
        for folder in folders()
        for path in (folder.iterdir() if folder in parts else [folder])
        if path not in hidden() and path.exists()
    ]


def _outermost(paths: Iterable[Path]) -> list[Path]:
    chosen: list[Path] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(other) for other in chosen):
            chosen.append(path)
    return chosen


def _others_may_read() -> bool:
    """Return whether a user without rights can reach the interpreter (not if it lies in root's home)."""
    reached = [Path(python()), BOX, Path(sysconfig.get_path("stdlib"))]
    return all(path.stat().st_mode & 0o001 for end in reached for path in [end, *end.parents])


BWRAP = "--unshare-all --die-with-parent --new-session --clearenv --proc /proc --dev /dev"
FROZEN = "--remount-ro /dev --remount-ro / --chdir / --"


def walls(tier: Tier, shown: Sequence[Path] = ()) -> list[str]:
    """Return the command that puts a process behind bubblewrap's walls; nothing for the other tiers."""
    if tier != "bwrap":
        return []
    paths = map(str, (*folders(), *shown))
    seen = [part for path in paths for part in ("--ro-bind", path, path)]
    for path in hidden():
        seen += ["--tmpfs", str(path), "--remount-ro", str(path)]
    for name in ("/lib", "/lib64"):
        if os.path.islink(name):  # the loader is named by such a path
            seen += ["--symlink", os.readlink(name), name]
    return [shutil.which("bwrap") or "bwrap", *BWRAP.split(), *seen, *FROZEN.split()]
