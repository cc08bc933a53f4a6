"""A student's desk: what is judged, what is told beside it, and what is kept."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from cachesim.cli.main import main
from cachesim.errors import BadInput
from cachesim.grading import desk as desk_module
from cachesim.grading.desk import exercise
from cachesim.grading.judge import Outcome, Report
from cachesim.grading.progress import Progress

EXERCISES = Path(__file__).parents[2] / "exercises"
SOLUTION = (EXERCISES / "01_lru" / "lab.py").read_text("utf-8")
FIFO = (EXERCISES / "01_lru" / "wrong" / "fifo.py").read_text("utf-8")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of one's own, in which exercise 01 is open."""
    monkeypatch.chdir(tmp_path)
    Progress().note("01", predicted="b")


@pytest.fixture
def lru():
    return exercise(str(EXERCISES / "01_lru"))


@pytest.fixture
def notebook(monkeypatch):
    """Return a function that makes this process a notebook in which these cells were run."""

    def made(*cells):
        history = SimpleNamespace(input_hist_raw=["", *cells])
        shell = SimpleNamespace(history_manager=history, user_ns={})
        fake = SimpleNamespace(get_ipython=lambda: shell)
        monkeypatch.setitem(sys.modules, "IPython", fake)

    return made


def verdicts(checked):
    return [(o.id, o.status, o.message) for o in checked.report.outcomes]


def test_a_notebook_and_a_file_get_one_verdict(lru, notebook):
    """Whether the answer is right or wrong; test_student_path.py does the same in a real notebook."""
    for answer in (SOLUTION, FIFO, FIFO.replace("def victim", "def victims")):
        Path("mine.py").write_text(f"{answer}\n\nex = cs.exercise('01')\nex.check()\n")
        notebook("import cachesim as cs", "ex = cs.exercise('01')", answer, "ex.check()")
        in_notebook, in_file = lru.check(), lru.check("mine.py")

        assert verdicts(in_notebook) == verdicts(in_file)
        assert "judged: In [3]" in in_notebook.text
        assert "judged: mine.py" in in_file.text


def test_a_notebook_in_which_no_answer_was_run(lru, notebook):
    """Says so, and how a file is checked; a file that lies there is not taken in its place."""
    Path("01_lru.py").write_text(SOLUTION)
    notebook("x = 1", "ex.check()")
    with pytest.raises(
        BadInput, match=r"no cell that defines LRU was run in this notebook: run it"
    ):
        lru.check()

    assert lru.check("01_lru.py").passed


def test_the_cell_that_was_run_last_counts(lru, notebook):
    """Not what stands in the notebook since; two versions are named."""
    notebook(FIFO, "ex.check()", SOLUTION)
    checked = lru.check()

    assert checked.passed
    assert "judged: In [3]" in checked.text
    assert "note: LRU was run in In [1] and again in In [3]: the last one counts" in checked.text
    notebook(SOLUTION, SOLUTION)
    assert "and again" not in lru.check().text


def test_a_notebook_that_is_not_saved_or_not_run_in_order(lru, notebook):
    """Before it is handed in: the file holds something else than what passed."""
    from cachesim.grading.cells import for_students, solved, to_notebook

    file = Path("01_lru.ipynb")
    notebook(SOLUTION)
    file.write_text(to_notebook(for_students(lru.task.cells)))
    assert "01_lru.ipynb holds another answer than the one that was run here" in lru.check().text
    file.write_text(to_notebook(solved(lru.task.cells)))
    notebook(*(cell.source for cell in solved(lru.task.cells) if cell.is_code))
    assert "holds another answer" not in lru.check().text


def test_of_two_files_the_better_one_counts(lru):
    """Both are named; one that is as `start` wrote it is not."""
    Path("01_lru.py").write_text(lru.task.starter)
    Path("01_lru.ipynb").write_text('{"cells": []}')
    assert "judged: 01_lru.py\n" in lru.check().text
    Path("01_lru.py").write_text(FIFO)
    from cachesim.grading.cells import solved, to_notebook

    Path("01_lru.ipynb").write_text(to_notebook(solved(lru.task.cells)))
    text = lru.check().text

    assert "judged: 01_lru.py and 01_lru.ipynb\n" in text
    assert re.search(
        r"note: graded: 01_lru.py \(\d+\), 01_lru.ipynb \(\d+\): the best one counts", text
    )
    assert "All visible tests passed" in text
    Path("01_lru.ipynb").write_text("{")
    text = lru.check().text
    assert "judged: 01_lru.py\n" in text
    assert "note: 01_lru.ipynb is no notebook" in text


def test_a_file_of_another_exercise(lru, monkeypatch):
    """The verdict is what it is, and the other exercise is named."""
    monkeypatch.chdir(EXERCISES.parent)
    monkeypatch.setattr("cachesim.grading.progress.Progress.of", lambda *_: {"predicted": "b"})
    other = "exercises/03_lazy_loading/wrong/no_ttl.py"
    text = lru.check(other).text

    assert (
        f'note: "{other}" looks like an answer to exercise 03, Lazy loading as a strategy' in text
    )
    assert "looks like" not in lru.check("exercises/01_lru/wrong/fifo.py").text


def test_a_file_that_is_not_there(lru):
    """One sentence."""
    with pytest.raises(BadInput, match=r'there is no "nothing.py" here'):
        lru.check("nothing.py")


def test_the_first_guess_is_kept_and_shown(lru, capsys):
    """In what predict says, in a check and in the status; choices have letters."""
    Progress().forget("01")
    assert "\n  A) a\n  B) b\n  C) c\n  D) d\n" in lru.question()
    first, again = lru.predict("A"), lru.predict(" B) ")
    Path("mine.py").write_text(FIFO)
    with pytest.raises(SystemExit):
        main(["exercise", "status"])
    status = capsys.readouterr().out
    beside = "It is: b (B). Your guess: a (A)."

    assert first.startswith(beside)
    assert again.startswith(beside)
    assert again.endswith("The first guess is kept.")
    assert f"prediction: {beside}" in lru.check("mine.py").text
    assert beside in status


def test_a_prediction_during_a_slow_check_is_not_lost(lru, monkeypatch):
    """Each writes what it knows, and nothing else."""
    judge = desk_module.graded_best

    def slow(*given, **options):
        Progress().note("02", predicted="half of each")
        lru.hint()
        return judge(*given, **options)

    monkeypatch.setattr(desk_module, "graded_best", slow)
    Path("mine.py").write_text(SOLUTION)
    lru.check("mine.py")

    assert {"predicted": "b", "hints": 1, "passed": True} == Progress().of("01")
    assert {"predicted": "half of each"} == Progress().of("02")


def test_a_verdict_is_told_even_if_it_cannot_be_kept(lru, monkeypatch):
    """With the reason; the command line then ends with 2."""
    Path("mine.py").write_text(SOLUTION)

    def refuse(*_given, **_options):
        raise BadInput("the disk is full")

    monkeypatch.setattr(Progress, "note", refuse)
    checked = lru.check("mine.py")

    assert checked.passed
    assert "not kept: the disk is full" in checked.text
    with pytest.raises(SystemExit, match="2"):
        main(["exercise", "check", str(lru.task.path), "mine.py"])


def test_the_explanation_waits_until_all_is_written():
    """Half of exercise 04 names the other half."""
    desk = exercise(str(EXERCISES / "04_write_through"))
    desk.predict("yes")
    solution = desk.task.solution
    Path("half.py").write_text(solution[: solution.index("def schedule")])
    Path("whole.py").write_text(solution)
    half, whole = (desk.check(name).text for name in ("half.py", "whole.py"))

    assert half.endswith("not yet written: schedule") or "Stuck?" in half
    assert desk.task.explanation not in half
    assert whole.endswith(desk.task.explanation)


def test_what_the_code_printed_is_shown(lru, monkeypatch):
    """Below the test in which it was printed."""
    outcome = Outcome(
        "oldest_goes", "failed", 0.0, 10.0, "Seen: c.", True, output="victim of 3 keys\nis c"
    )
    monkeypatch.setattr(
        desk_module, "graded_best", lambda *a, **k: Report("a", "01", 0, 10, "", [outcome], ())
    )
    Path("mine.py").write_text(FIFO)
    lines = [line.strip() for line in lru.check("mine.py").text.splitlines()]
    seen = lines.index("Seen: c.")

    assert ["your code printed:", "victim of 3 keys", "is c"] == lines[seen + 1 : seen + 4]


def test_an_exercise_that_asks_nothing_is_open(lru, monkeypatch):
    """An author's own may do without a question."""
    monkeypatch.delitem(lru.task.about, "predict")
    Progress().forget("01")
    desk = type(lru)(lru.task)
    Path("mine.py").write_text(SOLUTION)

    assert "asks no question" in desk.predict("a")
    assert desk.check("mine.py").passed
    assert "prediction:" not in desk.check("mine.py").text


def test_the_grade_has_other_parameters(lru):
    """A check knows no secret, and says what that means."""
    Path("mine.py").write_text(FIFO)
    said = "the grade uses parameters of your own, other than these"
    own = exercise(str(EXERCISES / "01_lru"), student="ada").check("mine.py")

    assert f"note: {said}" in lru.check("mine.py").text
    assert f"note: if your course has a secret, {said}" in own.text


def test_reset_loses_no_file(lru):
    """The second time, too."""
    for text in ("first", "second", "third"):
        Path("01_lru.py").write_text(text)
        lru.reset()

    assert {"first", "second", "third"} == {
        path.read_text() for path in Path().glob("01_lru.py.old*")
    }
    assert {} == Progress().of("01")
