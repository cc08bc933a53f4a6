"""The preloaded library: compiled on first use, kept in the user's cache folder."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from cachesim.errors import BadInput

SOURCE = "simulated_time.c"
INSTEAD = 'or let wall time pass on the server (clock="wall", --clock wall)'


def library() -> Path:
    """Return the compiled library, compiling it if this is its first use.

    Raises
    ------
    BadInput
        This is not Linux, or there is no C compiler; the sentence says what to do.
    """
    if not sys.platform.startswith("linux"):
        raise BadInput(
            f"real servers run at simulated time on Linux only, this is {sys.platform}: "
            f"take the embedded engine (--engine redis, memcached), {INSTEAD}"
        )
    source = files("cachesim.live").joinpath(SOURCE).read_bytes()
    name = f"simulated_time-{os.uname().machine}-{hashlib.sha256(source).hexdigest()[:16]}.so"
    target = cache_folder() / name
    if not target.exists():
        compile_to(target, source)
    return target


def cache_folder() -> Path:
    """Return a folder that is kept between runs and that this user can write."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "cachesim"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass  # a home that is missing or read-only: compile anew each time
    return Path(tempfile.mkdtemp(prefix="cachesim-"))


def compile_to(target: Path, source: bytes) -> None:
    """Compile the library; it appears under its name only when it is whole."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise BadInput(
            "real servers at simulated time need a C compiler and none was found: install one "
            f"(Debian, Ubuntu: apt install gcc libc6-dev), {INSTEAD}"
        )
    part = target.with_suffix(f".{os.getpid()}")
    command = [compiler, "-shared", "-fPIC", "-O2", "-x", "c", "-", "-o", str(part), "-ldl"]
    done = subprocess.run(command, input=source, capture_output=True, check=False)
    if done.returncode:
        part.unlink(missing_ok=True)
        why = (done.stderr.decode(errors="replace").strip() or "it said nothing").splitlines()[0]
        raise BadInput(
            f"{compiler} could not compile {SOURCE} ({why}): install the C library's headers "
            f"(Debian, Ubuntu: apt install libc6-dev), {INSTEAD}"
        )
    os.replace(part, target)
