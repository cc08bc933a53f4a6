"""Submissions that once failed for reasons that had nothing to do with their answers: all of those are right."""

import zipfile
from pathlib import Path

import pytest

from cachesim.grading.best import graded_best
from cachesim.grading.exercise import Exercise
from cachesim.grading.sandbox import strongest
from cachesim.grading.submission import read

FOLDER = Path(__file__).parents[2] / "exercises"
EXERCISES = {"03": Exercise(FOLDER / "03_lazy_loading"), "": Exercise(FOLDER / "01_lru")}
NO_PART = "was not run: it is not part of the answer"

NOTES = {  # of each file, what must be said about it
    "doc_exercise_cells.ipynb": [],
    "03_readme_way.ipynb": [],
    "own_experiment.ipynb": [f"cell 7 {NO_PART}"],
    "03_tried_it.ipynb": [f"cell 7 {NO_PART}"],
    "plot_imports.ipynb": [f"cell 2 {NO_PART}"],
    "import_numpy.ipynb": [f"cell 2 {NO_PART}"],
    "display.ipynb": [f"cell 7 {NO_PART}"],
    "nameerr.ipynb": [f"cell 7 {NO_PART}"],
    "div0.ipynb": [f"cell 7 {NO_PART}"],
    "cellbash.ipynb": ["cell 7 was not run: %%bash is not Python"],
    "helpmark.ipynb": ["cell 7 was not run: LRU? is not Python"],
    "await_cell.ipynb": [f"cell 7 {NO_PART}"],
    "bom_py.py": [],
    "bom_nb.ipynb": [],
    "colab_newid.ipynb": [],
    "fold_both": ["graded: 01_lru.py", "not graded, nothing is written in it: 01_lru.ipynb"],
    "fold_ckpt": ["graded: 01_lru.ipynb", "not looked at: .ipynb_checkpoints"],
    "03_no_cell_ids.ipynb": [],
    "03_unused_import.py": [
        "line 1 and lines 18 to 19 were not run: they are not part of the answer"
    ],
    "03_clean.ipynb": [],
}


def graded(path):
    """Return the report of a submission; its exercise is in its name."""
    exercise = EXERCISES.get(path.name[:2]) or EXERCISES[""]
    return graded_best(exercise, read(path, exercise), tier=strongest())


@pytest.mark.parametrize("name", NOTES)
def test_a_right_answer_gets_all_points(cases, name):
    """Whatever stands beside it; the notes say what was left out, and that nothing is missing that is there."""
    report = graded(cases / "submissions" / name)

    assert 100 == report.score, report.outcomes
    assert set(NOTES[name]) <= set(report.notes)
    assert [] == [note for note in report.notes if "missing" in note]
    assert name != "03_clean.ipynb" or not report.notes


def test_a_class_of_canvas_is_two_submissions(cases, tmp_path):
    """Each of its files is read by itself; the second is the untouched starter."""
    with zipfile.ZipFile(cases / "submissions" / "canvas_class.zip") as archive:
        archive.extractall(tmp_path)
    scores = [graded(path).score for path in sorted(tmp_path.iterdir())]

    assert [100, 0] == sorted(scores, reverse=True)


def test_every_case_is_tried(cases):
    """None is added there without its right value here."""
    there = {path.name for path in (cases / "submissions").iterdir()}

    assert {*NOTES, "canvas_class.zip"} == there
