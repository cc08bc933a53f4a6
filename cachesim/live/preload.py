"""The preloaded library. It is compiled on first use and kept in the user's cache folder."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cachesim.errors import BadInput

SOURCES = ("simulated_time.c", "threads.c", "network.c", "simulated_time.h")
INSTEAD = 'or let wall time pass on the server (clock="wall", --clock wall)'


def library() -> Path:
    """Return the path of the compiled library. On first use it is compiled.

    Raises
    ------
    BadInput
        This is not Linux, or there is no C compiler. The message says what to do.
    """
    if not sys.platform.startswith("linux"):
        raise BadInput(
            f"real servers run at simulated time on Linux only, this is {sys.platform}: "
            f"take the embedded engine (--engine redis, memcached), {INSTEAD}"
        )
    sources = [Path(__file__).with_name(name) for name in SOURCES]
    text = b"".join(source.read_bytes() for source in sources)
    name = f"simulated_time-{os.uname().machine}-{hashlib.sha256(text).hexdigest()[:16]}.so"
    target = cache_folder() / name
    if not target.exists():
        compile_to(target, sources)
    return target


def cache_folder() -> Path:
    """Return a folder that stays between runs and that this user can write to."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "cachesim")
    mine = Path(tempfile.gettempdir(), f"cachesim-of-{os.getuid()}")
    for folder in (home, mine):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK):
                return folder
        except OSError:
            continue  # a home that is missing or read-only
    raise BadInput(
        f"neither {home} nor {mine} can be written: set XDG_CACHE_HOME to a folder of yours"
    )


def compile_to(target: Path, sources: Sequence[Path]) -> None:
    """Compile the library. The file gets its name only when it is complete."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise BadInput(
            "real servers at simulated time need a C compiler and none was found: install one "
            f"(Debian, Ubuntu: apt install gcc libc6-dev), {INSTEAD}"
        )
    part = target.with_suffix(f".{os.getpid()}")
    units = [str(source) for source in sources if source.suffix == ".c"]
    options = ["-shared", "-fPIC", "-O2", "-pthread", "-o", str(part), *units, "-ldl"]
    done = subprocess.run([compiler, *options], capture_output=True, check=False)
    if done.returncode:
        part.unlink(missing_ok=True)
        why = (done.stderr.decode(errors="replace").strip() or "it said nothing").splitlines()[0]
        raise BadInput(
            f"{compiler} could not compile {units[0]} ({why}): install the C library's headers "
            f"(Debian, Ubuntu: apt install libc6-dev), {INSTEAD}"
        )
    os.replace(part, target)
