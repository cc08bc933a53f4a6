"""One file as an answer: its pieces, the statements that the entry points need, and what is said about the rest."""

import ast
import re
from typing import NamedTuple

from jupyter import other_language, python_of
from needs import Slice
from remarks import about
from statements import Statement

FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


class Task(NamedTuple):
    """What the exercise says: what must be defined, what it handed out, and the ids of its cells."""

    entry_points: list
    given: list  # sources of the cells that students get
    asked: list  # ids of the cells to fill in
    own: list  # ids of its other cells


class Piece(NamedTuple):
    """A cell, or all of a .py file."""

    where: str  # "cell 3"; empty in a .py file
    first: int  # number of its first line, as errors count it
    id: str
    source: str


class Cell:
    """A piece as Python sees it: its statements, or why it has none."""

    def __init__(self, number, piece):
        self.number, self.piece, self.statements, self.why = number, piece, [], ""
        self.source = piece.source
        if word := other_language(self.source):
            self.why = f"{word[:40]} is not Python"
            return
        try:
            self.source, tree = parsed(self.source)
        except NO_PYTHON as error:
            self.source = python_of(self.source)
            self.why = f"it is not Python: {_told(error)}"
            return
        lines = self.source.encode().split(b"\n")
        self.statements = [Statement(node, self, lines) for node in tree.body]
        if self.source != piece.source and all(one.is_silent for one in self.statements):
            self.why = f"{piece.source.strip()[:40].splitlines()[0]} is not Python"

    @property
    def is_broken(self):
        """Whether it was meant as Python, and is none."""
        return self.why.startswith("it is not Python")

    def means(self, name):
        """Return how likely this broken cell was to define a name: 2 if it says so, 1 if it names it, else 0."""
        says = rf"^\s*(async\s+def|def|class)\s+{name}\b|^{name}\b[^=\n]*=(?!=)"
        if re.search(says, self.source, re.MULTILINE):
            return 2
        return int(re.search(rf"\b{name}\b", self.source) is not None)


def parsed(source):
    """Return a source and its tree: as it stands, else without what only Jupyter understands. Raises SyntaxError."""
    try:
        return source, compile(source, "", "exec", FLAGS, dont_inherit=True)
    except NO_PYTHON:
        source = python_of(source)
        return source, compile(source, "", "exec", FLAGS, dont_inherit=True)


def _told(error):
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{str(error.msg)[:80]}, line {error.lineno}"
    return (
        "nested too deeply" if isinstance(error, RecursionError | MemoryError) else str(error)[:80]
    )


class Answer:
    """What a student's pieces come to."""

    def __init__(self, name, pieces, task):
        self.name, self.task = name, task
        self.cells = [Cell(number, piece) for number, piece in enumerate(pieces)]
        found = [one for cell in self.cells for one in cell.statements if not one.is_main]
        known = Given(task.given)
        self.slice = Slice(found, [known.has(one) for one in found], task.entry_points)
        self.kept = {id(found[at]) for at in self.slice.needed}
        self.given = {id(one) for one, given in zip(found, self.slice.given, strict=True) if given}
        self.desk = {  # names such as `ex`, which the exercise has bound to ask for its tests
            name
            for one in found
            if id(one) in self.given and isinstance(one.node, ast.Assign)
            for name in one.binds
        }
        self.replaced = {  # by a later definition of the same entry point
            id(found[at]) for name in task.entry_points for at in self.slice.own(name)
        } - self.kept
        self.meant = self._meant()

    def _meant(self):
        """Return the broken cells whose error must be told, by the name that each should define."""
        found = {}
        broken = [cell for cell in self.cells if cell.is_broken]
        for name in [*self.task.entry_points, *self.slice.unknown]:
            least = 1 if name in self.task.entry_points else 2
            ranked = [(cell.means(name), cell.number) for cell in broken]
            if not self.slice.own(name) and ranked and max(ranked)[0] >= least:
                found[name] = max(ranked)[1]
        for cell in broken:
            if cell.piece.id in self.task.asked and not self.written_without(found):
                found.setdefault(self.task.entry_points[0], cell.number)
        return found

    def written_without(self, meant):
        """Return the entry points that the student wrote, with some broken cells counted in."""
        return [
            name for name in self.task.entry_points if name in meant or self.slice.is_written(name)
        ]

    @property
    def written(self):
        """The entry points that the student wrote."""
        return self.written_without(self.meant)

    @property
    def defined(self):
        """The entry points that are there, written or as they were handed out."""
        known = self.slice.binders
        return [name for name in self.task.entry_points if known.get(name) or name in self.meant]

    def parts(self):
        """Return where and code of each part that must be run; all else is blank, so that lines keep their numbers."""
        made = {}
        for cell in self.cells:
            lines = made.setdefault(cell.piece.where, [])
            if cell.number in self.meant.values():
                _put(lines, cell.piece.first - 1, cell.source)
            for one in cell.statements:
                if id(one) in self.kept:
                    _put(lines, cell.piece.first + one.first - 2, one.text)
        return [(where, "\n".join(lines) + "\n") for where, lines in made.items() if any(lines)]

    def notes(self):
        """Return the notes: what counts, what was not run, what is missing."""
        return about(self)


def _put(lines, at, text):
    """Write a statement to its lines; behind another one if that ends on the same line."""
    rows = text.split("\n")
    lines += [""] * (at + len(rows) - len(lines))
    lines[at] += f"; {rows[0]}" if lines[at] else rows[0]
    lines[at + 1 : at + len(rows)] = rows[1:]


class Given:
    """The statements that an exercise has handed out, known by what they say."""

    def __init__(self, sources):
        nodes = [node for source in sources for node in ast.parse(source).body]
        self.dumps = {ast.dump(node) for node in nodes}
        self.sizes = {_size(node) for node in nodes}

    def has(self, statement):
        """Return whether a statement is one of them, however it is laid out."""
        return _size(statement.node) in self.sizes and ast.dump(statement.node) in self.dumps


def _size(node):
    """Return the number of nodes in one, which is quickly compared."""
    return sum(1 for _ in ast.walk(node))
