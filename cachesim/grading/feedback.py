"""The page of feedback: one file that loads nothing, to be read on a screen, on a phone or on paper.

Whatever a student could have written is escaped.
"""

from collections.abc import Sequence
from html import escape

from cachesim.grading.judge import NOT_ATTEMPTED, NOT_REACHED, PASSED, Outcome, Report

STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #00704a; --bad: #b03a00; --calm: #666; }
@media (prefers-color-scheme: dark) { :root { --good: #5fd0a5; --bad: #ff9a66; --calm: #aaa; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56em; margin: 2em auto; padding: 0 1em; }
h2 { margin: 2.5em 0 .3em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .4em .8em .4em 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
td.points, td.state { white-space: nowrap; }
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
<p>{score:g} of {max_score:g} points. <span class="calm">Graded in the sandbox {isolation}.</span></p>
{notes}<table class="tests"><thead><tr><th>test</th><th>result</th><th>points</th><th>what was seen</th></tr></thead>
{rows}
</table>"""
ROW = """<tr><td class="name">{name}</td><td class="state {kind}">{sign} {status}</td>
<td class="points">{score:g} of {max_score:g}</td><td class="seen">{message}</td></tr>"""
SIGNS = {"passed": "✓", "lost": "✗", "calm": "–"}


def page(reports: Sequence[Report], title: str) -> str:
    """Return the page: an overview if there are several submissions, then a section for each."""
    parts = [_section(number, report) for number, report in enumerate(reports)]
    if len(reports) > 1:
        parts.insert(0, _overview(reports))
    return PAGE.format(title=escape(title), style=STYLE, parts="\n".join(parts))


def _overview(reports: Sequence[Report]) -> str:
    rows = "\n".join(
        f'<tr><td><a href="#s{n}">{escape(r.id)}</a></td><td class="points">{r.score:g} of {r.max_score:g}</td></tr>'
        for n, r in enumerate(reports)
    )
    return f"<table><thead><tr><th>submission</th><th>points</th></tr></thead>\n{rows}</table>"


def _section(number: int, report: Report) -> str:
    return SECTION.format(
        number=number,
        id=escape(report.id),
        score=report.score,
        max_score=report.max_score,
        isolation=escape(report.isolation),
        notes="".join(f"<p>Note: {escape(note)}</p>\n" for note in report.notes),
        rows="\n".join(map(_row, report.outcomes)),
    )


def _row(outcome: Outcome) -> str:
    kind = "calm" if outcome.status in (NOT_REACHED, NOT_ATTEMPTED) else "lost"
    kind = "passed" if outcome.status == PASSED else kind
    return ROW.format(
        name=escape(outcome.id.replace("_", " ")),
        kind=kind,
        sign=SIGNS[kind],
        status=escape(outcome.status),
        score=outcome.score,
        max_score=outcome.max_score,
        message=escape(outcome.message),
    )
