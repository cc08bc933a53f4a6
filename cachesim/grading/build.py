"""Makes from an exercise's one source what others need: notebooks, the solution, an autograder for Gradescope.

The same source always gives the same bytes, so that `build --check` can tell whether what lies there is still true.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cachesim.grading.cells import Cell, for_students, solved, to_notebook, to_percent
from cachesim.grading.exercise import Exercise

EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in an archive: the same source, the same bytes
STUDENT, TEACHER = "student", "teacher"  # folders: only the first may be given away

SETUP = """#!/usr/bin/env bash
set -e
apt-get update -qq && apt-get install -y -qq bubblewrap python3-pip python3-venv
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install --quiet cachesim-lab
"""
RUN = """#!/usr/bin/env bash
# Grades /autograder/submission and writes /autograder/results/results.json, whatever was handed in.
set -e
home=${{AUTOGRADER:-/autograder}}
cachesim=${{CACHESIM:-$home/venv/bin/cachesim}}
"$cachesim" grade "$home/source/{name}" "$home/submission" --out "$home/results/graded" --jobs 1 {options}
cp "$home/results/graded/gradescope/0000_results.json" "$home/results/results.json"
"""


def files(exercise: Exercise) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of everything that is made from an exercise."""
    name = exercise.folder.name
    for folder, cells in (
        (STUDENT, for_students(exercise.cells)),
        (TEACHER, solved(exercise.cells)),
    ):
        kept: list[Cell] = list(cells)
        suffix = "" if folder == STUDENT else "_solution"
        yield f"{folder}/{name}{suffix}.ipynb", to_notebook(kept).encode()
        yield f"{folder}/{name}{suffix}.py", to_percent(kept).encode()
    yield f"{TEACHER}/{name}_gradescope.zip", gradescope(exercise)


def gradescope(exercise: Exercise) -> bytes:
    """Return the archive that Gradescope takes as an autograder."""
    name = exercise.folder.name
    packed = {"setup.sh": SETUP, "run_autograder": RUN.format(name=name, options='"$@"')}
    for path in sorted(exercise.folder.glob("*.*")):
        if path.is_file():
            packed[f"{name}/{path.name}"] = path.read_text("utf-8")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, text in packed.items():
            entry = zipfile.ZipInfo(inside, EPOCH)
            entry.external_attr = (0o755 if "/" not in inside else 0o644) << 16
            archive.writestr(entry, text)
    return data.getvalue()


def write(exercise: Exercise, out: Path) -> list[Path]:
    """Write everything below a folder; return the paths."""
    written = []
    for inside, content in files(exercise):
        path = out / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content)
        part.replace(path)
        written.append(path)
    return written


def drifted(exercise: Exercise, out: Path) -> list[str]:
    """Return the paths below a folder that are missing, or are no longer what the source makes."""
    return [
        inside
        for inside, content in files(exercise)
        if not (out / inside).is_file() or (out / inside).read_bytes() != content
    ]
