"""Make everything else from an exercise's one source: notebooks, the solution, an autograder for Gradescope.

The same source always gives the same bytes, so that `build --check` can tell whether what lies there is still true.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from cachesim.files import replace_file
from cachesim.grading.cells import Cell, for_students, solved, to_notebook, to_percent
from cachesim.grading.exercise import Exercise
from cachesim.grading.notebooks import COURSE, nbgrader, otter

EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in an archive: the same source, the same bytes
STUDENT, TEACHER = "student", "teacher"  # folders: only the first may be given away

SETUP = """#!/usr/bin/env bash
set -e
apt-get update -qq && apt-get install -y -qq bubblewrap python3-pip python3-venv
python3 -m venv /autograder/venv
wheel=$(ls /autograder/source/*.whl 2>/dev/null || echo cachesim-lab)
/autograder/venv/bin/pip install --quiet "${wheel}[lua]"
"""
RUN = """#!/usr/bin/env bash
# Grades /autograder/submission and writes /autograder/results/results.json, whatever was handed in.
# Without a sandbox, or if the grader itself fails, there is no results.json: Gradescope then shows no score, and why.
set -e
home=${{AUTOGRADER:-/autograder}}
cachesim=${{CACHESIM:-$home/venv/bin/cachesim}}
secret=$(cat "$home/source/{secret}")
rm -rf "$home/results/graded"
"$cachesim" grade "$home/source/{name}" "$home" --layout autograder --secret "$secret" \\
    --out "$home/results/graded" --jobs 1 "$@"
cp "$home/results/graded/gradescope/0000_results.json" "$home/results/results.json"
"""
SECRET = "secret"  # the file in the archive
RUNS = {"setup.sh", "run_autograder"}


def files(
    exercise: Exercise, wheel: Path | None = None, secret: str = ""
) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of everything that is made from an exercise."""
    name = exercise.name
    for folder, cells, suffix in (
        (STUDENT, for_students(exercise.cells), ""),
        (TEACHER, solved(exercise.cells), "_solution"),
    ):
        kept: list[Cell] = list(cells)
        yield f"{folder}/{name}{suffix}.ipynb", to_notebook(kept).encode()
        yield f"{folder}/{name}{suffix}.py", to_percent(kept).encode()
    yield f"{STUDENT}/{name}.toml", handout(exercise).encode()
    yield f"{TEACHER}/{name}_gradescope.zip", gradescope(exercise, wheel, secret)
    yield f"{TEACHER}/nbgrader/nbgrader_config.py", COURSE.encode()
    yield f"{TEACHER}/nbgrader/source/{name}/{name}.ipynb", nbgrader(exercise).encode()
    yield f"{TEACHER}/otter/{name}.ipynb", otter(exercise).encode()


def handout(exercise: Exercise) -> str:
    """Make the TOML that a student's `cachesim exercise` needs: no solution, no hidden test, nothing of grader.py.

    >>> from cachesim.grading.exercise import find
    >>> handout(find("exercises/01_lru")).count("visibility")
    3
    """
    import tomli_w

    shown = [test for test in exercise.about["tests"] if test.get("visibility") == "visible"]
    lab = to_percent(for_students(exercise.cells))
    about = {**exercise.about, "points": exercise.max_score, "tests": shown, "lab": lab}
    return tomli_w.dumps(about, multiline_strings=True)


def gradescope(exercise: Exercise, wheel: Path | None = None, secret: str = "") -> bytes:
    """Return the archive that Gradescope takes as an autograder.

    With a wheel of cachesim, that is what it installs. The secret gives every student parameters of their own: who
    they are stands in the metadata of a submission.
    """
    name = exercise.name
    packed: dict[str, bytes] = {
        "setup.sh": SETUP.encode(),
        "run_autograder": RUN.format(name=name, secret=SECRET).encode(),
        SECRET: secret.encode(),
    }
    if wheel is not None:
        packed[wheel.name] = wheel.read_bytes()
    for path in sorted(exercise.path.glob("*.*")):
        if path.is_file():
            packed[f"{name}/{path.name}"] = path.read_bytes()
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, content in packed.items():
            entry = zipfile.ZipInfo(inside, EPOCH)
            entry.external_attr = (0o755 if inside in RUNS else 0o644) << 16
            archive.writestr(entry, content)
    return data.getvalue()


Files = Iterable[tuple[str, bytes]]


def handouts(exercises: Iterable[Exercise]) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of every exercise's handout: what the package ships."""
    for exercise in exercises:
        yield f"{exercise.name}.toml", handout(exercise).encode()


def write(made: Files, out: Path) -> list[Path]:
    """Write everything below a folder; return the paths."""
    written = []
    for inside, content in made:
        path = out / inside
        replace_file(path, content)
        written.append(path)
    return written


def drifted(made: Files, out: Path) -> list[str]:
    """Return the paths below a folder that are missing, or are no longer what the source makes."""
    return [
        inside
        for inside, content in made
        if not (out / inside).is_file() or (out / inside).read_bytes() != content
    ]
