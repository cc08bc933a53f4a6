"""What students hand in: a .py, an .ipynb, a folder or a zip, read as data and never imported."""

import ast
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.answers import plain
from cachesim.grading.cells import MARK, Cell, from_notebook, from_percent
from cachesim.grading.exercise import NOT_ASKED, Exercise
from cachesim.grading.parts import Part

LARGEST = 4 << 20  # bytes of one file
MOST_FILES = 200  # looked at in a folder or an archive
KINDS = (".py", ".ipynb")


class Submission(NamedTuple):
    """One student's code, and what was odd about how it came."""

    id: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, source: str) -> "Submission":
        """Make a submission of one text.

        >>> Submission.of("ada", "x = 1").source
        'x = 1'
        """
        return cls(name, (Part("", source),))

    @property
    def source(self) -> str:
        """All parts as one text."""
        return "\n".join(part.code for part in self.parts)


def read(path: Path, exercise: Exercise) -> Submission:
    """Return a submission. Raises BadInput if there is nothing that could be graded."""
    name, kind, text = _chosen(path, exercise)
    number = _student(path)
    parts: tuple[Part, ...] = (Part("", text),)
    notes: tuple[str, ...] = ()
    if kind == ".ipynb" or MARK.search(text):
        cells = from_notebook(text) if kind == ".ipynb" else from_percent(text)
        parts, notes = from_cells(cells, exercise)
    return Submission(
        number, parts, (*([] if name == path.name else [f"graded: {plain(name)}"]), *notes)
    )


def _student(path: Path) -> str:
    return plain(path.stem if path.is_file() else path.name, 100)


def _chosen(path: Path, exercise: Exercise) -> tuple[str, str, str]:
    """Return name, kind and text of the file that is graded: the first that has an entry point."""
    found = sorted(
        _files(path), key=lambda file: (PurePosixPath(file[0]).name.startswith("."), file[0])
    )
    if not found:
        raise BadInput(f"{plain(str(path))} holds no .py and no .ipynb file that can be read")
    with_entry = [file for file in found if any(name in file[1] for name in exercise.entry_points)]
    name, text = (with_entry or found)[0]
    return name, PurePosixPath(name).suffix, text


def _files(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file that may be graded: regular files only, and small ones."""
    if path.suffix == ".zip":
        yield from _in_zip(path)
        return
    paths = [path] if not path.is_dir() else sorted(path.rglob("*"))[:MOST_FILES]
    for file in paths:
        if (
            file.suffix in KINDS
            and stat.S_ISREG(file.lstat().st_mode)
            and file.lstat().st_size <= LARGEST
        ):
            yield (
                str(file.relative_to(path) if path.is_dir() else file.name),
                _text(file.read_bytes()),
            )


def _in_zip(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the files of an archive; nothing is unpacked to disk, so no name can lead elsewhere."""
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist()[:MOST_FILES]:
                is_link = stat.S_ISLNK(entry.external_attr >> 16)
                if PurePosixPath(entry.filename).suffix in KINDS and not is_link:
                    with archive.open(entry) as file:
                        data = file.read(LARGEST + 1)
                    if len(data) <= LARGEST:
                        yield entry.filename, _text(data)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadInput(f"{plain(path.name)} is no zip archive that can be read: {error}") from None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


Read = tuple[tuple[Part, ...], tuple[str, ...]]  # the parts, and notes


def from_cells(cells: list[Cell], exercise: Exercise) -> Read:
    """Return the code of a notebook, or of a .py with its marks: the exercise's cells by id, and what was added.

    Tests that a student has changed are left out: the grader has its own.
    """
    skipped = {cell.id for cell in exercise.cells if NOT_ASKED & set(cell.tags)}
    seen: dict[str, Cell] = {}
    notes = []
    for cell in cells:
        if cell.is_code and cell.id in seen and cell.source != seen[cell.id].source:
            notes.append(f"cell {plain(cell.id, 40)} is there twice: the last one counts")
        if cell.is_code and cell.id not in skipped:
            seen[cell.id] = cell
    missing = [cell.id for cell in exercise.asked if cell.id not in seen]
    notes += [f"cell {name} is missing" for name in missing]
    numbers = {cell.id: number for number, cell in enumerate(cells, 1)}
    parts = (Part(f"cell {numbers[c.id]}", _without_magic(c.source)) for c in seen.values())
    return tuple(parts), tuple(notes)


def _without_magic(source: str) -> str:
    """Return a cell without lines that only Jupyter understands."""
    return "".join(
        line
        for line in source.splitlines(keepends=True)
        if not line.lstrip().startswith(("%", "!", "?"))
    )


def is_attempted(submission: Submission, exercise: Exercise) -> bool:
    """Return whether something was written at all: an entry point is there, and not as the starter has it."""
    try:
        mine, given = (_definitions(text) for text in (submission.source, exercise.starter))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True  # something was written; it does not run, and the tests will say so
    return any(name in mine and mine[name] != given.get(name) for name in exercise.entry_points)


def _definitions(source: str) -> dict[str, str]:
    """Return what a text defines at its top, by name, without comments and layout."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = ast.dump(node)
        elif isinstance(node, ast.Assign):
            found |= {t.id: ast.dump(node) for t in node.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(a.asname or a.name): ast.dump(node) for a in node.names}
    return found
