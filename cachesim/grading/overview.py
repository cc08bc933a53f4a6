"""The top of the page of a class: a histogram of the scores, the pass rate per test, one line per submission."""

from collections.abc import Sequence
from html import escape
from statistics import mean, median
from typing import NamedTuple

from cachesim.grading.grades import Grade
from cachesim.grading.judge import PASSED
from cachesim.grading.shown import shown

BARS = 10  # of the histogram
LINE = """<tr><td><a href="#s{number}">{id}</a></td><td>{name}</td><td class="points">{points}</td></tr>"""
TABLE = "<table><thead><tr>{head}</tr></thead>\n{rows}</table>"


class Bar(NamedTuple):
    """One bar: its label, its count, and the count of all."""

    label: str
    number: int
    total: int


def part(grades: Sequence[Grade]) -> str:
    """Return the part of the page, as HTML."""
    final = [grade for grade in grades if grade.is_final]
    return "\n".join(
        [
            f"<p>{escape(summary(grades))}</p>",
            "<h2>How many have how many points</h2>",
            bars(histogram(final), "submissions with so many points"),
            "<h2>How many have passed each test</h2>",
            bars(passed(final), "submissions that passed this test"),
            "<h2>Submissions</h2>",
            _lines(grades),
        ]
    )


def summary(grades: Sequence[Grade]) -> str:
    """Return the class in a sentence; what is not final counts in no mean."""
    final = [grade.score for grade in grades if grade.is_final]
    told = f"{len(grades)} submissions."
    if final:
        told += (
            f" Mean {mean(final):.1f}, median {median(final):g} of {grades[0].max_score:g} points."
        )
    if open_ := len(grades) - len(final):
        told += f" {open_} not final, and not counted."
    return told


def histogram(grades: Sequence[Grade]) -> list[Bar]:
    """Return ten bars of equal width; each holds its lower end, the last also its upper one.

    >>> from cachesim.grading.judge import Report
    >>> scores = [Grade(Report("", "", float(s), 100.0, "", [], ())) for s in (-5, 0, 9, 10, 100)]
    >>> [(bar.label, bar.number) for bar in histogram(scores) if bar.number]
    [('0 to 10', 3), ('10 to 20', 1), ('90 to 100', 1)]
    """
    most = grades[0].max_score if grades else 0.0
    width = most / BARS or 1.0
    counts = [0] * BARS
    for grade in grades:
        counts[max(0, min(int(grade.score / width), BARS - 1))] += 1
    labels = [f"{n * width:g} to {(n + 1) * width:g}" for n in range(BARS)]
    return [Bar(label, count, len(grades)) for label, count in zip(labels, counts, strict=True)]


def passed(grades: Sequence[Grade]) -> list[Bar]:
    """Return a bar for each test: how many submissions have passed it."""
    tests = dict.fromkeys(outcome.id for grade in grades for outcome in grade.outcomes)
    ids = [o.id for grade in grades for o in grade.outcomes if o.status == PASSED]
    return [Bar(name.replace("_", " "), ids.count(name), len(grades)) for name in tests]


def bars(rows: Sequence[Bar], meaning: str) -> str:
    """Return bars as HTML; a screen reader reads one sentence with the same content."""
    told = ", ".join(f"{row.label}: {row.number}" for row in rows)
    drawn = "\n".join(map(_bar, rows))
    return f'<div role="img" aria-label="{escape(f"{meaning}: {told}")}">\n{drawn}\n</div>'


def _bar(row: Bar) -> str:
    share = 100 * row.number / row.total if row.total else 0.0
    fill = f'<span class="fill" style="width:{share:.1f}%"></span>' if row.number else ""
    return (
        f'<div class="bar"><span class="of">{escape(shown(row.label))}</span>'
        f'<span class="room">{fill}</span><span>{row.number} ({share:.0f} %)</span></div>'
    )


def _lines(grades: Sequence[Grade]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("submission", "name", "points"))
    rows = (
        LINE.format(
            number=number,
            id=escape(shown(grade.id)),
            name=escape(shown(grade.name)),
            points=_points(grade),
        )
        for number, grade in enumerate(grades)
    )
    return TABLE.format(head=head, rows="\n".join(rows))


def _points(grade: Grade) -> str:
    if not grade.is_final:
        return "not final"
    late = f" ({grade.report.score:g} less {grade.penalty:g})" if grade.penalty else ""
    return f"{grade.score:g} of {grade.max_score:g}{late}"
