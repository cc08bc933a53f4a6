"""A class as it arrives: paths become submissions, one for each student or group."""

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
    HandedIn,
    attempts,
    parts_of,
    slug_of,
    told,
)
from cachesim.grading.shelf import Shelf
from cachesim.grading.tree import (
    MIB,
    MOST_BYTES,
    File,
    Tree,
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


class Class(NamedTuple):
    """What has arrived, and what the teacher should know about it."""

    arrivals: list[Arrival]
    notes: list[str]


class Reader:
    """Reads one class: `exercise` is the exercise's name, `work` a folder for what must be unpacked."""

    def __init__(self, exercise: str, work: Path, registry: Registry) -> None:
        self.exercise, self.registry, self.shelf = exercise, registry, Shelf(work)
        self.notes: list[str] = []

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
            self._note_folders(paths, layout)
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
        """Find the layout and the tree where it begins; folders around a class are skipped."""
        for inner in self._unwrapped(tree):
            if name := told(inner, self.exercise):
                return name, inner
        return None

    def _unwrapped(self, tree: Tree) -> Iterator[Tree]:
        """Yield a tree, then what is inside it while it holds only one thing: a folder, `submitted`, an archive."""
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
        return tree_of([unpacked({"class.zip": file}, self.shelf.folder()) / "class.zip"])

    def _asked_for(self, layout: str, paths: Sequence[Path]) -> tuple[str, Tree]:
        for tree in self._unwrapped(tree_of(paths)):
            if any(kind_of(part.name) for part in parts_of(layout, tree, self.exercise)):
                return layout, tree
        raise BadInput(
            f"nothing in {paths[0]} is laid out as --layout {layout} says; leave it out, or name another"
        )

    def _note_folders(self, paths: Sequence[Path], layout: str) -> None:
        """Say how a folder of folders was understood: no learning system has this layout."""
        if layout or len(paths) > 1 or not paths[0].is_dir():
            return
        names = [name for name in tree_of(paths).files if kind_of(name)]
        if names and all("/" in n for n in names) and len({n.partition("/")[0] for n in names}) > 1:
            self.notes.append(
                f"{paths[0]} is graded as one submission; if each folder in it is a student's, "
                "add --layout folders"
            )

    # --- one class

    def _arrivals(self, layout: str, tree: Tree) -> Iterator[Arrival]:
        parts = parts_of(layout, tree, self.exercise)
        listed = gradescope.from_export(tree.text(METADATA)) if layout == "gradescope" else {}
        if layout == "gradescope" and not listed:
            self.notes.append(f"{METADATA} cannot be read: ids are the names of the folders")
        self._note_others(layout, tree, parts)
        groups: dict[str, list[HandedIn]] = {}
        for part in parts:
            groups.setdefault(part.id, []).append(part)
        chosen = {name: self._chosen(layout, group) for name, group in groups.items()}
        room = self.shelf.with_room(tree, {name: files for name, (files, _) in chosen.items()})
        for name, (files, notes) in chosen.items():
            handed = listed.get(name, gradescope.Handed((), ""))
            time = handed.submitted or tree.text(f"{name}/{files[0].assignment}/{TIMESTAMP}")
            arrival = self._timed(_arrival(layout, name, files[0], notes), time)
            owned = self.registry.owned(arrival, files[0].person, handed.submitters)
            yield self.shelf.placed(owned, tree, files, has_room=name in room)

    def _timed(self, arrival: Arrival, time: str) -> Arrival:
        try:
            return arrival._replace(submitted=parse_moment(time, self.registry.zone))
        except BadInput:
            return arrival  # a time that cannot be read is one that is not known

    def _note_others(self, layout: str, tree: Tree, parts: Iterable[HandedIn]) -> None:
        used = {part.name for part in parts}
        for name in tree.files:
            if name not in used and kind_of(name):
                self.notes.append(f"not part of a class as {layout} lays it out: {plain(name)}")

    def _chosen(self, layout: str, group: list[HandedIn]) -> tuple[list[HandedIn], tuple[str, ...]]:
        """Return the files of one submission that count, and notes: the newest, and code before typed text."""
        files = [part for part in group if part.file != TIMESTAMP]
        older: list[HandedIn] = []
        if layout == "canvas":
            files, older = attempts(files)
        notes = [f"an older attempt was ignored: {plain(part.file)}" for part in older]
        code = [part for part in files if kind_of(part.file)]
        if code:
            notes += ["the text that was typed in was ignored" for p in files if p.is_typed]
        return code or files or group, tuple(dict.fromkeys(notes))

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


def _arrival(layout: str, name: str, file: HandedIn, notes: tuple[str, ...]) -> Arrival:
    return Arrival(
        label(name),
        Path(file.name),
        (),
        is_late=file.is_late,
        notes=notes,
        system=layout,
        attempt=file.attempt,
    )


def _stem(path: Path) -> str:
    """Return a name without the endings of code.

    >>> _stem(Path("a/ada@uni.edu.ipynb")), _stem(Path("bob.py.txt"))
    ('ada@uni.edu', 'bob')
    """
    return name_of(path) if path.is_dir() else KIND.sub("", path.name)
