"""What is made from an exercise: the same each time, nothing secret for students, and an autograder that runs."""

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from cachesim.grading.build import STUDENT, drifted, files, gradescope, handouts, write
from cachesim.grading.doctor import leaks
from cachesim.grading.exercise import HANDOUTS
from cachesim.grading.sandbox import holds
from tests.grading.gradescope import offences
from tests.grading.test_exercises import EXERCISES

NAMES = [exercise.id for exercise in EXERCISES]


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_students_get_no_solution_and_no_hidden_test(exercise):
    """Not in source, metadata or outputs: no line of a solution, no name of a hidden test, nothing of grader.py."""
    given = [content.decode() for path, content in files(exercise) if path.startswith(STUDENT)]

    assert 3 == len(given)
    assert [] == [line for text in given for line in leaks(exercise, text)]


def test_a_leak_is_found():
    """The solution, a hidden test, its sentence, and a line of grader.py, each by itself."""
    exercise = EXERCISES[0]
    for text in (
        exercise.solution,
        "test_a_write_counts",
        next(test.failed for test in exercise.tests if not test.visible),
        exercise.grader,
    ):
        assert leaks(exercise, text)


def test_the_package_ships_these_handouts():
    """After a change of an exercise: cachesim exercise build 1 2 ... --handouts --out cachesim/grading/handouts."""
    made = list(handouts(EXERCISES))

    assert [] == drifted(made, HANDOUTS)
    assert {name for name, _ in made} == {path.name for path in HANDOUTS.glob("*.toml")}


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_the_same_source_gives_the_same_bytes(exercise, tmp_path):
    """And drift is noticed."""
    made = list(files(exercise))
    write(made, tmp_path)
    fresh = drifted(made, tmp_path)
    path = next(tmp_path.glob(f"{STUDENT}/*.py"))
    path.write_text(path.read_text() + "\n")

    assert [] == fresh
    assert [path.relative_to(tmp_path).as_posix()] == drifted(made, tmp_path)
    assert made == list(files(exercise))


def test_the_gradescope_archive_grades(tmp_path):
    """In a clean folder, as Gradescope lays it out; results.json has the score of a wrong answer."""
    if not any(map(holds, ("bwrap", "landlock"))):
        pytest.skip("no sandbox that grades works here")
    exercise = EXERCISES[0]
    zipfile.ZipFile(io.BytesIO(gradescope(exercise))).extractall(tmp_path / "source")
    (tmp_path / "submission").mkdir()
    (tmp_path / "results").mkdir()
    _, text, score = exercise.wrong()[0]
    (tmp_path / "submission" / "work.py").write_text(text)
    command = tmp_path / "cachesim"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cachesim "$@"\n')
    command.chmod(0o755)
    subprocess.run(
        ["bash", str(tmp_path / "source" / "run_autograder")],
        env={
            **os.environ,
            "AUTOGRADER": str(tmp_path),
            "CACHESIM": str(command),
            "PYTHONPATH": os.getcwd(),
        },
        check=True,
        capture_output=True,
    )
    told = json.loads((tmp_path / "results" / "results.json").read_text())

    assert score == told["score"]
    assert [] == offences(told)
    assert {"name", "score", "max_score", "status", "output", "visibility"} <= set(told["tests"][0])
    shown = "\n".join(test["output"] for test in told["tests"] if test["visibility"] == "visible")
    assert [] == leaks(exercise, shown)
