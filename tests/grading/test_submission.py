"""What is handed in is read as data: every form gives the same code, and errors keep the student's lines."""

import json
import zipfile
from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.grading.cells import Cell, for_students, from_percent, to_notebook, to_percent
from cachesim.grading.exercise import Exercise
from cachesim.grading.judge import judge
from cachesim.grading.sandbox import strongest
from cachesim.grading.submission import Submission, from_inputs, is_attempted, read

EXERCISE = Exercise(Path(__file__).parents[2] / "exercises" / "01_lru")
ANSWER = "import cachesim as cs\n\n\nclass LRU(cs.EvictionPolicy):\n    mine = 1\n"


def notebook(*sources):
    return to_notebook([Cell(f"id{n}", True, (), source) for n, source in enumerate(sources)])


def solved(with_more=""):
    """Return the cells that a student hands in, with the solution and one more cell."""
    for cell in for_students(EXERCISE.cells):
        yield cell._replace(source=EXERCISE.solution) if cell.id == "lru" else cell
    yield Cell("more", True, (), with_more)


ASKED = next(number for number, cell in enumerate(solved(), 1) if cell.id == "lru")
LAST = len(list(solved()))


def test_every_form_gives_the_same_code(tmp_path):
    """A .py, a notebook, a folder and a zip, and a zip in a zip."""
    (tmp_path / "a.py").write_text(ANSWER)
    (tmp_path / "b.ipynb").write_text(notebook(ANSWER))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "work.py").write_text(ANSWER)
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("deep/down/work.py", ANSWER)
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.write(tmp_path / "d.zip", "inner/d.zip")
    found = [read(path, EXERCISE) for path in sorted(tmp_path.iterdir())]

    assert {ANSWER} == {submission.source for submission in found}
    assert ["", "cell 1", "", "", ""] == [submission.parts[0].where for submission in found]
    assert [(), (), ("graded: work.py",), ("graded: deep/down/work.py",)] == [
        submission.notes for submission in found[:4]
    ]
    assert ("graded: inner/d.zip/deep/down/work.py",) == found[4].notes


def test_a_notebook_and_its_file_come_to_the_same(tmp_path):
    """With everything that students leave in them."""
    more = 'ex = cs.exercise("01")\nex.predict("b")\nex.check()\ncs.run(cs.Scenario())\n1 / 0\n'
    (tmp_path / "a.ipynb").write_text(to_notebook(solved(more)))
    (tmp_path / "a.py").write_text(to_percent(solved(more)))
    cells, text = read(tmp_path / "a.ipynb", EXERCISE), read(tmp_path / "a.py", EXERCISE)
    ran = from_inputs(["", *(cell.source for cell in solved(more) if cell.is_code)], EXERCISE)

    assert lines(cells) == lines(text) == lines(ran)
    assert (f"cell {LAST} was not run: it is not part of the answer",) == cells.notes
    assert text.notes[0].startswith("lines ")
    assert () == ran.notes


def lines(submission):
    return [line for line in submission.source.split("\n") if line.strip()]


def test_cells_are_counted_as_the_student_sees_them(tmp_path):
    """From 1, with those of prose; of inputs, by their place in the list."""
    (tmp_path / "a.ipynb").write_text(to_notebook(solved()))
    of_notebook = read(tmp_path / "a.ipynb", EXERCISE)
    ran = from_inputs(["", "1 / 0", "import cachesim as cs", "x = 3", ANSWER], EXERCISE)

    assert [f"cell {ASKED}"] == [part.where for part in of_notebook.parts]
    assert ["In [4]"] == [part.where for part in ran.parts]


@pytest.mark.parametrize("kind", ["py", "marks", "ipynb"])
def test_lines_are_those_of_the_file(tmp_path, kind):
    """An error names the line, and the cell, that the student sees."""
    answer = "print('a try')\n\nclass LRU(cs.EvictionPolicy):\n    def victim(self):\n        return 1 / 0\n"
    first = "import numpy\nimport cachesim as cs\n"
    text = {"py": f"{first}\n{answer}", "marks": f"# %%\n{first}# %%\n!ls\n{answer}"}
    path = tmp_path / f"a.{kind if kind == 'ipynb' else 'py'}"
    path.write_text(text.get(kind) or notebook(first, answer))
    report = judge(EXERCISE, read(path, EXERCISE), tier=strongest(), only_visible=True)
    where = {"py": "(line 8)", "marks": "(line 10)", "ipynb": "(cell 2, line 5)"}[kind]

    assert report.outcomes[0].message.endswith(where)


def test_an_answer_with_a_syntax_error_says_where(tmp_path):
    """It is not silently dropped."""
    (tmp_path / "a.ipynb").write_text(notebook("import cachesim as cs", "x = 1\n\nclass LRU(:\n"))
    report = judge(EXERCISE, read(tmp_path / "a.ipynb", EXERCISE), tier=strongest())

    assert "SyntaxError: invalid syntax (cell 2, line 3)" == report.outcomes[0].message


def test_comments_and_layout_are_no_attempt():
    """The starter with a comment is still the starter; one more line of code is an attempt."""
    commented = EXERCISE.starter + "\n# I have tried.\n"

    assert not is_attempted(Submission.of("s", commented), EXERCISE)
    assert not is_attempted(Submission.of("s", ""), EXERCISE)
    assert is_attempted(Submission.of("s", ANSWER), EXERCISE)
    assert is_attempted(Submission.of("s", "class LRU("), EXERCISE)


def test_which_entry_points_are_written(tmp_path):
    """One of two, the other as it was handed out."""
    exercise = Exercise(EXERCISE.path.parent / "04_write_through")
    (tmp_path / "b.py").write_text(exercise.starter.replace("...", "x = 1", 1))

    assert ("Through",) == read(tmp_path / "b.py", exercise).written


@pytest.mark.parametrize("exercise", sorted(EXERCISE.path.parent.glob("*/exercise.toml")), ids=str)
def test_every_starter_is_nothing_written(tmp_path, exercise):
    """As a notebook and as a file; every solution is whole, and nothing of it is left out."""
    task = Exercise(exercise.parent)
    (tmp_path / "a.ipynb").write_text(to_notebook(for_students(task.cells)))
    (tmp_path / "a.py").write_text(to_percent(for_students(task.cells)))
    (tmp_path / "b.py").write_text(task.solution)
    both, right = (
        [read(tmp_path / name, task) for name in ("a.ipynb", "a.py")],
        read(tmp_path / "b.py", task),
    )

    assert [(), ()] == [submission.written for submission in both]
    assert [(), ()] == [submission.notes for submission in both]
    assert tuple(task.entry_points) == right.written
    assert () == right.notes


# --- cells of a lab


def test_percent_format_there_and_back():
    """A lab can be written and read again; what students get has no hidden cell."""
    cells = list(for_students(EXERCISE.cells))

    assert cells == from_percent(to_percent(cells))
    assert not [cell for cell in cells if "hidden" in cell.tags]
    assert "..." in next(cell for cell in cells if cell.id == "lru").source


@pytest.mark.parametrize("tags", ["[x", "[", "3", "[" * 1_000_000])
def test_broken_tags_of_a_lab_are_refused(tags):
    """A hidden test whose tag cannot be read would be handed out; in a student's file tags mean nothing."""
    with pytest.raises(BadInput, match="tags must be a list"):
        from_percent(f"# %% tags={tags}\nx = 1\n")


def test_marks_may_be_written_in_many_ways(tmp_path):
    """As VS Code, Spyder and jupytext write them, with tags that are damaged."""
    marks = [
        "#%%",
        "# %% A title",
        "# %% [md] a",
        '# %% tags=["a"',
        "# %% [markdown]",
        "# %%" + "tags=[" * 9999,
    ]
    text = "".join(f"{mark}\n# prose\n" for mark in marks)
    (tmp_path / "a.py").write_text(f"!ls\n{text}#%%\n{ANSWER}")

    assert ANSWER.strip() == read(tmp_path / "a.py", EXERCISE).source.strip()


def test_cells_may_come_without_ids(tmp_path):
    """As Colab leaves them: nothing is missing, and the exercise's own cells are not named."""
    told = json.loads(to_notebook(solved("1 / 0")))
    for cell in told["cells"]:
        del cell["id"]
    (tmp_path / "a.ipynb").write_text(json.dumps(told))
    found = read(tmp_path / "a.ipynb", EXERCISE)

    assert (f"cell {LAST} was not run: it is not part of the answer",) == found.notes
    assert ("LRU",) == found.written
