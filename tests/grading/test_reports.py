"""Reports for other systems: they validate, they say the same, and nothing that a student wrote is active in them."""

import csv
import io
import json
import re
from xml.etree import ElementTree

import pytest

from cachesim.grading import feedback, reports
from cachesim.grading.grades import Grade, as_dict, from_json, to_json
from cachesim.grading.judge import TROUBLE, Outcome, Report
from cachesim.grading.roster import Person
from tests.grading.gradescope import offences

EVIL = '<script>alert(1)</script> & "x"'
REPORT = Report(
    "=HYPERLINK(1)",
    "01",
    10.0,
    30.0,
    "bwrap",
    [Outcome("a", "passed", 10.0, 10.0, "", True), Outcome("b", "failed", 0.0, 20.0, EVIL, False)],
    (EVIL,),
)
LATE = Grade(
    REPORT._replace(id="ada"),
    (Person("ada", "Ada King", "ada@uni.edu", "A", login="aking", canvas="11", moodle="7"),),
    penalty=4.0,
)
OPEN = Grade(REPORT._replace(id="bob", outcomes=[Outcome("a", TROUBLE, 0.0, 30.0, "", True)]))
ACTIVE = "\x1b[2J\x1b]0;title\x07\u202egnp.exe\u2066\x9b31m\x00\ufffe\ud800"


def rows(text):
    """Return the rows of a CSV as dicts."""
    return list(csv.DictReader(io.StringIO(text)))


def test_gradescope():
    """Scores, states and visibilities as its specification names them."""
    told = json.loads(reports.gradescope(REPORT))

    assert [] == offences(told)
    assert 10 == told["score"]
    assert ["passed", "failed"] == [test["status"] for test in told["tests"]]
    assert ["visible", "after_published"] == [test["visibility"] for test in told["tests"]]
    assert 30 == sum(test["max_score"] for test in told["tests"])


def test_the_shape_is_checked():
    """A key that is not documented, a state that is none, and nothing at all are found."""
    assert ["results.json has neither score nor tests"] == offences({})
    assert 2 == len(offences({"tests": [{"status": "crashed", "points": 1}]}))


def test_junit():
    """It parses, counts, and has the message as data."""
    (suite,) = ElementTree.fromstring(reports.junit([REPORT], "x"))

    assert ("2", "1") == (suite.get("tests"), suite.get("failures"))
    assert f"failed: {EVIL}" == suite.find("testcase/failure").get("message")


def test_attack_46_names_in_spreadsheets():
    """A name that looks like a formula is text."""
    for write in (reports.canvas, reports.moodle):
        rows = list(csv.reader(io.StringIO(write([REPORT], "LRU"))))
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
        assert "10" in rows[-1]


FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\uff1d1",
]
FORMULAS += ["a;=1", "a,=1", 'x";=1', "a;  =1", "a|@b", "\u200b=1", "\ufeff=1", '"=1', "a,\t+b"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_part_of_a_cell_begins_a_formula(text):
    """Whatever a spreadsheet takes for the separator, in a name as in the feedback."""
    outcome = Outcome("a", "failed", 0.0, 1.0, text, True)
    grade = Grade(REPORT._replace(id=text, outcomes=[outcome]), (Person(text, text, text, text),))
    for write in (reports.canvas, reports.moodle):
        for row in csv.reader(io.StringIO(write([grade], text))):
            for cell in row:
                parts = [part.strip(' "') for part in re.split(r"[,;|\t\r\n]", cell)]
                assert not [p for p in parts if p.startswith(tuple("=+-@\uff1d"))], cell


def test_a_number_keeps_its_meaning():
    """A student called -1, and a score below 0."""
    grade = Grade(REPORT._replace(id="-1", score=-2.5), (Person("-1", "+7"),))
    (_, row) = rows(reports.canvas([grade], "LRU"))

    assert ("-1", "+7", "-2.5") == (row["SIS Login ID"], row["Student"], row["LRU"])


@pytest.mark.parametrize(
    "name", ["    Points Possible", "points  possible", "xPoints Possiblex", "Points\tPossible"]
)
def test_canvas_has_one_line_of_points(name):
    """Canvas takes every row whose first cell holds these words for the points of the assignment."""
    grade = Grade(REPORT, (Person(name, name),))
    found = rows(reports.canvas([grade], "LRU"))

    assert ["    Points Possible"] == [
        r["Student"] for r in found if "possible" in r["Student"].lower().replace("-p", "")
    ]
    assert "30" == found[0]["LRU"]


def test_canvas_and_moodle_can_be_imported_unchanged():
    """The columns that their importers ask for, in their order, and one row per student of a group."""
    pair = LATE._replace(people=(*LATE.people, Person("bob", email="bob@uni.edu")))
    text = reports.canvas([pair], "LRU (4711)")
    _, ada, bob = rows(text)

    assert "Student,ID,SIS User ID,SIS Login ID,Section,LRU (4711)" == text.splitlines()[0]
    assert ("Ada King", "11", "aking", "A", "6") == (
        ada["Student"],
        ada["ID"],
        ada["SIS Login ID"],
        ada["Section"],
        ada["LRU (4711)"],
    )
    assert ("", "bob", "6") == (bob["ID"], bob["SIS Login ID"], bob["LRU (4711)"])
    ada, bob = rows(reports.moodle([pair], "LRU"))
    assert ("ada@uni.edu", "ada", "Participant 7", "6") == (
        ada["Email address"],
        ada["ID number"],
        ada["Identifier"],
        ada["LRU"],
    )
    assert "a: passed" in ada["LRU feedback"]


def test_a_missing_grade_is_not_a_0():
    """What is not final has an empty cell, an error for CI, and says so to the student."""
    assert (
        ""
        == rows(reports.canvas([OPEN], "LRU"))[1]["LRU"]
        == rows(reports.moodle([OPEN], "LRU"))[0]["LRU"]
    )
    (suite,) = ElementTree.fromstring(reports.junit([OPEN], "x"))
    assert suite.find("testcase/error") is not None
    assert json.loads(reports.gradescope(OPEN))["output"].startswith("Not final")
    assert "Not final" in feedback.page([OPEN], "x")
    assert as_dict(OPEN)["is_final"] is False


def test_being_late_is_told():
    """Answer, penalty and score stand in the page and in JSON."""
    told = as_dict(LATE)

    assert (10, 4, 6) == (told["raw_score"], told["penalty"], told["score"])
    assert "6 of 30 points. That is 10 for the answer, less 4 for being late." in feedback.page(
        [LATE], "x"
    )
    assert 6 == json.loads(reports.gradescope(LATE))["score"]
    assert LATE == from_json(json.loads(json.dumps(to_json(LATE))))


def test_nothing_commands_a_reader():
    """Escape sequences, changes of direction and signs that XML has no place for are gone everywhere."""
    outcome = Outcome("a", "failed", 0.0, 1.0, ACTIVE, True)
    grade = Grade(
        REPORT._replace(id=ACTIVE, outcomes=[outcome], notes=(ACTIVE,)), (Person("a", ACTIVE),)
    )
    ElementTree.fromstring(reports.junit([grade], ACTIVE))
    texts = [write([grade, grade], ACTIVE) for write in reports.WHOLE.values()]
    texts.append(json.loads(reports.gradescope(grade))["output"])

    for text in texts:
        text.encode()
        assert set() == {sign for sign in text if not sign.isprintable()} - {"\n"}


def test_attack_40_the_page_escapes():
    """No tag of a student's gets through; the page loads nothing."""
    page = feedback.page([REPORT], EVIL)

    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page


def test_json():
    """The documented shape."""
    told = as_dict(REPORT)

    assert {"schema", "id", "exercise", "score", "max_score", "isolation", "notes", "tests"} == set(
        told
    )
    names = {"id", "status", "score", "max_score", "message", "visible", "seen", "output"}
    assert names == set(told["tests"][0])
