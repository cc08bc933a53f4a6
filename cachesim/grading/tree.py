"""A download, a folder or an archive, as one list of names.

Nothing is unpacked before it is asked for. What no student wrote as an answer is left out before anything is
counted: resource forks of macOS, checkpoints, hidden folders, virtual environments, installed packages.
"""

import io
import os
import re
import stat
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.answers import plain
from cachesim.grading.box.names import ENVIRONMENT, is_junk

MIB = 1 << 20
MOST_BYTES = 64 * MIB  # of an archive, unpacked
MOST_FILES = 5000
LONGEST_NAME = 1000  # characters; no system makes longer ones
LARGEST_TEXT = 4 * MIB  # of a list that an LMS adds
NAME_IS_UTF8 = 0x08  # in the second byte of an entry's flags


class File(NamedTuple):
    """One file: a path on disk, an entry of an archive, or bytes."""

    size: int  # bytes, unpacked
    path: Path | None = None
    archive: zipfile.ZipFile | None = None
    entry: zipfile.ZipInfo | None = None
    data: bytes = b""

    def read(self, most: int) -> bytes:
        """Return at most `most` bytes. Raises BadInput for a damaged entry."""
        try:
            if self.archive is not None and self.entry is not None:
                with self.archive.open(self.entry) as packed:
                    return packed.read(most)
            if self.path is None:
                return self.data
            with self.path.open("rb") as file:
                return file.read(most)
        except Exception as error:  # zlib, lzma and zipfile have many, and all mean the same
            raise BadInput(f"it cannot be unpacked: {plain(str(error))}") from None


class Tree(NamedTuple):
    """Files by their names, with / between folders."""

    name: str  # of the folder or the archive
    files: dict[str, File]
    clones: frozenset[str] = frozenset()  # folders that Git made

    @property
    def tops(self) -> list[str]:
        """The names at the top."""
        return list(dict.fromkeys(name.partition("/")[0] for name in self.files))

    def below(self, folder: str) -> "Tree":
        """Return one folder of it."""
        start = f"{folder}/"
        inside = {n.removeprefix(start): f for n, f in self.files.items() if n.startswith(start)}
        clones = {n.removeprefix(start) for n in self.clones if n.startswith(start)}
        return Tree(folder.rpartition("/")[2], inside, frozenset(clones))

    def text(self, name: str) -> str:
        """Return a small file as text; empty if it is not there, or cannot be read."""
        file = self.files.get(name)
        with suppress(BadInput):
            return file.read(LARGEST_TEXT).decode("utf-8-sig", "replace") if file else ""
        return ""


def tree_of(paths: Sequence[Path]) -> Tree:
    """Return the tree of a folder or an archive, or of several paths that lie side by side.

    Raises
    ------
    BadInput
        An archive cannot be read.
    """
    if len(paths) > 1 or not (paths[0].is_dir() or is_zip(paths[0].name)):
        return side_by_side(paths)
    (path,) = paths
    found = dict(_in_folder(path) if path.is_dir() else _in_zip(path))
    return _tree(name_of(path), found)


def side_by_side(paths: Sequence[Path]) -> Tree:
    """Return the tree of paths as if they lay in one folder; archives are files in it."""
    found: dict[str, File] = {}
    for path in paths:
        if path.is_dir():
            found |= {f"{name_of(path)}/{name}": file for name, file in _in_folder(path)}
        elif path.is_file():
            found[path.name] = File(path.stat().st_size, path)
    return _tree("", found)


def _tree(name: str, files: dict[str, File]) -> Tree:
    clones = {n.partition("/.git/")[0] for n in files if "/.git/" in n}
    return Tree(name, without_junk(files), frozenset(clones))


def is_zip(name: str) -> bool:
    """Tell an archive by its name.

    >>> is_zip("Class.ZIP")
    True
    """
    return name.lower().endswith(".zip")


def name_of(path: Path) -> str:
    """Return the name of a folder or an archive, also of "." and "..".

    >>> name_of(Path("a/class.zip"))
    'class'
    """
    name = path.name if path.name not in ("", "..") else path.resolve().name
    return name[:-4] if is_zip(name) else name


def _in_folder(root: Path) -> Iterator[tuple[str, File]]:
    """Yield regular files; links are not followed, and folders of junk not entered."""
    for folder, inside, names in os.walk(root):
        here = Path(folder).relative_to(root).as_posix()
        prefix = "" if here == "." else f"{here}/"
        if ".git" in inside:
            yield f"{prefix}.git/HEAD", File(0)
        inside[:] = sorted(n for n in inside if not is_junk(n) and not _is_venv(Path(folder, n)))
        for name in sorted(names):
            about = Path(folder, name).lstat()
            if stat.S_ISREG(about.st_mode):
                yield prefix + name, File(about.st_size, Path(folder, name))


def _is_venv(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in ENVIRONMENT)


def _in_zip(path: Path) -> Iterator[tuple[str, File]]:
    """Yield the files of an archive; names that lead out of it are cut to what is inside."""
    try:
        archive = _opened(path)
    except Exception as error:  # a damaged archive raises many
        why = plain(str(error))
        raise BadInput(f"{plain(path.name)} is no zip archive that can be read: {why}") from None
    for entry in archive.infolist():
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        is_file = not entry.is_dir() and not is_link and len(entry.filename) <= LONGEST_NAME
        parts = [part for part in _name_in(entry).split("/") if part not in ("", ".", "..")]
        if parts and is_file:
            yield "/".join(parts), File(entry.file_size, None, archive, entry)


def _opened(path: Path) -> zipfile.ZipFile:
    """Open an archive; one name that says it is UTF-8, and is not, must not cost a class."""
    try:
        return zipfile.ZipFile(path)
    except UnicodeDecodeError:
        entries = re.compile(rb"(PK\x01\x02.{5})(.)", re.DOTALL)  # in the list at its end
        data = entries.sub(lambda m: m[1] + bytes([m[2][0] & ~NAME_IS_UTF8]), path.read_bytes())
        archive = zipfile.ZipFile(io.BytesIO(data))
        own = bytearray(data)
        for entry in archive.infolist():
            own[entry.header_offset + 7] &= ~NAME_IS_UTF8
        return zipfile.ZipFile(io.BytesIO(own))


def _name_in(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name; many programs write UTF-8 and do not say so."""
    name = entry.filename.replace("\\", "/")
    try:
        return name if entry.flag_bits & NAME_IS_UTF8 << 8 else name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def without_junk(files: dict[str, File]) -> dict[str, File]:
    """Leave out junk, and everything that lies in a virtual environment.

    >>> list(
    ...     without_junk(
    ...         {"ada/lab.py": File(1), "ada/my/pyvenv.cfg": File(1), "ada/my/x.py": File(1)}
    ...     )
    ... )
    ['ada/lab.py']
    """
    marks = [f"/{mark}" for mark in ENVIRONMENT]
    found = (n.rpartition(mark)[0] for n in files for mark in marks if mark in n)
    venvs = {f"{folder}/" for folder in found}
    return {
        name: file
        for name, file in files.items()
        if not any(map(is_junk, name.split("/"))) and not venvs & set(_folders(name))
    }


def _folders(name: str) -> Iterator[str]:
    """Yield "a/", "a/b/" of "a/b/c.py"."""
    parts = name.split("/")[:-1]
    return ("/".join(parts[: n + 1]) + "/" for n in range(len(parts)))


def common(names: Iterable[str]) -> str:
    """Return the folder in which all names lie, or nothing.

    >>> common(["a/b/x.py", "a/b/y/z.py"]), common(["a/x", "b/x"])
    ('a/b', '')
    """
    folders = [PurePosixPath(name).parts[:-1] for name in names]
    same = takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False))
    return "/".join(level[0] for level in same)


def fitting(sizes: dict[str, int], most: int) -> set[str]:
    """Choose the submissions that fit: if all together are too large, the largest are left out.

    >>> sorted(fitting({"ada": 10, "bob": 90, "cy": 20}, 50))
    ['ada', 'cy']
    """
    kept, total = set(sizes), sum(sizes.values())
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if total <= most:
            break
        kept.remove(name)
        total -= sizes[name]
    return kept


def unpacked(files: dict[str, File], into: Path) -> Path:
    """Write files below a folder that is made for them; return it. Raises BadInput for a damaged entry."""
    into.mkdir(parents=True)
    for name, file in files.items():
        if file.size > MOST_BYTES:
            raise BadInput(f"{plain(name)} has more than {MOST_BYTES // MIB} MiB")
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.read(MOST_BYTES))
    return into
