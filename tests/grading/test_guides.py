"""The guides, followed to the letter: a working exercise, and a class that is graded."""

import os
import re
import shlex
from glob import glob
from pathlib import Path

import pytest

from cachesim.grading.build import files
from cachesim.grading.doctor import examined
from cachesim.grading.exercise import Exercise
from cachesim.grading.sandbox import holds, strongest
from tests.cli.calls import call
from tests.grading.hand_ins import Student, canvas, in_folder, in_zip, moodle

GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "write_an_exercise.md"


def test_the_exercise_of_the_guide(tmp_path):
    """Every file that it shows, copied; then doctor and build."""
    shown = re.findall(r"^`(exercises/\S+)`\n\n```\w+\n(.*?)^```", GUIDE.read_text(), re.M | re.S)
    for name, text in shown:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    exercise = Exercise(tmp_path / "exercises" / "99_hit_ratio")

    assert 9 == len(shown)
    assert [] == [found for found in examined(exercise, strongest()) if not found.is_fine]
    assert 9 == len(list(files(exercise)))


GRADING = Path(__file__).parents[2] / "docs" / "howto" / "grade_a_class.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
ENDLESS, LONG = (
    "cachesim exercise watch",
    "cachesim exercise doctor",
)  # the second has tests of its own


def commands(page):
    """Return the page's commands for `cachesim`, as lists of words, in their order."""
    lines = [
        line for block in BLOCK.findall(page.read_text("utf-8")) for line in block.splitlines()
    ]
    return [
        shlex.split(line, comments=True)[1:]
        for line in lines
        if line.startswith("cachesim ") and not line.startswith((ENDLESS, LONG))
    ]


def test_every_command_of_the_grading_guide(tmp_path, monkeypatch):
    """A student's from start to reset, and a teacher's with each kind of class, work as they are printed."""
    if not any(map(holds, ("bwrap", "landlock"))):
        pytest.skip("no sandbox that grades works here")
    exercises = GUIDE.parents[2] / "exercises"
    os.symlink(exercises, tmp_path / "exercises")
    monkeypatch.chdir(tmp_path)
    ada = Student("ada", "Ada King", 1, "ada.ipynb", b"{}")
    in_folder(
        {"submissions/ada.ipynb": b"{}", "submissions/bob.py": b"", "ada.ipynb": b"{}"}, tmp_path
    )
    in_zip(canvas([ada]), tmp_path / "canvas.zip")
    in_zip(moodle([ada]), tmp_path / "moodle.zip")
    (roster,) = re.findall(r"^```text\n(id,name.*?)^```", GRADING.read_text("utf-8"), re.M | re.S)
    (tmp_path / "class.csv").write_text(roster)
    (tmp_path / "times.csv").write_text("id,submitted\n1,2026-12-01T01:00\n")
    ran = [(words, call(*expanded(words))) for words in commands(GRADING)]

    assert 12 < len(ran)
    for words, found in ran:
        # a check of an exercise that is not yet solved says so with exit code 1
        assert found.code == (1 if words[1] == "check" else 0), (words, found)
    assert {"graded", "canvas-graded", "late", "out"} < set(os.listdir(tmp_path))


def expanded(words):
    """Return words as a shell hands them on."""
    return [name for word in words for name in (sorted(glob(word)) if "*" in word else [word])]
