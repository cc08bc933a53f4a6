"""What is made from an exercise: the same each time, nothing secret for students, and an autograder that runs."""

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from cachesim.grading.build import STUDENT, drifted, files, gradescope, write
from cachesim.grading.sandbox import holds
from tests.grading.test_exercises import EXERCISES

NAMES = [exercise.id for exercise in EXERCISES]


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_students_get_no_solution_and_no_hidden_test(exercise):
    """Not in source, metadata or outputs: no line of a solution, no name of a hidden test, nothing of grader.py."""
    given = b"\n".join(
        content for path, content in files(exercise) if path.startswith(STUDENT)
    ).decode()
    solution = set(map(str.strip, exercise.solution.splitlines())) - set(
        map(str.strip, exercise.starter.splitlines())
    )
    grader = {line.strip() for line in (exercise.folder / "grader.py").read_text().splitlines()}
    secret = {line for line in solution | grader if len(line) > 20 and "import" not in line}
    secret -= {
        line.strip()
        for cell in exercise.cells
        if "visible" in cell.tags
        for line in cell.source.splitlines()
    }
    hidden = {f"test_{test.id}" for test in exercise.tests if not test.visible}

    assert [] == [line for line in secret | hidden if line in given]
    assert "BEGIN SOLUTION" not in given


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_the_same_source_gives_the_same_bytes(exercise, tmp_path):
    """And drift is noticed."""
    write(exercise, tmp_path)
    fresh = drifted(exercise, tmp_path)
    path = next(tmp_path.glob(f"{STUDENT}/*.py"))
    path.write_text(path.read_text() + "\n")

    assert [] == fresh
    assert [path.relative_to(tmp_path).as_posix()] == drifted(exercise, tmp_path)
    assert dict(files(exercise)) == dict(files(exercise))


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
    assert {"name", "score", "max_score", "status", "output", "visibility"} <= set(told["tests"][0])
