"""`cachesim grade` with a class: as it arrives, with a roster, late, again, and with a disk that is full."""

import csv
import errno
import json
import os
from pathlib import Path

import pytest

from cachesim import files
from cachesim.grading.sandbox import holds
from tests.cli.calls import call, refused
from tests.grading.hand_ins import LAYOUTS, Student, canvas, in_folder, in_zip, zipped

LRU = Path(__file__).parents[2] / "exercises" / "01_lru"
RIGHT = (LRU / "lab.py").read_bytes()
FIFO = (LRU / "wrong" / "fifo.py").read_bytes()  # 35 points
ROSTER = "id,name,email\nada,Ada King,ada@uni.edu\nbob,Bob Day,bob@uni.edu\ncy,Cy Lin,cy@uni.edu\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
BROKEN = {  # file -> what is in it: each is broken in another way
    "empty.py": b"",
    "picture.py": PNG,
    "cut.ipynb": b'{"cells": [{"cell_type": "code", "source": "x',
    "list.ipynb": b"[1, 2]",
    "deep.ipynb": b"[" * 100_000,
    "noise.zip": b"PK\x03\x04" + PNG,
    "nothing.zip": zipped({"readme.txt": b"hello"}),
    "syntax.py": b"class LRU(:\n",
    "leaves.py": b"import os\nos._exit(0)\nclass LRU: pass\n",
    "letter.pdf": b"%PDF-1.7\n" + PNG,
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of one's own with the exercises in it."""
    os.symlink(LRU.parent, tmp_path / "exercises")
    monkeypatch.chdir(tmp_path)
    if not any(map(holds, ("bwrap", "landlock"))):
        pytest.skip("no sandbox that grades works here")


def a_class():
    """Thirty students: two know it, eighteen hand in the starter, ten something broken."""
    from cachesim.grading.exercise import Exercise

    untouched = Exercise(LRU).starter.encode()
    handed = [
        ("01_lru.py", RIGHT),
        ("01_lru.py", FIFO),
        *[("01_lru.py", untouched)] * 18,
        *BROKEN.items(),
    ]
    return [
        Student(f"s{n:02d}", f"First{n:02d} Last{n:02d}", 100 + n, file, content)
        for n, (file, content) in enumerate(handed)
    ]


def graded(*arguments):
    """Return the report of each submission from `cachesim grade 01 ... --jobs 1 --json`, by id."""
    found = call("grade", "01", *arguments, "--jobs", "1", "--json")
    assert 0 == found.code, found.err
    return {s["id"]: s for s in found.json["submissions"]}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_class_of_thirty_with_ten_broken_files(tmp_path, layout):
    """Everybody gets a grade, and those who know it their points."""
    path = in_zip(LAYOUTS[layout](a_class()), tmp_path / "class.zip")
    found = graded(path, "--out", "graded")
    scores = sorted((s["score"] for s in found.values()), reverse=True)

    assert [100, 35, *[0] * 28] == scores
    assert 30 == len(os.listdir("graded/reports")) == len(os.listdir("graded/feedback"))
    assert 31 == len(rows("graded/canvas.csv"))
    for page in Path("graded").rglob("*.*"):
        assert str(tmp_path) not in page.read_text()
        assert "/tmp" not in page.read_text()


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_a_roster_names_everybody(tmp_path):
    """Ids are the roster's; who is missing and who is not in it stands on stderr."""
    (tmp_path / "class.csv").write_text(ROSTER)
    students = [
        Student(i, n, k, "a.py", FIFO)
        for i, n, k in (("ada", "Ada King", 1), ("eve", "Eve Hill", 9))
    ]
    path = in_zip(canvas(students), tmp_path / "c.zip")
    found = call("grade", "01", path, "--roster", "class.csv", "--out", "graded", "--jobs", "1")

    assert 0 == found.code
    assert [
        "no submission from: bob (Bob Day), cy (Cy Lin)",
        "not in the roster: 9",
    ] == found.err.splitlines()
    assert [("Ada King", "1", "ada", "35"), ("hilleve", "9", "", "35")] == [
        (r["Student"], r["ID"], r["SIS Login ID"], r["Write an LRU policy"])
        for r in rows("graded/canvas.csv")[1:]
    ]
    assert ["ada@uni.edu", "9"] == [r["Email address"] for r in rows("graded/moodle.csv")]


def test_one_student_is_graded_again(tmp_path):
    """The row is replaced, the others stay; another secret is refused, and nothing is changed by that."""
    class_ = in_folder({"ada.py": FIFO, "bob.py": b"", "cy.py": FIFO}, tmp_path / "subs")
    options = ("--out", "graded", "--secret", "tulip")
    graded(*sorted(class_.glob("*")), *options)
    (class_ / "bob.py").write_bytes(RIGHT)
    graded(class_ / "bob.py", *options)
    before = rows("graded/moodle.csv")
    refused("grade", "01", class_ / "ada.py", "--out", "graded", says=["another --secret"])
    refused("grade", "02", class_ / "ada.py", *options, says=["another exercise"])

    assert [("ada", "35"), ("bob", "100"), ("cy", "35")] == [
        (r["ID number"], r["Write an LRU policy"]) for r in before
    ]
    assert before == rows("graded/moodle.csv")
    assert 3 == Path("graded/feedback.html").read_text().count("<h2 id=")
    assert not [p for p in Path("graded").rglob("*") if p.is_file() and "tulip" in p.read_text()]


def test_late_work(tmp_path):
    """Time zone, grace, days begun; the same batch with another policy is not judged again."""
    in_folder({f"{name}.py": FIFO for name in ("ada", "bob", "cy", "eve")}, tmp_path / "subs")
    (tmp_path / "times.csv").write_text(
        "id,submitted\nada,2026-11-30T23:59\nbob,2026-12-01T00:10\ncy,2026-12-02T01:00+01:00\n"
    )
    options = (
        *sorted(Path("subs").glob("*")), "--out", "graded", "--submitted", "times.csv", "--grace", "15m",
        "--deadline", "2026-11-30T23:59", "--timezone", "Europe/Berlin",
    )  # fmt: skip
    found = graded(*options, "--late", "10%")

    assert {"ada": 35, "bob": 35, "cy": 15, "eve": 35} == {n: s["score"] for n, s in found.items()}
    assert (35, 20) == (found["cy"]["raw_score"], found["cy"]["penalty"])
    assert ["35", "35", "15", "35"] == [r["Write an LRU policy"] for r in rows("graded/moodle.csv")]
    assert 30 == graded(*options, "--late", "2.5%")["cy"]["score"]
    assert "not known" in call("grade", "01", *options, "--jobs", "1").out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--deadline", "tomorrow"], "is no time"),
        (["--late", "150%"], "--late must be from 0% to 100%"),
        (["--grace", "soon"], "--grace must be a time"),
        (["--timezone", "Mars"], '--timezone "Mars" is unknown'),
        (["--layout", "canvas"], "--layout canvas"),
        (["--roster", "ada.py"], "ada.py has no column"),
    ],
)
def test_bad_options(tmp_path, options, says):
    """One sentence, and no folder is made."""
    (tmp_path / "ada.py").write_bytes(FIFO)
    refused("grade", "01", "ada.py", *options, "--out", "graded", says=[says])

    assert not Path("graded").exists()


def test_names_command_no_terminal(tmp_path):
    """Escape sequences and changes of direction in names and notes are shown as text."""
    names = ["\x1b[2J", "\x1b]0;owned\x07", "\u202egnp", "a\x9b31m"]
    for name in names:
        in_folder({f"{name}/readme.txt": b""}, tmp_path / "subs")
    found = call("grade", "01", *sorted(Path("subs").iterdir()), "--jobs", "1")

    assert 0 == found.code
    assert 4 == found.out.count("note on ")
    assert {"\n"} == {sign for sign in found.out + found.err if not sign.isprintable()}


@pytest.mark.parametrize("after", [0, 1, 2, 4, 6])
def test_a_full_disk(tmp_path, monkeypatch, after):
    """One sentence, exit 2, no temporary file; with room again the same command ends what was begun."""
    in_folder({"ada.py": FIFO, "bob.py": b""}, tmp_path / "subs")
    options = ("grade", "01", *sorted(Path("subs").iterdir()), "--out", "graded", "--jobs", "1")
    write, written = Path.write_bytes, []

    def full(path, data):
        if path.suffix == ".part" and len(written) == after:
            write(path, data[:1])
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        return write(path, data)

    with monkeypatch.context() as disk:
        disk.setattr(files.Path, "write_bytes", full)
        refused(*options, says=["No space left on device"])
    assert [] == list(Path("graded").rglob(".*"))
    assert 0 == call(*options).code
    assert ["35", "0"] == [r["Write an LRU policy"] for r in rows("graded/moodle.csv")]


def test_places_that_take_no_reports(tmp_path):
    """A file, and a folder in a file: before anything is graded."""
    (tmp_path / "ada.py").write_bytes(FIFO)
    (tmp_path / "taken").write_text("mine")
    for out in ("taken", "taken/graded"):
        refused("grade", "01", "ada.py", "--out", out, says=["cannot be written"])

    assert "mine" == (tmp_path / "taken").read_text()


def test_json_says_no_more_than_there_is(tmp_path):
    """A name, a penalty, "not final" are there only if they are."""
    in_folder({"doeada_LATE_7_8_a.py": FIFO}, tmp_path)
    late = graded("doeada_LATE_7_8_a.py", "--late", "10%")["7"]

    assert [
        "id",
        "name",
        "score",
        "raw_score",
        "penalty",
        "max_score",
        "isolation",
        "tests",
    ] == list(late)
    assert json.dumps(late)
