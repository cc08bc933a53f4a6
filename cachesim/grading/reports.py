"""Reports in the forms that other systems read: Gradescope, JUnit, Canvas and Moodle, and a list of all forms.

Whatever a student could have written is made harmless: for XML, for terminals, and for spreadsheets, which take a
cell for a formula that begins with = + - or @, wherever they think that a cell begins.

References
----------
Gradescope: "Autograder specifications", results.json. Canvas: lib/gradebook_importer.rb of instructure/canvas-lms
(any row whose first cell has "Points Possible" sets the points). Moodle: "Grade import", and the grading worksheet
of an assignment. OWASP: "CSV Injection".
"""

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

from cachesim.grading import feedback
from cachesim.grading.grades import Grade, graded
from cachesim.grading.judge import ERROR, PASSED, TROUBLE, Report
from cachesim.grading.shown import shown

Given = Report | Grade
Write = Callable[[Sequence[Given], str], str]  # grades, title of the exercise -> text
POSSIBLE = "Points Possible"
NUMBER = r"[-+]?\d+(?:\.\d+)?\s*(?:$|[,;|])"  # what a spreadsheet reads as a number does no harm
WIDE = "\uff1d\uff0b\uff0d\uff20"  # = + - @ as wide as Chinese signs
FORMULA = re.compile(rf"(^|[,;|])(?![\s\"]*{NUMBER})(?=[\s\"]*[=+\-@{WIDE}])")
NOT_FINAL = "Not final: the grader could not judge every test. Ask for it to be graded again. "


def gradescope(report: Given) -> str:
    """Return results.json of one submission; hidden tests show after the grades are published."""
    grade = graded(report)
    tests = [
        {
            "name": shown(outcome.id),
            "score": outcome.score,
            "max_score": outcome.max_score,
            "status": "passed" if outcome.status == PASSED else "failed",
            "output": shown(outcome.message) or outcome.status,
            "output_format": "text",
            "visibility": "visible" if outcome.visible else "after_published",
        }
        for outcome in grade.outcomes
    ]
    notes = " ".join(map(shown, grade.notes))
    output = (
        f"{'' if grade.is_final else NOT_FINAL}Graded in the sandbox {grade.isolation}. {notes}"
    )
    return json.dumps({"score": grade.score, "output": output, "tests": tests}, indent=1) + "\n"


def junit(reports: Sequence[Given], title: str) -> str:
    """Return JUnit XML: one suite per submission."""
    root = ElementTree.Element("testsuites", name=shown(title))
    for grade in map(graded, reports):
        name = shown(grade.id)
        failed = [o for o in grade.outcomes if o.status != PASSED]
        suite = ElementTree.SubElement(
            root, "testsuite", name=name, tests=str(len(grade.outcomes)), failures=str(len(failed))
        )
        for outcome in grade.outcomes:
            case = ElementTree.SubElement(suite, "testcase", name=outcome.id, classname=name)
            if outcome.status != PASSED:
                kind = "error" if outcome.status in (ERROR, TROUBLE) else "failure"
                seen = f"{outcome.status}: {shown(outcome.message)}"
                ElementTree.SubElement(case, kind, message=seen)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def canvas(reports: Sequence[Given], title: str) -> str:
    """Return a CSV for Canvas's gradebook: one row per student, known by Canvas's own id or by the login."""
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", cell(title)]]
    grades = list(map(graded, reports))
    if grades:
        rows.append([f"    {POSSIBLE}", "", "", "", "", points(grades[0].max_score)])
    for grade in grades:
        for person in grade.students:
            login = person.login or ("" if person.canvas == person.id else person.id)
            about = (person.name, person.canvas, person.sis, login, person.section)
            rows.append([*(cell(_no_line_of_points(text)) for text in about), final(grade)])
    return table(rows)


def _no_line_of_points(text: str) -> str:
    """Return text that Canvas does not take for its own line of points."""
    return re.sub(r"points(\s+)possible", "Points-Possible", text, flags=re.IGNORECASE)


def moodle(reports: Sequence[Given], title: str) -> str:
    """Return a CSV for Moodle's grade import: one row per student, to be matched by any of the first columns."""
    head = ["Email address", "ID number", "Identifier", "Full name"]
    rows = [[*head, cell(title), cell(f"{title} feedback")]]
    for grade in map(graded, reports):
        for person in grade.students:
            number = f"Participant {person.moodle}" if person.moodle else ""
            about = (person.email or person.id, person.id, number, person.name)
            rows.append([*map(cell, about), final(grade), cell(in_words(grade))])
    return table(rows)


def in_words(report: Given) -> str:
    """Summarise a report in one line."""
    grade = graded(report)
    tests = [f"{o.id}: {o.status} {o.message}".strip() for o in grade.outcomes]
    return "; ".join([*tests, *grade.notes])


def points(score: float) -> str:
    """Format points as a number that every system reads.

    >>> points(70.0), points(100 / 3), points(-0.0)
    ('70', '33.33', '0')
    """
    return f"{round(score, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def final(grade: Grade) -> str:
    """Return the points for a gradebook; nothing if they are not final, since a missing grade is not a 0."""
    return points(grade.score) if grade.is_final else ""


def cell(text: str) -> str:
    """Return text in one line of which no spreadsheet takes any part for a formula.

    >>> [cell(text) for text in ("=1+1", "a;=1+1", "  @x", "-1", "ada")]
    ["'=1+1", "a;'=1+1", "'  @x", '-1', 'ada']
    """
    return FORMULA.sub(r"\1'", shown(text))


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
