"""Reports in the forms that other systems read: Gradescope, JUnit, Canvas and Moodle, and a page for people.

Whatever a student could have written is escaped: for HTML, for XML, and for spreadsheets, which take a cell that begins
with = + - or @ for a formula.

References
----------
Gradescope: "Autograder specifications", results.json. Canvas and Moodle: their import formats for grades.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from html import escape
from xml.etree import ElementTree

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
    rows = [[cell(r.id), f"{r.score:g}", cell(feedback(r))] for r in reports]
    return table([["Email address", title, f"{title} feedback"], *rows])


def feedback(report: Report) -> str:
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


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body {{ font: 16px/1.5 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; width: 100%; }}
td, th {{ text-align: left; padding: .3em .6em; border-bottom: 1px solid #ddd; }}
.passed {{ color: #00603f; }} .other {{ color: #a33c00; }}
</style></head><body><h1>{title}</h1>
{parts}
</body></html>
"""


def page(reports: Sequence[Report], title: str) -> str:
    """Return a page of feedback, a section a submission; it loads nothing."""
    return PAGE.format(title=escape(title), parts="\n".join(map(_section, reports)))


def _section(report: Report) -> str:
    rows = "\n".join(
        f'<tr><td>{escape(o.id)}</td><td class="{"passed" if o.status == PASSED else "other"}">{escape(o.status)}'
        f"</td><td>{o.score:g} of {o.max_score:g}</td><td>{escape(o.message)}</td></tr>"
        for o in report.outcomes
    )
    notes = "".join(f"<p>{escape(note)}</p>" for note in report.notes)
    head = "<tr><th>test</th><th>result</th><th>points</th><th>what was seen</th></tr>"
    score = f"<p>{report.score:g} of {report.max_score:g} points; graded in the sandbox {escape(report.isolation)}.</p>"
    return f"<h2>{escape(report.id)}</h2>{score}{notes}<table>{head}\n{rows}</table>"


WHOLE: dict[str, Write] = {
    "junit.xml": junit,
    "canvas.csv": canvas,
    "moodle.csv": moodle,
    "feedback.html": page,
}
