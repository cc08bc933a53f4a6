"""The walls around a student's process, by tier, and the files that it may see.

References
----------
bubblewrap: bwrap(1). Linux: landlock(7).
"""

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

Tier = Literal["bwrap", "landlock", "rlimits"]
TIERS: tuple[Tier, ...] = ("bwrap", "landlock", "rlimits")
BOX = Path(__file__).with_name("box")
MIB = 1 << 20
NOBODY = 65534  # user and group


class Limits(NamedTuple):
    """What one test may use."""

    cpu: int = 5  # seconds
    wall: float = 20.0  # seconds during which it owes an answer and does not work on it
    memory: int = 1024 * MIB  # bytes of address space
    messages: int = 200_000  # to it, and events that it makes


def needs(tier: Tier) -> set[str]:
    """Name the walls that must hold inside the process of a tier."""
    common = {"nobody", "rlimits", "bound", "seccomp"}
    return {"bwrap": common, "landlock": common | {"landlock"}, "rlimits": set()}[tier]


def plan_of(tier: Tier, limits: Limits, shown: Sequence[Path] = ()) -> dict[str, Any]:
    """Return the plan by which the process inside gives up its rights."""
    return {
        "cpu": limits.cpu,
        "memory": limits.memory,
        "closed": tier != "rlimits",  # no file is there but those that may be read
        "landlock": tier == "landlock",
        "readable": [str(p) for p in (*readable(), *shown)] if tier == "landlock" else [],
    }


def can_become_nobody() -> bool:
    """Return whether this is root, and of a system that has other users: not of a container with a single one."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    rows = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(int(first) <= NOBODY < int(first) + int(count) for first, _, count in rows)


def python() -> str:
    """Return the interpreter itself, not the link of a virtual environment."""
    return os.path.realpath(sys.executable)


@cache
def folders() -> list[Path]:
    """Return the paths that Python needs: its binary, its standard library, the system's libraries, the box."""
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
    """Return the paths that may be opened, without the hidden ones: Landlock can only allow."""
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


# Neither /proc nor /sys, and no device but one.
BWRAP = (
    "--unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup-try --hostname box "
    "--die-with-parent --new-session --clearenv --setenv PYTHONHASHSEED 0 --dev-bind /dev/null /dev/null --cap-drop ALL"
)
# Root keeps what it needs to become nobody (box/limits.py): then the kernel counts threads, which it does not for root.
AS_ROOT = "--cap-add CAP_SETUID --cap-add CAP_SETGID --cap-add CAP_SETPCAP"
# Others are nobody in a user namespace. All in there is one user, so the program is the first and only process.
AS_USER = "--unshare-user --uid 65534 --gid 65534 --as-pid-1"
FROZEN = "--remount-ro / --chdir / --"


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
    who = AS_ROOT if can_become_nobody() else AS_USER
    return [shutil.which("bwrap") or "bwrap", *BWRAP.split(), *who.split(), *seen, *FROZEN.split()]
