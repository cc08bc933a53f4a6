"""One exercise: its folder read and checked. `lab.py` is the only source, `grader.py` never leaves the teacher."""

import hashlib
import hmac
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.cells import Cell, for_students, from_percent, solved
from cachesim.grading.sandbox import MIB, Limits
from cachesim.rng import stream

NOT_ASKED = {"visible", "hidden", "helpers", "parameters"}  # tags of cells that are not the student's
FOLDERS = ("exercises", "../exercises")  # where a number or a name is looked for


class Test(NamedTuple):
    """One test of an exercise."""

    id: str
    points: float
    visible: bool
    depends_on: tuple[str, ...]
    failed: str  # shown when it fails


class Exercise:
    """An exercise, read from its folder.

    Raises
    ------
    BadInput
        A file is missing, or exercise.toml and lab.py do not fit each other.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("exercise.toml", "lab.py"):
            if not (folder / name).is_file():
                raise BadInput(
                    f"{folder / name} is missing; an exercise has exercise.toml and lab.py"
                )
        self.about: dict[str, Any] = tomllib.loads((folder / "exercise.toml").read_text("utf-8"))
        self.id, self.title = str(self.about["id"]), str(self.about["title"])
        self.entry_points: list[str] = self.about["entry_points"]
        self.hints: list[str] = self.about["hints"]
        self.explanation: str = self.about["explanation"]
        self.cells = from_percent((folder / "lab.py").read_text("utf-8"))
        self.tests = [_test(about) for about in self.about["tests"]]
        self._check()

    def _check(self) -> None:
        written = {
            name
            for cell in self.cells
            for name in re.findall(r"^def test_(\w+)", cell.source, re.M)
        }
        named = {test.id for test in self.tests}
        if written != named:
            odd = ", ".join(sorted(written ^ named))
            raise BadInput(f"{self.folder}: tests in lab.py and exercise.toml differ: {odd}")
        for test in self.tests:
            if unknown := set(test.depends_on) - named:
                raise BadInput(
                    f"{self.folder}: {test.id} depends on {min(unknown)}, which is no test"
                )

    @property
    def max_score(self) -> float:
        """The points of all tests together."""
        return sum(test.points for test in self.tests)

    @property
    def limits(self) -> Limits:
        """What one test may use."""
        given = self.about.get("limits", {})
        memory = given.get("memory_mb", 1024) * MIB
        return Limits(given.get("cpu", 5), given.get("wall", 20.0), memory)

    @cached_property
    def starter(self) -> str:
        """What a student begins with, as one Python text."""
        return code_of(for_students(self.cells))

    @cached_property
    def solution(self) -> str:
        """The reference solution, as one Python text."""
        return code_of(solved(self.cells))

    @property
    def asked(self) -> list[Cell]:
        """The cells that a student fills in."""
        return [cell for cell in self.cells if "# BEGIN SOLUTION" in cell.source]

    def wrong(self) -> list[tuple[str, str, float]]:
        """Return the typical wrong answers: name, source and the score that each must get."""
        found = []
        for path in sorted((self.folder / "wrong").glob("*.py")):
            text = path.read_text("utf-8")
            score = re.match(r"# score: ([\d.]+)", text)
            if score is None:
                raise BadInput(f'{path} must begin with "# score: N"')
            found.append((path.stem, text, float(score[1])))
        return found

    def namespace(self, seed: int) -> dict[str, Any]:
        """Return the tests, ready to be called, with what they use: `cs`, grader.py, `params`, `seed`."""
        names: dict[str, Any] = {"__name__": f"exercise_{self.id}"}
        exec("import cachesim as cs", names)  # the teacher's own code, here and below
        for source in (self._grader(), *(c.source for c in self.cells if self._is_trusted(c))):
            exec(compile(source, f"exercise {self.id}", "exec"), names)
        made = names["parameters"](random_of(seed)) if "parameters" in names else {}
        names["params"] = made
        return names

    def _grader(self) -> str:
        path = self.folder / "grader.py"
        return path.read_text("utf-8") if path.is_file() else ""

    def _is_trusted(self, cell: Cell) -> bool:
        return cell.is_code and bool({"visible", "hidden", "parameters", "helpers"} & set(cell.tags))


def code_of(cells: Any) -> str:
    """Return what a submission consists of: the code cells without tests."""
    kept = [c.source for c in cells if c.is_code and not NOT_ASKED & set(c.tags)]
    return "\n".join(kept)


def _test(about: dict[str, Any]) -> Test:
    return Test(
        id=about["id"],
        points=float(about["points"]),
        visible=about.get("visibility", "hidden") == "visible",
        depends_on=tuple(about.get("depends_on", ())),
        failed=about["failed"],
    )


def random_of(seed: int) -> Any:
    """Return a generator for a student's parameters: `random(a, b)` gives a whole number from a to b."""
    generator = stream(seed, "parameters")
    return lambda least, most: int(generator.integers(least, most + 1))


def seed_of(secret: str, student: str) -> int:
    """Return a student's seed: 32 bits of an HMAC of the course's secret and the student's id.

    >>> seed_of("secret", "ada") == seed_of("secret", "ada") != seed_of("secret", "bob")
    True
    """
    digest = hmac.new(secret.encode(), student.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:4], "big")


def find(name: str) -> Exercise:
    """Return an exercise by its folder, its number ("01") or its name. Raises BadInput."""
    if Path(name, "exercise.toml").is_file():
        return Exercise(Path(name))
    for folder in all_folders():
        number, _, rest = folder.name.partition("_")
        if name in (folder.name, number, number.lstrip("0"), rest):
            return Exercise(folder)
    known = ", ".join(folder.name for folder in all_folders()) or "none here"
    raise BadInput(f'exercise "{name}" is unknown; known: {known}; or give the folder of one')


def all_folders() -> list[Path]:
    """Return the folders of all exercises that can be found from here."""
    for place in FOLDERS:
        found = sorted(path.parent for path in Path(place).glob("*/exercise.toml"))
        if found:
            return found
    return []
