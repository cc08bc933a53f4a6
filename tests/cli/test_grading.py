"""`cachesim grade` and `cachesim exercise` as a teacher and a student use them."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from cachesim.cli.main import main
from cachesim.grading import sandbox
from cachesim.grading.exercise import Exercise
from cachesim.grading.sandbox import holds
from tests.patience import PATIENCE

LRU = Path(__file__).parents[2] / "exercises" / "01_lru"
SCORES = {name: score for name, _, score in Exercise(LRU).wrong()}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of one's own with the exercises in it."""
    os.symlink(LRU.parent, tmp_path / "exercises")
    monkeypatch.chdir(tmp_path)
    if not any(map(holds, ("bwrap", "landlock"))):
        pytest.skip("no sandbox that grades works here")


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    told = capsys.readouterr()
    return end.value.code, told.out, told.err


def test_a_class_is_graded_and_a_batch_resumes(capsys, tmp_path, monkeypatch):
    """Every wrong answer gets its score, all files are written, and a second run computes nothing."""
    subs = sorted(map(str, (LRU / "wrong").glob("*.py")))
    options = ("grade", "01", *subs, "--out", "out", "--seed", "3", "--jobs", "1", "--json")
    code, out, _ = call(capsys, *options)
    told = json.loads(out)
    monkeypatch.setattr(
        "cachesim.grading.batch.graded_best", None
    )  # a second run that judges would fail
    again = call(capsys, *options)

    assert 0 == code
    assert (1, "01") == (told["schema"], told["exercise"])
    assert SCORES == {s["id"]: s["score"] for s in told["submissions"]}
    assert (0, out) == again[:2]
    assert {"canvas.csv", "moodle.csv", "junit.xml", "feedback.html"} < set(
        os.listdir(tmp_path / "out")
    )


def test_one_bad_submission_stops_nobody(capsys, tmp_path):
    """It gets no points, and the reason is told."""
    (tmp_path / "broken.ipynb").write_text("{}")
    code, out, _ = call(
        capsys, "grade", "01", "broken.ipynb", str(LRU / "wrong" / "fifo.py"), "--jobs", "1"
    )

    assert 0 == code
    assert "note on broken: broken.ipynb is no notebook" in out


def test_an_interrupted_batch_goes_on(capsys, tmp_path, monkeypatch):
    """What was graded before Ctrl-C is not graded again; the rest is."""
    from cachesim.grading import batch

    subs = sorted(map(str, (LRU / "wrong").glob("*.py")))
    judge, judged = batch.graded_best, []

    def interrupted(exercise, submission, **options):
        if len(judged) == 2:
            raise KeyboardInterrupt
        judged.append(submission.id)
        return judge(exercise, submission, **options)

    monkeypatch.setattr(batch, "graded_best", interrupted)
    options = ("grade", "01", *subs, "--out", "out", "--jobs", "1")
    assert 0 != call(capsys, *options)[0]
    monkeypatch.setattr(
        batch, "graded_best", lambda e, s, **o: judged.append(s.id) or judge(e, s, **o)
    )
    assert 0 == call(capsys, *options)[0]

    assert sorted(SCORES) == judged
    assert len(SCORES) == len(os.listdir("out/reports")) == len(os.listdir("out/feedback"))


def test_progress_is_shown_on_a_terminal_only(capsys, monkeypatch):
    """A bar that counts submissions; none into a file or a pipe."""
    options = ("grade", "01", str(LRU / "wrong" / "fifo.py"), "--jobs", "1")
    assert "" == call(capsys, *options)[2]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    assert "1/1" in call(capsys, *options)[2]


def test_json_has_the_documented_shape(capsys):
    """Exactly the keys that docs/howto/grade_a_class.md shows."""
    _, out, _ = call(capsys, "grade", "01", str(LRU / "wrong" / "fifo.py"), "--jobs", "1", "--json")
    told = json.loads(out)
    (submission,) = told["submissions"]

    assert ["schema", "exercise", "submissions"] == list(told)
    assert ["id", "score", "max_score", "isolation", "tests"] == list(submission)
    assert {("id", "status", "score", "max_score", "message")} == set(
        map(tuple, submission["tests"])
    )


def test_bad_usage(capsys, tmp_path, monkeypatch):
    """2 for a wrong name, 3 for a missing sandbox."""
    assert 2 == call(capsys, "grade", "77", str(LRU / "wrong" / "fifo.py"))[0]
    monkeypatch.setattr(sandbox, "holds", lambda tier: tier == "rlimits")
    code, _, err = call(capsys, "grade", "01", str(LRU / "wrong" / "fifo.py"))

    assert 3 == code
    assert "--accept-weak-isolation" in err


def test_a_student_at_work(capsys, tmp_path):
    """Start, predict, check, hint, and reset: each leaves what it should."""
    assert 0 == call(capsys, "exercise", "start", "1")[0]
    code, _, err = call(capsys, "exercise", "check", "1")
    assert (2, True) == (code, "first the question" in err)
    assert "It is: b" in call(capsys, "exercise", "predict", "1", "a")[1]
    assert "not attempted" in call(capsys, "exercise", "check", "1")[1]
    (tmp_path / "01_lru.py").write_text((LRU / "lab.py").read_text())
    code, out, _ = call(capsys, "exercise", "check", "1")
    assert (0, True) == (code, "All visible tests passed" in out)
    assert "1 of 3" in call(capsys, "exercise", "hint", "1")[1]
    assert "visible tests passed" in call(capsys, "exercise", "list")[1]
    call(capsys, "exercise", "reset", "1")

    assert (tmp_path / "01_lru.py.old").exists()
    assert "passed" not in call(capsys, "exercise", "list")[1]


def test_watch_checks_when_the_file_is_saved(capsys, tmp_path, monkeypatch):
    """At once, after each save, and not in between; a file that is half-written ends nothing."""
    from cachesim.cli import exercise

    file = tmp_path / "01_lru.py"
    changes = iter(["", (LRU / "lab.py").read_text(), "", None])

    def save(seconds):
        text = next(changes)
        if text is None:
            raise KeyboardInterrupt
        if text:
            file.write_text(text)
            os.utime(file, (4e9, 4e9))

    call(capsys, "exercise", "start", "1")
    assert 2 == call(capsys, "exercise", "watch", "1")[0]
    call(capsys, "exercise", "predict", "1", "b")
    monkeypatch.setattr(exercise.time, "sleep", save)
    _, out, _ = call(capsys, "exercise", "watch", "1")

    assert 2 == out.count("visible tests:")
    assert out.index("not attempted") < out.index("All visible tests passed")


def test_without_a_folder_of_exercises_the_handouts_are_used(capsys, tmp_path):
    """A student who has only installed the package can work; grading needs the teacher's folder."""
    (tmp_path / "exercises").unlink()
    call(capsys, "exercise", "predict", "1", "b")
    assert "Write an LRU policy" in call(capsys, "exercise", "list")[1]
    assert 0 == call(capsys, "exercise", "check", "1", str(LRU / "lab.py"))[0]
    code, _, err = call(capsys, "grade", "1", str(LRU / "lab.py"))

    assert (2, True) == (code, "only the handout for students is here" in err)


def test_doctor_and_build_at_an_author(capsys, tmp_path):
    """Build, check for drift, and examine; what is amiss is named, and the exit code is 1."""
    (tmp_path / "exercises").unlink()
    shutil.copytree(LRU, tmp_path / "exercises" / "01_lru")
    assert 0 == call(capsys, "exercise", "build", "1")[0]
    assert 0 == call(capsys, "exercise", "build", "1", "--check")[0]
    assert (0, True) == (call(capsys, "exercise", "doctor", "1", "--seeds", "1")[0], True)
    wrong = tmp_path / "exercises" / "01_lru" / "wrong" / "fifo.py"
    wrong.write_text(wrong.read_text().replace("# score: 35", "# score: 31"))
    lab = tmp_path / "exercises" / "01_lru" / "lab.py"
    lab.write_text(lab.read_text().replace("Ours took 10", "Ours took ten"))
    code, out, _ = call(capsys, "exercise", "doctor", "1", "--seeds", "1")

    assert (1, True) == (code, "wrong/fifo, seed 1: 35 of 100" in out)
    assert "it should get 31" in out
    code, out, _ = call(capsys, "exercise", "build", "1", "--check")
    assert (1, True) == (code, "student/01_lru.ipynb" in out)


def test_the_same_in_a_notebook(tmp_path):
    """`ex.check()` takes the cell that was run last, and says what the command line says."""
    import nbformat
    from nbclient import NotebookClient

    answer = (LRU / "wrong" / "fifo.py").read_text()
    cells = [
        "import cachesim as cs\nex = cs.exercise('01')",
        "ex.predict('b')",
        answer,
        "ex.check()",
        "ex.hint()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    root = str(LRU.parents[1])
    notebook.cells.insert(0, nbformat.v4.new_code_cell(f"import sys; sys.path.insert(0, {root!r})"))
    NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    shown = [
        output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]

    assert shown[0].startswith("Right. ")
    assert "failed        a_read_counts" in shown[1]
    assert shown[2].startswith("1 of 3: ")
