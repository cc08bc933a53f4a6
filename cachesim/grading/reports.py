"""Reports in the forms that other systems read: Gradescope, JUnit, Canvas and Moodle, and a list of all forms.

Whatever a student could have written is escaped: for XML, and for spreadsheets, which take a cell that begins
with = + - or @ for a formula.

References
----------
Gradescope: "Autograder specifications", results.json. Canvas and Moodle: their import formats for grades.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

from cachesim.grading import feedback
from cachesim.grading.judge import ERROR, PASSED, Report

Write = Callable[[Sequence[Report], str], str]  # reports, title of the exercise -> text
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def gradescope(report: Report) -> str:
    """Return results.json of one submission; hidden tests show after the grades are published."""
    tests = [
        {
            "name": outcome.id,
            "score": outcome.score,
            "max_score": outcome.max_score,
            "status": "passed" if outcome.status == PASSED else "failed",
            "output": outcome.message or outcome.status,
            "output_format": "text",
            "visibility": "visible" if outcome.visible else "after_published",
        }
        for outcome in report.outcomes
    ]
    output = f"Graded in the sandbox {report.isolation}. " + " ".join(report.notes)
    return json.dumps({"score": report.score, "output": output, "tests": tests}, indent=1) + "\n"


def junit(reports: Sequence[Report], title: str) -> str:
    """Return JUnit XML: a suite a submission."""
    root = ElementTree.Element("testsuites", name=title)
    for report in reports:
        failed = [o for o in report.outcomes if o.status != PASSED]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=report.id,
            tests=str(len(report.outcomes)),
            failures=str(len(failed)),
        )
        for outcome in report.outcomes:
            case = ElementTree.SubElement(suite, "testcase", name=outcome.id, classname=report.id)
            if outcome.status != PASSED:
                kind = "error" if outcome.status == ERROR else "failure"
                ElementTree.SubElement(case, kind, message=f"{outcome.status}: {outcome.message}")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def canvas(reports: Sequence[Report], title: str) -> str:
    """Return a CSV for Canvas's gradebook; submissions are named by the login id."""
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title]
    rows = [["", "", "", cell(r.id), "", f"{r.score:g}"] for r in reports]
    possible = (
        ["    Points Possible", "", "", "", "", f"{reports[0].max_score:g}"] if reports else []
    )
    return table([head, possible, *rows] if possible else [head])


def moodle(reports: Sequence[Report], title: str) -> str:
    """Return a CSV for Moodle's grade import, matched by e-mail address."""
    rows = [[cell(r.id), f"{r.score:g}", cell(in_words(r))] for r in reports]
    return table([["Email address", title, f"{title} feedback"], *rows])


def in_words(report: Report) -> str:
    """Return what a report says, in one line."""
    return "; ".join(f"{o.id}: {o.status} {o.message}".strip() for o in report.outcomes)


def cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula.

    >>> cell("=1+1"), cell("ada")
    ("'=1+1", 'ada')
    """
    return f"'{text}" if text.startswith(FORMULA) else text


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


WHOLE: dict[str, Write] = {
    "junit.xml": junit,
    "canvas.csv": canvas,
    "moodle.csv": moodle,
    "feedback.html": feedback.page,
}
