"""The page of feedback: one file that loads nothing, to be read on a screen, on a phone or on paper.

Whatever a student could have written is escaped.
"""

from collections.abc import Sequence
from html import escape

from cachesim.grading import overview
from cachesim.grading.grades import Grade, graded
from cachesim.grading.judge import NOT_ATTEMPTED, NOT_REACHED, PASSED, TROUBLE, Outcome, Report
from cachesim.grading.shown import shown

STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #00704a; --bad: #b03a00; --calm: #666; --bar: #3b6fb6; }
@media (prefers-color-scheme: dark) { :root { --good: #5fd0a5; --bad: #ff9a66; --calm: #aaa; --bar: #7aa7e0; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56em; margin: 2em auto; padding: 0 1em; }
h2 { margin: 2.5em 0 .3em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .4em .8em .4em 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
td.points, td.state { white-space: nowrap; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3em 0 0;
  padding-left: .6em; border-left: 3px solid var(--line); }
.bar { display: flex; align-items: center; gap: .6em; margin: .15em 0; }
.bar .of { flex: 0 0 9em; text-align: right; } .bar .room { flex: 1; }
.bar .fill { display: block; height: 1.2em; background: var(--bar);
  -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.passed { color: var(--good); } .lost { color: var(--bad); } .calm { color: var(--calm); }
.state { font-weight: 600; }
@media (max-width: 40em) {
  .tests thead { display: none; }
  .tests tr { display: block; padding: .6em 0; border-bottom: 1px solid var(--line); }
  .tests td { display: inline-block; padding: 0 .8em 0 0; border: 0; }
  .tests td.name, .tests td.seen { display: block; }
}
@media print { h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><h1>{title}</h1>
{parts}
</body></html>
"""
SECTION = """<h2 id="s{number}">{id}</h2>
<p>{score} <span class="calm">Graded in the sandbox {isolation}.</span></p>
{notes}<table class="tests"><thead><tr><th>test</th><th>result</th><th>points</th><th>what was seen</th></tr></thead>
{rows}
</table>"""
ROW = """<tr><td class="name">{name}</td><td class="state {kind}">{sign} {status}</td>
<td class="points">{score:g} of {max_score:g}</td><td class="seen">{message}</td></tr>"""
SIGNS = {"passed": "✓", "lost": "✗", "calm": "–"}


def page(reports: Sequence[Report | Grade], title: str) -> str:
    """Return the page: an overview of the class if there are several submissions, then a section for each."""
    grades = list(map(graded, reports))
    parts = [_section(number, grade) for number, grade in enumerate(grades)]
    if len(grades) > 1:
        parts.insert(0, overview.part(grades))
    return PAGE.format(title=_safe(title), style=STYLE, parts="\n".join(parts))


def _safe(text: str) -> str:
    return escape(shown(text))


def _section(number: int, grade: Grade) -> str:
    name = f" · {_safe(grade.name)}" if grade.name else ""
    return SECTION.format(
        number=number,
        id=_safe(grade.id) + name,
        score=_score(grade),
        isolation=_safe(grade.isolation),
        notes="".join(f"<p>Note: {_safe(note)}</p>\n" for note in grade.notes),
        rows="\n".join(map(_row, grade.outcomes)),
    )


def _score(grade: Grade) -> str:
    """Return the points, and how a penalty has changed them."""
    if not grade.is_final:
        return "<strong>Not final</strong>: a test could not be judged; it will be graded again."
    told = f"{grade.score:g} of {grade.max_score:g} points."
    if grade.penalty:
        told += f" That is {grade.report.score:g} for the answer, less {grade.penalty:g} for being late."
    return told


def _row(outcome: Outcome) -> str:
    kind = "calm" if outcome.status in (NOT_REACHED, NOT_ATTEMPTED, TROUBLE) else "lost"
    kind = "passed" if outcome.status == PASSED else kind
    return ROW.format(
        name=_safe(outcome.id.replace("_", " ")),
        kind=kind,
        sign=SIGNS[kind],
        status=_safe(outcome.status),
        score=outcome.score,
        max_score=outcome.max_score,
        message=_safe(outcome.message) + _printed(outcome),
    )


def _printed(outcome: Outcome) -> str:
    """Return the output of the student's code, line by line."""
    lines = str(getattr(outcome, "output", "")).splitlines() if outcome.visible else []
    return f"<pre>{chr(10).join(map(_safe, lines))}</pre>" if lines else ""
