"""Read a submission in its own sandbox: a file, whatever it holds, can spoil one submission and no more.

Here files are found and sent, as bytes; box/reader.py says which code of them counts. What comes back is bounded text.
"""

import base64
import json
import os
import stat
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from cachesim.errors import BadInput
from cachesim.grading.answers import AnswerError, plain
from cachesim.grading.box.names import ENVIRONMENT, format_of, is_junk, kind_of
from cachesim.grading.sandbox import MIB, Box, Limits, Tier

LIMITS = Limits(
    cpu=30, wall=300.0, memory=1024 * MIB, messages=1 << 30
)  # for reading one submission
LARGEST = 64 * MIB  # bytes of one file: a notebook's pictures count
MOST_SENT = 256 * MIB  # bytes of all files of one submission
MOST_FILES = 200  # sent
MOST_NAMES = 50_000  # looked at in a folder
CHUNK = 3 * MIB  # bytes sent at once
LONGEST = 16 * MIB  # characters that come back
Told = dict[str, Any]


def outcome(tier: Tier, task: Told, send: Callable[[Box], None]) -> Told:
    """Return the answer of the reader to the files that `send` gives it. Raises AnswerError."""
    box = Box(tier, LIMITS, program="reader.py")
    try:
        box.ask(do="task", **task)
        send(box)
        return _received(box)
    finally:
        box.close()


def _received(box: Box) -> Told:
    """Collect the decision of the reader, which comes in pieces."""
    try:
        length, text = box.ask(do="outcome")["length"], ""
        while len(text) < min(length, LONGEST) and (piece := box.ask(do="piece", start=len(text))):
            text += piece["text"] or "!"
        told: Told = json.loads(text)
        return told
    except (ValueError, TypeError, KeyError, RecursionError):
        raise AnswerError("error", "the reader failed") from None


def send_text(box: Box, name: str, text: str, how: str = "take") -> None:
    """Send a text as a file would be sent."""
    data = text.encode("utf-8", "replace")
    for start in range(0, len(data) or 1, CHUNK):
        _send(box, how, name, data[start : start + CHUNK], start + CHUNK >= len(data))


def _send(box: Box, how: str, name: str, data: bytes, is_last: bool) -> None:
    box.ask(do=how, name=name, data=base64.b64encode(data).decode(), is_last=is_last)


def send_files(box: Box, path: Path) -> None:
    """Send each file of a submission that may hold an answer. Raises BadInput if there is none."""
    found, junk = _files(path) if path.is_dir() else ([(printable(path.name), path)], [])
    if not found:
        raise BadInput(_nothing(path))
    box.ask(do="pass_over", names=junk)
    left = MOST_SENT
    for name, file in found[:MOST_FILES]:
        try:
            left -= _send_file(box, name, file, left)
        except (OSError, ValueError) as problem:  # ValueError: a name that no file can have
            why = getattr(problem, "strerror", None) or str(problem)
            box.ask(do="skip", name=name, why=f"cannot be read: {why}")
    for name, _ in found[MOST_FILES : MOST_FILES + 1]:
        box.ask(do="skip", name=name, why=f"and what follows: at most {MOST_FILES} files are read")


def _send_file(box: Box, name: str, path: Path, left: int) -> int:
    """Send a regular file, if it is not too large; return its size."""
    with _opened(path) as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(0, "it is no regular file")
        if about.st_size > min(LARGEST, left):
            size = f"has {about.st_size / MIB:,.0f} MiB; at most {LARGEST // MIB} MiB are read"
            box.ask(do="skip", name=name, why=f"{size}. Clear the outputs of a notebook")
            return 0
        data = file.read(CHUNK)
        while data:
            following = file.read(CHUNK)
            _send(box, "take", name, data, not following)
            data = following
        if not about.st_size:
            _send(box, "take", name, b"", True)
    return about.st_size


def _opened(path: Path) -> BinaryIO:
    """Open a file for reading: not through a link, and without waiting for a pipe."""
    flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    return os.fdopen(os.open(path, os.O_RDONLY | flags), "rb")


# --- folders


def _files(top: Path) -> tuple[list[tuple[str, Path]], list[str]]:
    """List the files that may hold an answer (name and path), and the folders that are not entered."""
    found, junk, waiting, left = [], [], [top], MOST_NAMES
    while waiting and left > 0:
        folder = waiting.pop()
        entries = _entries(folder)
        left -= len(entries)
        if folder != top and any(entry.name in ENVIRONMENT for entry in entries):
            junk.append(folder)
            continue
        for entry in entries:
            path, is_folder = Path(entry.path), entry.is_dir(follow_symlinks=False)
            if is_junk(entry.name):
                junk += [path] if is_folder or kind_of(entry.name) else []
            elif is_folder:
                waiting.append(path)
            elif kind_of(entry.name):
                found.append(path)
    if waiting:
        junk.append(top / f"what comes after {MOST_NAMES:,} names")
    named = [(printable(path.relative_to(top).as_posix()), path) for path in sorted(found)]
    return named, [printable(path.relative_to(top).as_posix()) for path in sorted(junk)][:20]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(islice(found, MOST_NAMES), key=lambda entry: entry.name)
    except OSError:  # it may not be looked into
        return []


def _nothing(path: Path) -> str:
    """Describe a folder that holds no answer."""
    names = [entry.name for entry in _entries(path) if not is_junk(entry.name)]
    said = [f"{plain(name, 60)} ({format_of(name, b'') or 'no answer'})" for name in names[:5]]
    there = f", only {', '.join(said)}" if said else ""
    return f"{plain(path.name, 100)} holds no .py and no .ipynb file{there}"


def printable(name: str) -> str:
    """Return a file's name as text, whatever bytes it has on disk."""
    return os.fsencode(name).decode("utf-8", "replace")
