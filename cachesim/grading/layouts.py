r"""How the systems of universities lay out a class: a table of patterns, one for each.

References
----------
Canvas: lib/content_zipper.rb of instructure/canvas-lms ("get_filename"): NAME[_LATE]_USER_ATTACHMENT_FILE, or
[LATE_]anon_ID_ATTACHMENT_FILE; what was typed in is NAME_USER_text.html. A file of a known name gets -1, -2, ...
Moodle: mod/assign/classes/downloader.php: NAME_PARTICIPANT_assignsubmission_PLUGIN/FILE, in older versions with a _
before the /; without folders the / is a _. A group without members has no number.
nbgrader: "The exchange", submitted/STUDENT/ASSIGNMENT/, with timestamp.txt.
Gradescope: the export of submissions, submission_NUMBER/ beside submission_metadata.yml.
GitHub Classroom: its assistant and `gh classroom clone student-repos` make ASSIGNMENT-USER/.

>>> found = LAYOUTS["canvas"].fullmatch("doejane_LATE_123_456_hw-1.ipynb")
>>> found["name"], found["id"], found["attempt"], found["file"]
('doejane', '123', '456', 'hw-1.ipynb')
"""

import html
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.answers import plain
from cachesim.grading.box.names import KIND, kind_of
from cachesim.grading.tree import Tree

_PLUGIN = r"assignsubmission_(?P<kind>file|onlinetext)"
LAYOUTS = {
    "canvas": re.compile(
        r"(?:(?P<name>[^/]+?)_(?P<late>LATE_)?(?P<id>\d+)|(?P<anonymous>(?:LATE_)?anon_[A-Za-z0-9]+))"
        r"_(?:(?P<attempt>\d+)_(?P<file>[^/]+)|(?P<typed>text\.html))"
    ),
    "moodle": re.compile(
        rf"(?P<name>[^/]+?)(?:_(?P<id>\d+))?_{_PLUGIN}(?:_?/|_)(?P<file>.+)", re.DOTALL
    ),
    "nbgrader": re.compile(r"(?P<id>[^/]+)/(?P<assignment>[^/]+)/(?P<file>.+)", re.DOTALL),
    "gradescope": re.compile(r"(?P<id>submission_\w+)/(?P<file>.+)", re.DOTALL),
    "github": re.compile(r"(?P<id>[^/]+)/(?P<file>.+)", re.DOTALL),
    "folders": re.compile(r"(?P<id>[^/]+)/(?P<file>.+)", re.DOTALL),
    "files": re.compile(rf"(?P<id>[^/]+?){KIND.pattern}", re.IGNORECASE),
}
KNOWN = ("canvas", "moodle", "gradescope", "nbgrader", "github")  # those that can be told apart
METADATA, TIMESTAMP = "submission_metadata.yml", "timestamp.txt"


class HandedIn(NamedTuple):
    """One file of a class, and what its name says."""

    name: str  # in the tree
    id: str
    file: str  # its name within the submission
    person: str = ""  # the name of the student, as the system writes it
    is_late: bool | None = None
    attempt: int = 0
    assignment: str = ""
    is_typed: bool = False  # HTML that was typed into the system


def told(tree: Tree, exercise: str) -> str:
    """Recognise the layout of a tree; an empty text if it is not one of KNOWN.

    >>> from cachesim.grading.tree import File
    >>> told(Tree("class", {"ada_1_2_lab.py": File(9), "bob_LATE_3_4_lab.py": File(9)}), "01_lru")
    'canvas'
    """
    return next((name for name in KNOWN if _holds(name, tree, exercise)), "")


def _holds(name: str, tree: Tree, exercise: str) -> bool:
    if name == "gradescope":
        return METADATA in tree.files
    if name == "nbgrader":
        return _is_nbgrader(tree, exercise)
    if name == "github":
        return bool(prefix_of(tree, exercise))
    files = [file for file in tree.files if kind_of(file) or file.endswith(".html")]
    fits = sum(LAYOUTS[name].fullmatch(file) is not None for file in files)
    return fits > 0 and len(files) <= 2 * fits


def _is_nbgrader(tree: Tree, exercise: str) -> bool:
    """Tell by the time stamps, by the folder's name, or by the assignment's name in several students' folders."""
    found = [match for name in tree.files if (match := LAYOUTS["nbgrader"].fullmatch(name))]
    if tree.name == "submitted" or any(match["file"] == TIMESTAMP for match in found):
        return bool(found)
    students = {match["id"] for match in found if match["assignment"] == exercise}
    return len(students) > 1 and len(students) == len(tree.tops)


def prefix_of(tree: Tree, exercise: str) -> str:
    """Return the first part that all folders of GitHub Classroom share: the assignment and "-"; empty if they are none.

    >>> from cachesim.grading.tree import File
    >>> prefix_of(
    ...     Tree("x", {"lab-01-lru-ada/a.py": File(1), "lab-01-lru-adam/a.py": File(1)}), "01_lru"
    ... )
    'lab-01-lru-'
    """
    folders = [top for top in tree.tops if top not in tree.files]
    named = f"{tree.name.removesuffix('-submissions')}-"
    if tree.name.endswith("-submissions") and all(f.startswith(named) for f in folders):
        return named if folders else ""
    if not folders or (len(folders) == 1 and folders[0] not in tree.clones):
        return ""
    if slug := slug_of(folders[0], exercise):
        return slug if all(folder.startswith(slug) for folder in folders) else ""
    shared = _shared(folders).rpartition("-")[0]
    return f"{shared}-" if shared and set(folders) <= tree.clones and len(folders) > 1 else ""


def slug_of(folder: str, exercise: str) -> str:
    """Return the beginning of a folder's name that names the exercise; nothing if there is none.

    >>> slug_of("lab-01-lru-ada", "01_lru")
    'lab-01-lru-'
    """
    before, slug, _ = folder.partition(f"{exercise.replace('_', '-')}-")
    return before + slug if slug else ""


def _shared(names: Sequence[str]) -> str:
    """Return the longest beginning that all names share."""
    same = takewhile(lambda signs: len(set(signs)) == 1, zip(*names, strict=False))
    return "".join(signs[0] for signs in same)


def parts_of(layout: str, tree: Tree, exercise: str) -> list[HandedIn]:
    """Return the files of a class, as its layout names them; what does not fit is not among them."""
    prefix = prefix_of(tree, exercise) if layout == "github" else ""
    found = [
        _part(name, match, prefix)
        for name in tree.files
        if (match := LAYOUTS[layout].fullmatch(name))
    ]
    if layout == "nbgrader":
        return _one_assignment(found, exercise)
    return found


def _part(name: str, match: re.Match[str], prefix: str) -> HandedIn:
    said = match.groupdict()
    who, late = said.get("id") or said.get("name") or "", bool(said.get("late"))
    if anonymous := said.get("anonymous"):
        late, who = anonymous.startswith("LATE_"), anonymous.removeprefix("LATE_")
    typed = bool(said.get("typed")) or said.get("kind") == "onlinetext"
    return HandedIn(
        name,
        who.removeprefix(prefix),
        said.get("file") or said.get("typed") or name,
        (said.get("name") or "").replace("_", " "),
        late if "late" in said else None,
        int(said.get("attempt") or 0),
        said.get("assignment") or "",
        typed,
    )


def _one_assignment(found: list[HandedIn], exercise: str) -> list[HandedIn]:
    """Keep the exercise's own assignment, or the only one. Raises BadInput if there are several others."""
    names = sorted({part.assignment for part in found})
    number, _, rest = exercise.partition("_")
    best = next((n for n in (exercise, rest, number, *names) if n in names), "")
    if len(names) > 1 and best not in (exercise, rest, number):
        raise BadInput(
            f"submitted/ holds the assignments {plain(', '.join(names))}, and none is called {exercise}; "
            "give a folder with only one of them"
        )
    return [part for part in found if part.assignment == best]


def attempts(parts: Iterable[HandedIn]) -> tuple[list[HandedIn], list[HandedIn]]:
    """Return the newest file of each name, and the older ones: "lab-1.py" is a later "lab.py".

    >>> new, old = attempts(
    ...     [HandedIn("x", "7", "lab-1.py", attempt=9), HandedIn("y", "7", "lab.py", attempt=5)]
    ... )
    >>> [part.file for part in new], [part.file for part in old]
    (['lab-1.py'], ['lab.py'])
    """
    newest: dict[str, HandedIn] = {}
    older = []
    for part in sorted(parts, key=lambda part: (part.attempt, _number(part.file))):
        name = _RESENT.sub(r"\2", part.file)
        if name in newest:
            older.append(newest[name])
        newest[name] = part
    return list(newest.values()), older


_RESENT = re.compile(r"-(\d{1,3})((?:\.\w+)*)$")


def _number(file: str) -> int:
    found = _RESENT.search(file)
    return int(found[1]) if found else 0


def typed(data: bytes) -> bytes:
    """Return code that was typed into a system, which keeps it as HTML.

    >>> typed(b"<p>def f():<br>&nbsp;&nbsp;return 1 &lt; 2</p>").decode().splitlines()
    ['def f():', '  return 1 < 2']
    """
    lines = (line.rstrip() for line in data.decode("utf-8", "replace").split("\n"))
    text = re.sub(r"<(?:br ?/?|/p|/div|/li|/pre)>\n?", "\n", "\n".join(lines))
    return html.unescape(re.sub(r"<[^<>]*>", "", text)).replace("\xa0", " ").encode()
