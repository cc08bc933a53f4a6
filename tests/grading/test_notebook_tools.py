"""nbgrader and otter-grader, as they are on PyPI, grade what we make for them, and agree with our grader."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cachesim.grading.build import TEACHER, files, write
from cachesim.grading.doctor import leaks
from cachesim.grading.exercise import Exercise

EXERCISES = [
    Exercise(Path(__file__).parents[2] / "exercises" / name)
    for name in ("01_lru", "03_lazy_loading")
]
GRADED_BY_OTTER = """
import json, sys
from otter.run import main
for archive, notebook in json.loads(sys.stdin.read()):
    total = main(notebook, autograder=archive, output_dir=None, no_logo=True).total
    print("score", notebook, total)
"""


ONE_PROCESS = {"global_state", "class_state"}  # keep state where all tests of one process find it


def answers(exercise):
    """Return answers by name, each with the score that our grader gives (test_exercises.py holds it to that).

    Those tools run all tests in one process, so answers whose state outlives a test get fewer points there.
    """
    right = {"right": (exercise.solution, exercise.max_score)}
    known = (*exercise.right()[:1], *exercise.wrong()[-4:])
    return right | {name: (text, score) for name, text, score in known if name not in ONE_PROCESS}


def filled(notebook, exercise, source):
    """Return a student's notebook in which the cell that is asked for has been answered."""
    asked = {cell.id for cell in exercise.asked}
    told = json.loads(notebook.read_text())
    cells = [
        cell
        for cell in told["cells"]
        if cell["metadata"].get("nbgrader", cell).get("grade_id", cell.get("id")) in asked
        or "".join(cell["source"]).startswith("class ")
    ]
    assert 1 == len(cells)
    cells[0]["source"] = source
    return json.dumps(told)


def run(*command, folder, given=""):
    """Run a tool of this environment; return what it printed."""
    home = {"HOME": str(folder), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=folder, env=home, input=given, capture_output=True, text=True
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def built(tmp_path):
    """What is made of both exercises."""
    for exercise in EXERCISES:
        write(files(exercise), tmp_path)
    return tmp_path / TEACHER


def test_nbgrader_agrees(built):
    """It makes a release without secrets, and gives every answer the score that we give."""
    course = built / "nbgrader"
    for exercise in EXERCISES:
        name = exercise.name
        run("nbgrader", "generate_assignment", name, "--create", folder=course)
        released = course / "release" / name / f"{name}.ipynb"
        assert [] == leaks(exercise, released.read_text())
        for who, (source, _) in answers(exercise).items():
            handed_in = course / "submitted" / who / name / f"{name}.ipynb"
            handed_in.parent.mkdir(parents=True)
            handed_in.write_text(filled(released, exercise, source))
        run("nbgrader", "autograde", name, "--create", folder=course)
    run("nbgrader", "export", folder=course)
    with open(course / "grades.csv") as rows:
        graded = {
            (row["assignment"], row["student_id"]): float(row["score"])
            for row in csv.DictReader(rows)
        }

    for exercise in EXERCISES:
        for who, (_, score) in answers(exercise).items():
            assert score == graded[exercise.name, who], f"{exercise.name} {who}"


def test_otter_agrees(built):
    """It makes a notebook without secrets, and gives wrong answers the scores that we give.

    `otter assign` itself runs the tests on the right answer, and fails if it does not get all points. A run of otter
    takes seconds: two wrong answers for each exercise.
    """
    folder, work, expected = built / "otter", [], {}
    for exercise in EXERCISES:
        run("otter", "assign", f"{exercise.name}.ipynb", exercise.name, folder=folder)
        given = folder / exercise.name / "student" / f"{exercise.name}.ipynb"
        assert [] == leaks(exercise, given.read_text())
        (archive,) = (folder / exercise.name / "autograder").glob("*.zip")
        for who, (source, score) in list(answers(exercise).items())[-2:]:
            handed_in = folder / f"{exercise.name}_{who}.ipynb"
            handed_in.write_text(filled(given, exercise, source))
            work.append((str(archive), handed_in.name))
            expected[handed_in.name] = score
    printed = run(sys.executable, "-c", GRADED_BY_OTTER, folder=folder, given=json.dumps(work))
    lines = [line.split() for line in printed.splitlines() if line.startswith("score ")]

    assert expected == {name: float(score) for _, name, score in lines}
