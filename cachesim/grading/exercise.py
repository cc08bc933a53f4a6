"""One exercise, read and checked: from its folder, or from the handout that students have.

In a folder `lab.py` is the only source, and `grader.py` never leaves the teacher. A handout (build.py makes it) is one
file with neither solutions nor hidden tests; those of the package's own exercises are in handouts/.
"""

import hashlib
import hmac
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.cells import Cell, for_students, from_percent, solved
from cachesim.grading.desk_cells import DESK, with_desk
from cachesim.grading.sandbox import MIB, Limits
from cachesim.rng import stream

NOT_ASKED = {
    "visible",
    "hidden",
    "helpers",
    "parameters",
    DESK,
}  # tags of cells that are not the student's
FOLDERS = ("exercises", "../exercises")  # where a number or a name is looked for, before:
HANDOUTS = Path(__file__).with_name("handouts")


class Test(NamedTuple):
    """One test of an exercise."""

    id: str
    points: float
    visible: bool
    depends_on: tuple[str, ...]
    failed: str  # shown when it fails


class Exercise:
    """An exercise, read from its folder or from its handout.

    Raises
    ------
    BadInput
        A file is missing, or what it says about tests does not fit together.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_handout = path.suffix == ".toml"
        self.name = path.stem if self.is_handout else path.resolve().name
        self.about, lab = _read(path)
        try:
            self.id, self.title = str(self.about["id"]), str(self.about["title"])
            self.entry_points: list[str] = self.about["entry_points"]
            self.hints: list[str] = self.about["hints"]
            self.explanation: str = self.about["explanation"]
            self.tests = [_test(about) for about in self.about["tests"]]
            self.designs: dict[str, str] = self.about.pop("right", {})
        except KeyError as missing:
            raise BadInput(f"{path}: exercise.toml must say {missing}") from None
        self.cells = with_desk(from_percent(lab), self.id, self.about.get("predict", {}))
        self._check()

    def _check(self) -> None:
        written = {
            name
            for cell in self.cells
            for name in re.findall(r"^def test_(\w+)", cell.source, re.M)
        }
        named = {test.id: test for test in self.tests}
        if written != set(named):
            odd = ", ".join(sorted(written ^ set(named)))
            raise BadInput(f"{self.path}: tests in lab.py and exercise.toml differ: {odd}")
        for test in self.tests:
            for needed in test.depends_on:
                if needed not in named:
                    raise BadInput(f"{self.path}: {test.id} depends on {needed}, which is no test")
                if test.visible and not named[needed].visible:
                    raise BadInput(
                        f"{self.path}: {test.id} is visible and depends on {needed}, which is hidden"
                    )

    @property
    def max_score(self) -> float:
        """The points of all tests together."""
        return sum(test.points for test in self.tests)

    @property
    def limits(self) -> Limits:
        """What one test may use."""
        given = dict(self.about.get("limits", {}))
        memory = given.pop("memory_mb", 1024) * MIB
        try:
            return Limits(**given, memory=memory)
        except TypeError:
            known = "cpu, wall, memory_mb and messages"
            raise BadInput(f"{self.path}: [limits] may say {known}") from None

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

    def right(self) -> list[tuple[str, str, float]]:
        """Return right answers with another design than the reference: name, source and score (all points)."""
        return [
            (name, _text(self.path / "right" / f"{name}.py"), self.max_score)
            for name in self.designs
        ]

    def wrong(self) -> list[tuple[str, str, float]]:
        """Return the typical wrong answers: name, source and the score that each must get."""
        found = []
        for path in sorted((self.path / "wrong").glob("*.py")):
            text = _text(path)
            score = re.match(r"# score: ([\d.]+)", text)
            if score is None:
                raise BadInput(f'{path} must begin with "# score: N"')
            found.append((path.stem, text, float(score[1])))
        return found

    def namespace(self, seed: int) -> dict[str, Any]:
        """Return the tests, ready to be called, with what they use: `cs`, grader.py, `params`."""
        names: dict[str, Any] = {"__name__": f"exercise_{self.id}"}
        exec("import cachesim as cs", names)  # the teacher's own code, here and below
        try:
            for source in (self.grader, *(c.source for c in self.cells if self._is_trusted(c))):
                exec(compile(source, f"exercise {self.id}", "exec"), names)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            raise BadInput(
                f"{self.path}: the code of its tests fails ({why}); mend lab.py or grader.py"
            ) from error
        names["params"] = parameters_of(names, seed)
        return names

    @cached_property
    def grader(self) -> str:
        """What only the teacher has; nothing in a handout."""
        path = self.path / "grader.py"
        return path.read_text("utf-8") if path.is_file() else ""

    def _is_trusted(self, cell: Cell) -> bool:
        return cell.is_code and bool((NOT_ASKED - {DESK}) & set(cell.tags))


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """Read exercise.toml, and the lab in percent format."""
    if path.suffix == ".toml":
        about = _toml(path)
        return about, str(about.pop("lab", ""))
    for name in ("exercise.toml", "lab.py"):
        if not (path / name).is_file():
            raise BadInput(f"{path / name} is missing; an exercise has exercise.toml and lab.py")
    return _toml(path / "exercise.toml"), (path / "lab.py").read_text("utf-8")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read as TOML: {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        raise BadInput(f"{path} cannot be read; exercise.toml or its folder names it") from None


def code_of(cells: Any) -> str:
    """Return the code of a submission: the code cells without tests."""
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


def parameters_of(names: dict[str, Any], seed: int) -> dict[str, Any]:
    """Make a student's parameters with the lab's `parameters(random)`; none if the lab has no such function."""
    made: dict[str, Any] = names["parameters"](random_of(seed)) if "parameters" in names else {}
    return made


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
    """Return an exercise by its path, its number ("01") or its name. Raises BadInput."""
    if Path(name, "exercise.toml").is_file() or Path(name).suffix == ".toml":
        return Exercise(Path(name))
    for path in all_paths():
        number, _, rest = path.stem.partition("_")
        if name in (path.stem, number, number.lstrip("0"), rest):
            return Exercise(path)
    known = ", ".join(path.stem for path in all_paths()) or "none here"
    raise BadInput(f'exercise "{name}" is unknown; known: {known}; or give the folder of one')


def whole(name: str) -> Exercise:
    """Return an exercise with its grader. Raises BadInput if only its handout is here."""
    exercise = find(name)
    if exercise.is_handout:
        raise BadInput(
            f"of exercise {exercise.id} only the handout for students is here, without hidden tests; "
            "run this where its folder ./exercises is, or give the folder's path"
        )
    return exercise


def all_paths() -> list[Path]:
    """Return all exercises: the folders below ./exercises or ../exercises; else handouts, here and in the package."""
    for place in FOLDERS:
        found = sorted(path.parent for path in Path(place).glob("*/exercise.toml"))
        if found:
            return found
    here = sorted(Path().glob("[0-9]*_*.toml"))
    return here + [path for path in sorted(HANDOUTS.glob("*.toml")) if Path(path.name) not in here]
