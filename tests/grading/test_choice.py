"""Which file of several is graded: what defines the answer, never what a program left; both if both were changed."""

import os
import zipfile
from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.grading.best import graded_best
from cachesim.grading.cells import for_students, solved, to_notebook, to_percent
from cachesim.grading.exercise import Exercise
from cachesim.grading.sandbox import strongest
from cachesim.grading.submission import read

EXERCISE = Exercise(Path(__file__).parents[2] / "exercises" / "01_lru")
STARTER = list(for_students(EXERCISE.cells))
SOLVED = list(solved(EXERCISE.cells))
WRONG = "import cachesim as cs\nclass LRU(cs.EvictionPolicy):\n    def victim(self): return 'x'\n"
RIGHT = EXERCISE.solution


@pytest.mark.parametrize("which", [0, 1])
def test_of_the_two_files_of_start_the_changed_one_counts(tmp_path, which):
    """And the note names the other."""
    cells = [STARTER, STARTER]
    cells[which] = SOLVED
    names = ("01_lru.ipynb", "01_lru.py")
    (tmp_path / names[0]).write_text(to_notebook(cells[0]))
    (tmp_path / names[1]).write_text(to_percent(cells[1]))
    found = read(tmp_path, EXERCISE)

    assert names[which] == found.file
    assert (
        f"graded: {names[which]}",
        f"not graded, nothing is written in it: {names[1 - which]}",
    ) == found.notes
    assert () == found.others


def test_if_both_were_changed_the_better_counts(tmp_path):
    """Both are graded and named with their scores, whichever is better."""
    (tmp_path / "01_lru.ipynb").write_text(to_notebook(SOLVED))
    (tmp_path / "01_lru.py").write_text(WRONG)
    found = read(tmp_path, EXERCISE)
    report = graded_best(EXERCISE, found, tier=strongest())

    assert 100 == report.score
    assert ("graded: 01_lru.py (0), 01_lru.ipynb (100): the best one counts",) == report.notes
    assert tmp_path.name == report.id


def test_the_same_code_is_graded_once(tmp_path):
    """A notebook that jupytext keeps beside a .py."""
    (tmp_path / "01_lru.ipynb").write_text(to_notebook(SOLVED))
    (tmp_path / "01_lru.py").write_text(to_percent(SOLVED))
    found = read(tmp_path, EXERCISE)

    assert () == found.others
    assert ("graded: 01_lru.py", "the same code is in 01_lru.ipynb") == found.notes


def test_what_programs_leave_never_wins(tmp_path):
    """Checkpoints, resource forks, hidden folders, virtual environments; they are named as not looked at."""
    names = [
        ".ipynb_checkpoints/01_lru-checkpoint.py", "__MACOSX/._01_lru.py", "._01_lru.py", ".venv/a.py", ".git/a.py",
        "__pycache__/a.py", "node_modules/a.py", "x/site-packages/a.py", "myenv/a.py", "conda/a.py",
    ]  # fmt: skip
    for name in (*names, "myenv/pyvenv.cfg", "conda/conda-meta/history"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(RIGHT)
    (tmp_path / "in" / "01_lru.py").write_text(WRONG)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for path in sorted((tmp_path / "in").rglob("*")):
            archive.write(path, path.relative_to(tmp_path / "in"))
    folder, packed = read(tmp_path / "in", EXERCISE), read(tmp_path / "z.zip", EXERCISE)

    assert "01_lru.py" == folder.file == packed.file
    assert () == folder.others == packed.others
    assert folder.notes == packed.notes
    assert "not looked at: ._01_lru.py, .git, .ipynb_checkpoints" in folder.notes[1]


@pytest.mark.parametrize(
    "name", ["Untitled.py", "scratch.py", "conftest.py", "tmp/Untitled1.py", "test_it.py"]
)
def test_a_draft_never_wins(tmp_path, name):
    """It is graded only if nothing else was written."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(RIGHT)
    alone = read(tmp_path, EXERCISE)
    (tmp_path / "my_own_name.py").write_text(WRONG)
    beside = read(tmp_path, EXERCISE)

    assert (name, ("LRU",)) == (alone.file, alone.written)
    assert ("my_own_name.py", ()) == (beside.file, beside.others)
    assert f"not graded: {name}" in beside.notes


@pytest.mark.parametrize(
    "name",
    ["01_lru.py.txt", "01_lru.PY", "01_lru (1).py", "01_lru.py (1)", "01_lru-Copy1.py", "a b/ä.py", "x.py.json"],
)  # fmt: skip
def test_names_as_browsers_and_systems_make_them(tmp_path, name):
    """In a folder and by itself."""
    (tmp_path / "in" / name).parent.mkdir(parents=True)
    (tmp_path / "in" / name).write_text(RIGHT)

    assert ("LRU",) == read(tmp_path / "in", EXERCISE).written
    assert ("LRU",) == read(tmp_path / "in" / name, EXERCISE).written


@pytest.mark.parametrize(
    "name", ["a.ipynb.json", "a.ipynb.txt", "a.ipynb (2).json", "a.py", "a.txt"]
)
def test_a_notebook_is_known_by_what_it_holds(tmp_path, name):
    """Whatever it is called."""
    (tmp_path / name).write_text(to_notebook(SOLVED))

    assert ("LRU",) == read(tmp_path / name, EXERCISE).written


def test_a_large_environment_is_not_read(tmp_path):
    """Filtered before counting: what a student wrote is found beside thousands of files."""
    for folder in ("venv/lib/python/site-packages", "data"):
        (tmp_path / "in" / folder).mkdir(parents=True)
    (tmp_path / "in/venv/pyvenv.cfg").write_text("")
    for number in range(1000):
        (tmp_path / f"in/venv/{number}.py").write_text("")
        (tmp_path / f"in/data/{number}.csv").write_text("")
    (tmp_path / "in/work.py").write_text(RIGHT)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for path in sorted((tmp_path / "in").rglob("*")):
            archive.write(path, path.relative_to(tmp_path / "in"))

    assert (
        "work.py" == read(tmp_path / "in", EXERCISE).file == read(tmp_path / "z.zip", EXERCISE).file
    )


def test_a_walk_has_an_end(tmp_path, monkeypatch):
    """What is found until then is graded, and the note says that there is more."""
    monkeypatch.setattr("cachesim.grading.reading.MOST_NAMES", 3)
    for name in ("a.py", "b/c.csv", "d/e.csv", "f/g.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(RIGHT)
    (tmp_path / "h").mkdir()
    found = read(tmp_path, EXERCISE)

    assert ("graded: a.py", "not looked at: what comes after 3 names") == found.notes


def test_links_and_pipes_are_not_followed(tmp_path):
    """In a folder, as a submission itself, and a folder that leads into itself."""
    (tmp_path / "secret.py").write_text(RIGHT)
    (tmp_path / "in").mkdir()
    os.symlink(tmp_path / "secret.py", tmp_path / "in" / "link.py")
    os.symlink(tmp_path / "in", tmp_path / "in" / "loop")
    os.mkfifo(tmp_path / "pipe.py")

    for name, why in (
        ("in", "link.py cannot be read"),
        ("in/link.py", "link.py cannot"),
        ("pipe.py", "no regular"),
    ):
        with pytest.raises(BadInput, match=why):
            read(tmp_path / name, EXERCISE)


def test_no_note_tells_where_the_teacher_keeps_it(tmp_path):
    """Paths are those inside the submission."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(BadInput) as raised:
        read(tmp_path, EXERCISE)

    assert f"{tmp_path.name} holds no .py and no .ipynb file, only a.pdf (a PDF)" == str(
        raised.value
    )
