"""What files are called: which can hold an answer, which hold drafts, and which folders are never a student's work.

Both sides of the sandbox use this file, so it imports nothing but the standard library.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

NEVER = {"__MACOSX", "__pycache__", "site-packages", "dist-packages", "node_modules"}  # folders
ENVIRONMENT = (
    "pyvenv.cfg",
    "conda-meta",
)  # a folder that holds one of these is Python's, not a student's
KIND = re.compile(r"\.(py|ipynb|zip)( ?\(\d+\))?(\.txt|\.json)?$", re.IGNORECASE)
DRAFT = re.compile(
    r"(untitled|scratch|tmp|temp|test|conftest|setup)([^a-z]|$)|.*-checkpoint\.", re.IGNORECASE
)
FORMATS = (  # how such a file begins, how its name ends, what it is
    (b"%PDF", ".pdf", "a PDF"),
    (b"\xd0\xcf\x11\xe0", ".doc", "an old Word document"),
    (b"", ".docx", "a Word document"),
    (b"", ".odt", "an OpenDocument text"),
    (b"{\\rtf", ".rtf", "an RTF document"),
    (b"<!doctype html", ".html", "an HTML page"),
    (b"<html", ".htm", "an HTML page"),
    (b"\x1f\x8b", ".tar.gz", "a .tar.gz archive"),
    (b"\x1f\x8b", ".tgz", "a .tar.gz archive"),
    (b"\x1f\x8b", ".gz", "a .gz file"),
    (b"BZh", ".bz2", "a .bz2 file"),
    (b"\xfd7zXZ", ".xz", "an .xz file"),
    (b"", ".tar", "a .tar archive"),
    (b"Rar!", ".rar", "a RAR archive"),
    (b"7z\xbc\xaf", ".7z", "a 7z archive"),
    (b"\x89PNG", ".png", "a picture"),
    (b"\xff\xd8\xff", ".jpg", "a picture"),
    (b"\x7fELF", ".so", "a program"),
)


def kind_of(name: str) -> str:
    """Return "py", "ipynb" or "zip", "" for others; `a.py.txt`, `a.ipynb.json` and `a.ipynb (1)` are understood."""
    found = KIND.search(name)
    return found[1].lower() if found else ""


def is_junk(part: str) -> bool:
    """Return whether a folder or a file of this name is never looked at: hidden ones, and what programs leave."""
    return (part.startswith(".") and part not in (".", "..")) or part in NEVER


def is_draft(name: str) -> bool:
    """Return whether a file is called like a try: it is graded only if nothing else was written."""
    return DRAFT.match(PurePosixPath(name).name) is not None


def format_of(name: str, start: bytes) -> str:
    """Name the kind of a file that cannot be graded, "" if unknown: by its first bytes, then by its name."""
    begins = start.lstrip().lower()
    for first, _, what in FORMATS:
        if first and begins.startswith(first.lower()):
            return next((w for f, s, w in FORMATS if f == first and name.lower().endswith(s)), what)
    return next((what for _, suffix, what in FORMATS if name.lower().endswith(suffix)), "")


def sifted(paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the paths that can hold an answer, and the folders and files that are passed over.

    >>> sifted(["a.py", "data.csv", "__MACOSX/._a.py", "env/pyvenv.cfg", "env/x.py"])
    (['a.py'], ['__MACOSX', 'env'])
    """
    split = {path: PurePosixPath(path).parts for path in paths}
    python = {
        parts[: parts.index(mark)]
        for mark in ENVIRONMENT
        for parts in split.values()
        if mark in parts[1:]
    }
    found: list[str] = []
    passed: list[str] = []
    for path, parts in split.items():
        if kind_of(parts[-1] if parts else ""):
            tops = (parts[:n] for n in range(1, len(parts) + 1))
            odd = next((top for top in tops if is_junk(top[-1]) or top in python), None)
            (found if odd is None else passed).append("/".join(odd) if odd else path)
    return found, sorted(set(passed))
