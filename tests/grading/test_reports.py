"""Reports for other systems: they validate, they say the same, and nothing that a student wrote is active in them."""

import csv
import io
import json
from xml.etree import ElementTree

from cachesim.grading import feedback, reports
from cachesim.grading.batch import as_dict
from cachesim.grading.judge import Outcome, Report
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
