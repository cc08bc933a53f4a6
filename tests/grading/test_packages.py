"""What is published: the wheel and the sdist hold every handout, and nothing that only a teacher has."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from cachesim.grading.doctor import leaks
from cachesim.grading.exercise import Exercise

ROOT = Path(__file__).parents[2]
EXERCISES = [Exercise(path.parent) for path in sorted(ROOT.glob("exercises/*/exercise.toml"))]
PUBLISHED = ("cachesim", "tests", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")
BUILD = """
from setuptools import build_meta
build_meta.build_wheel("dist")
build_meta.build_sdist("dist")
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """The folder in which a copy of the repository, exercises and all, has been built."""
    pytest.importorskip("setuptools", "77")
    copy = tmp_path_factory.mktemp("copy")
    for name in (*PUBLISHED, "exercises"):
        whole = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        whole(ROOT / name, copy / name)
    subprocess.run(
        [sys.executable, "-c", BUILD], cwd=copy, check=True, capture_output=True, text=True
    )
    return copy / "dist"


def wheel(dist):
    """Return the files of the wheel."""
    (path,) = dist.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sdist(dist):
    """Return the files of the sdist."""
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        members = [member for member in archive if member.isfile()]
        return {member.name: archive.extractfile(member).read() for member in members}


@pytest.mark.parametrize("files_of", [wheel, sdist])
def test_nothing_of_the_teachers_is_published(dist, files_of):
    """Handouts yes; no grader.py, no lab.py, no wrong answer, and nowhere the name or the sentence of a hidden test."""
    files = files_of(dist)
    given = {
        Path(name).stem: text.decode()
        for name, text in files.items()
        if "handouts" in name and name.endswith(".toml")
    }
    every = b"\n".join(files.values()).decode("utf-8", "replace")
    hidden = [test for exercise in EXERCISES for test in exercise.tests if not test.visible]
    teachers = {"grader.py", "lab.py", "exercise.toml"}

    assert {exercise.name for exercise in EXERCISES} == set(given)
    assert [] == [n for n in files if Path(n).name in teachers or "/wrong/" in n]
    assert [] == [line for exercise in EXERCISES for line in leaks(exercise, given[exercise.name])]
    assert [] == [test.id for test in hidden if f"test_{test.id}" in every or test.failed in every]
