"""A class as it arrives: paths become submissions, one for each student or group."""

import errno
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.grading import gradescope
from cachesim.grading.answers import plain
from cachesim.grading.arrivals import Arrival, Registry, distinct, label
from cachesim.grading.box.names import KIND, kind_of
from cachesim.grading.deadline import parse_moment
from cachesim.grading.layouts import (
    LAYOUTS,
    METADATA,
    TIMESTAMP,
    Part,
    attempts,
    parts_of,
    slug_of,
    told,
    typed,
)
from cachesim.grading.tree import (
    MIB,
    MOST_BYTES,
    MOST_FILES,
    File,
    Tree,
    fitting,
    is_zip,
    name_of,
    side_by_side,
    tree_of,
    unpacked,
)

ONE = "one"  # layout: each path is one submission, whatever it looks like
AUTOGRADER = "autograder"  # layout: the folder in which Gradescope runs an autograder
CHOICES = (ONE, AUTOGRADER, *LAYOUTS)
DEEPEST = 4  # folders around a class
LONGEST_TYPED = 1 << 18  # bytes of HTML
FULL = {errno.ENOSPC, errno.EDQUOT}


class Class(NamedTuple):
    """What has arrived, and what the teacher should know about it."""

    arrivals: list[Arrival]
    notes: list[str]


class Reader:
    """Reads one class: `exercise` is the exercise's name, `work` a folder for what must be unpacked."""

    def __init__(self, exercise: str, work: Path, registry: Registry) -> None:
        self.exercise, self.work, self.registry = exercise, work, registry
        self.notes: list[str] = []
        self._folders = 0

    def read(self, paths: Sequence[Path], layout: str = "") -> Class:
        """Return the submissions; without a layout, it is found by the names of the files.

        Raises
        ------
        BadInput
            The layout that was asked for is not there, or the disk is full.
        """
        trees = [self._asked_for(layout, paths)] if layout in LAYOUTS else []
        if not layout:
            trees = self._known(paths)
        try:
            found = [a for name, tree in trees for a in self._arrivals(name, tree)]
        except OSError as error:
            raise BadInput(f"the class cannot be unpacked ({error.strerror})") from None
        if layout == AUTOGRADER:
            found = [self._of_autograder(path) for path in paths]
        elif not trees:
            found = [self._alone(path) for path in paths]
        arrivals, notes = distinct(found)
        return Class(arrivals, [*self.notes, *notes])

    # --- which layout

    def _known(self, paths: Sequence[Path]) -> list[tuple[str, Tree]]:
        """Return the classes that the paths are; nothing if each path is one submission."""
        if found := self._all_known(paths):
            return found
        if beside := self._recognised(side_by_side(paths)):
            return [beside]
        if len(paths) == 1 and paths[0].is_dir():
            return self._all_known(
                sorted(p for p in paths[0].iterdir() if not p.name.startswith("."))
            )
        return []

    def _all_known(self, paths: Sequence[Path]) -> list[tuple[str, Tree]]:
        """Return a class for each path, if each is one: a student's own archive is never taken apart."""
        found = []
        for path in paths:
            known = self._inside(path) if path.is_dir() or is_zip(path.name) else None
            if known is None:
                return []
            found.append(known)
        return found

    def _inside(self, path: Path) -> tuple[str, Tree] | None:
        try:
            return self._recognised(tree_of([path]))
        except BadInput:
            return None  # it is graded as one submission, and its report says why it cannot be read

    def _recognised(self, tree: Tree) -> tuple[str, Tree] | None:
        """Return the layout and the tree where it begins: folders around a class are passed through."""
        for inner in self._unwrapped(tree):
            if name := told(inner, self.exercise):
                return name, inner
        return None

    def _unwrapped(self, tree: Tree) -> Iterator[Tree]:
        """Yield a tree and what it is only the wrapping of: one folder, nbgrader's `submitted`, one archive."""
        may_unpack = True
        for _ in range(DEEPEST):
            yield tree
            top = "submitted" if "submitted" in tree.tops else "".join(tree.tops[:2])
            file = tree.files.get(top)
            if file is None and top in tree.tops:
                tree = tree.below(top)
            elif file is not None and file.archive and is_zip(top) and may_unpack:
                tree, may_unpack = self._opened(top, file), False
            else:
                return

    def _opened(self, name: str, file: File) -> Tree:
        if file.size > MOST_BYTES:
            raise BadInput(f"{plain(name)} has more than {MOST_BYTES // MIB} MiB")
        return tree_of([unpacked({"class.zip": file}, self._folder()) / "class.zip"])

    def _asked_for(self, layout: str, paths: Sequence[Path]) -> tuple[str, Tree]:
        for tree in self._unwrapped(tree_of(paths)):
            if any(kind_of(part.name) for part in parts_of(layout, tree, self.exercise)):
                return layout, tree
        raise BadInput(
            f"nothing in {paths[0]} is laid out as --layout {layout} says; leave it out, or name another"
        )

    # --- one class

    def _arrivals(self, layout: str, tree: Tree) -> Iterator[Arrival]:
        parts = parts_of(layout, tree, self.exercise)
        listed = gradescope.from_export(tree.text(METADATA)) if layout == "gradescope" else {}
        self._note_others(layout, tree, parts)
        groups: dict[str, list[Part]] = {}
        for part in parts:
            groups.setdefault(part.id, []).append(part)
        chosen = {name: self._chosen(layout, group) for name, group in groups.items()}
        room = self._with_room(tree, {name: files for name, (files, _) in chosen.items()})
        for name, (files, notes) in chosen.items():
            first, handed = files[0], listed.get(name, gradescope.Handed((), ""))
            arrival = Arrival(
                label(name),
                Path(first.name),
                (),
                first.is_late,
                None,
                notes,
                "",
                layout,
                first.attempt,
            )
            time = handed.submitted or tree.text(f"{name}/{first.assignment}/{TIMESTAMP}")
            owned = self.registry.owned(self._timed(arrival, time), first.person, handed.submitters)
            yield self._placed(owned, tree, files, has_room=name in room)

    def _timed(self, arrival: Arrival, time: str) -> Arrival:
        try:
            return arrival._replace(submitted=parse_moment(time, self.registry.zone))
        except BadInput:
            return arrival  # a time that cannot be read is one that is not known

    def _note_others(self, layout: str, tree: Tree, parts: Iterable[Part]) -> None:
        used = {part.name for part in parts}
        for name in tree.files:
            if name not in used and kind_of(name):
                self.notes.append(f"not part of a class as {layout} lays it out: {plain(name)}")

    def _chosen(self, layout: str, group: list[Part]) -> tuple[list[Part], tuple[str, ...]]:
        """Return the files of one submission that count, and notes: the newest, and code before typed text."""
        files = [part for part in group if part.file != TIMESTAMP]
        older: list[Part] = []
        if layout == "canvas":
            files, older = attempts(files)
        notes = [f"an older attempt was ignored: {plain(part.file)}" for part in older]
        code = [part for part in files if kind_of(part.file)]
        if code:
            notes += ["the text that was typed in was ignored" for p in files if p.is_typed]
        return code or files or group, tuple(dict.fromkeys(notes))

    def _with_room(self, tree: Tree, groups: dict[str, list[Part]]) -> set[str]:
        """Return the submissions that can be unpacked; what lies on disk needs no room."""
        packed = {
            name: [tree.files[part.name] for part in files if tree.files[part.name].archive]
            for name, files in groups.items()
        }
        bytes_of = {name: sum(file.size for file in files) for name, files in packed.items()}
        few = fitting({name: len(files) for name, files in packed.items()}, MOST_FILES)
        return few & fitting({name: bytes_of[name] for name in few}, MOST_BYTES)

    def _placed(
        self, arrival: Arrival, tree: Tree, parts: list[Part], *, has_room: bool
    ) -> Arrival:
        """Return an arrival with the path from which it can be read."""
        first = tree.files[parts[0].name]
        if not has_room:
            limit = f"{MOST_BYTES // MIB} MiB and {MOST_FILES:,} files"
            return arrival._replace(
                trouble=f"its files are too large: an archive has room for {limit} in all"
            )
        if first.path and len(parts) == 1 and not parts[0].is_typed:
            return arrival._replace(path=first.path)
        if first.path and (folder := _folder_of(parts, tree)):
            return arrival._replace(path=folder)
        try:
            files = {_name(part): _plainer(part, tree.files[part.name]) for part in parts}
            folder = unpacked(files, self._folder())
        except BadInput as error:
            return arrival._replace(trouble=str(error))
        except OSError as error:
            if error.errno in FULL:
                raise
            return arrival._replace(trouble=f"its files cannot be unpacked ({error.strerror})")
        return arrival._replace(path=folder / next(iter(files)) if len(files) == 1 else folder)

    def _folder(self) -> Path:
        self._folders += 1
        return self.work / str(self._folders)

    # --- one submission

    def _alone(self, path: Path) -> Arrival:
        name = _stem(path)
        if path.is_dir():
            name = name[len(slug_of(name, self.exercise)) :]
        return self.registry.owned(Arrival(label(name), path, ()), "")

    def _of_autograder(self, path: Path) -> Arrival:
        arrival = Arrival("submission", path / "submission", ())
        try:
            text = (path / "submission_metadata.json").read_text("utf-8", "replace")
            handed = gradescope.from_autograder(text)
        except (OSError, ValueError):
            why = "Gradescope did not say whose this is: the parameters are those of nobody"
            return self.registry.owned(arrival._replace(notes=(why,)), "")
        return self.registry.owned(arrival, "", handed.submitters)


def _stem(path: Path) -> str:
    """Return a name without the endings of code.

    >>> _stem(Path("a/ada@uni.edu.ipynb")), _stem(Path("bob.py.txt"))
    ('ada@uni.edu', 'bob')
    """
    return name_of(path) if path.is_dir() else KIND.sub("", path.name)


def _name(part: Part) -> str:
    return "typed.py" if part.is_typed else part.file


def _plainer(part: Part, file: File) -> File:
    return File(file.size, data=typed(file.read(LONGEST_TYPED))) if part.is_typed else file


def _folder_of(parts: list[Part], tree: Tree) -> Path | None:
    """Return the folder on disk that holds these files and, but for junk, no others."""
    folders = set()
    for part in parts:
        path = tree.files[part.name].path
        if path is None or part.is_typed or not part.name.endswith(f"/{part.file}"):
            return None
        folders.add(path.parents[part.file.count("/")])
    return folders.pop() if len(folders) == 1 else None
