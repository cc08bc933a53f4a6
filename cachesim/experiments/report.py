"""One comparison as one HTML page without other files: to read, to print and to hand in.

The page loads nothing and runs nothing: the pictures are inside it, and its content policy forbids anything else.
The same results give the same page, byte for byte.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from cachesim.errors import BadInput
from cachesim.experiments.differences import HEADER
from cachesim.experiments.pictures import Picture, pictures, png
from cachesim.experiments.predicted import theory_of_cases
from cachesim.experiments.rankings import MetricRanking
from cachesim.experiments.results import Results
from cachesim.experiments.verdict import verdict
from cachesim.measure.metrics import shown_in
from cachesim.measure.tables import show_bounds, title
from cachesim.scenario import Scenario

PRINTED = 150  # dots per inch of the pictures: sharp on a phone and on paper
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
MOST_RANKED = 30  # cases; a longer table answers no question
NOTHING_FOR_SURE = (
    "One replication has no interval: run at least two before believing a difference."
)


def page(
    results: Results,
    *,
    version: str,
    question: str = "",
    scenario: str = "",
    command: str = "",
) -> str:
    """Return the report of a comparison or a sweep as one HTML page.

    Parameters
    ----------
    results : Results
        The result of `compare` or `sweep`.
    version : str
        Version of cachesim.
    question : str
        The heading: the question of the experiment; by default made from the fields that vary.
    scenario : str
        The scenario as TOML; `cachesim run` makes the same numbers again from it.
    command : str
        The command line that made the results.

    Examples
    --------
    >>> from cachesim.experiments.compare import compare
    >>> from cachesim.scenario import Scenario
    >>> short = Scenario(duration=2, warmup=1)
    >>> text = page(compare(short, strategy__ttl=[1, 9], replications=2, n_jobs=1), version="1.0")
    >>> text.startswith("<!DOCTYPE html>"), "://" in text
    (True, False)
    """
    heading = question or _question(results)
    parts = [
        f"<h1>{_safe(heading)}</h1>",
        *_verdict(results),
        *_section("What was measured", [_main_table(results), *_notes(results)]),
        *_section("The first against the second", _differences(results)),
        *_section("Which is best", _rankings(results)),
        *_section("What theory says", _theory(results)),
        *_section("Pictures", [_pictures(results)]),
        *_section("The scenario, with its first alternative", [_scenario(results)]),
        *_section("How to make it again", _again(results, scenario, command, version)),
    ]
    return _document(heading, parts)


def _document(heading: str, parts: Iterable[str]) -> str:
    style = files("cachesim.data").joinpath("report.css").read_text(encoding="utf-8")
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_safe(heading)}</title>",
        f"<style>\n{style}</style>",
    ]
    start = ['<!DOCTYPE html>\n<html lang="en">', "<head>", *head, "</head>", "<body>"]
    return "\n".join([*start, *parts, "</body>", "</html>", ""])


def _question(results: Results) -> str:
    varied: dict[str, list[str]] = {}
    for case in results.cases:
        for field, label in case.labels.items():
            varied.setdefault(field, [])
            varied[field] += [label] * (label not in varied[field])
    telling = {field: labels for field, labels in varied.items() if len(labels) > 1}
    asked = (f"{_words(field)}: {_or(labels)}" for field, labels in telling.items())
    return f"Which {'; which '.join(asked)}?" if telling else "What does this scenario give?"


def _words(field: str) -> str:
    """Return the name of a field in words.

    >>> _words("cache__memory")
    'cache memory'
    """
    return "engine" if field == "cache" else field.replace("__", " ").replace("_", " ")


def _or(labels: Sequence[str], most: int = 6) -> str:
    shown = [*labels[:most], f"{len(labels) - most} more"] if len(labels) > most else list(labels)
    return " or ".join([", ".join(shown[:-1]), shown[-1]])


def _section(heading: str, parts: Iterable[str]) -> Iterator[str]:
    """Yield a heading and the parts below it; nothing if there are no parts."""
    content = [part for part in parts if part]
    if content:
        yield f"<h2>{heading}</h2>"
        yield from content


def _verdict(results: Results) -> Iterator[str]:
    if len(results.cases) == 2:
        sentence = _safe(verdict(results.differences()))
        yield f'<p class="verdict">{sentence}</p>' if sentence else ""
    elif found := list(_who_is_best(results)):
        lines = "".join(f"<li>{_safe(line)}</li>" for line in found)
        yield f'<div class="verdict">With 95 % confidence, the best by<ul>{lines}</ul></div>'


def _who_is_best(results: Results) -> Iterator[str]:
    """Yield one line per metric for which at least one case is shown not to be the best."""
    for found in _ranked(results):
        best = found.may_be_best
        if len(best) < len(found.places):
            metric = title(found.metric).partition(" (")[0]
            yield f"{metric} is {_or(best) if len(best) > 1 else best[0]}"


def _main_table(results: Results) -> str:
    fields = list(results.cases[0].labels)
    rows = results.rows()
    telling = [n for n in range(len(fields)) if len({row[n] for row in rows}) > 1]
    telling = telling or [0][: len(fields)]
    kept = [*telling, *range(len(fields), len(results.header))]
    header = [*(_words(field) for field in fields), *map(title, results.header[len(fields) :])]
    runs = results.frame["replication"].nunique()
    warmup = results.cases[0].scenario.warmup
    caption = (
        f"Means of {runs} replications ± half of the 95 % interval, after {warmup:g} s of warm-up."
    )
    cut = [[cells[n] for n in kept] for cells in (header, *rows)]
    return _table(caption, cut[0], cut[1:])


def _notes(results: Results) -> list[str]:
    notes = list(results.notes)
    if results.frame["replication"].nunique() < 2:
        notes.append(NOTHING_FOR_SURE)
    return [f"<p>Note: {_safe(note)}</p>" for note in notes]


def _differences(results: Results) -> list[str]:
    found = [d for d in results.differences() if d.interval.half_width > 0]  # nor NaN
    if not found:
        return []
    caption = f"{found[0].first} minus {found[0].second}, paired replication by replication."
    return [_table(caption, ["metric", *HEADER], [d.cells for d in found])]


def _rankings(results: Results) -> Iterator[str]:
    """Yield one table per metric that three or more cases have."""
    for found in _ranked(results) if 2 < len(results.cases) <= MOST_RANKED else ():
        rows = [
            [p.name, show_bounds(found.metric, p.ahead), "yes" if p.may_be_best else "no"]
            for p in found.places
        ]
        caption = f"{title(found.metric)}. {found.sentence}"
        yield _table(caption, ["best first", "ahead of the best other", "may be best"], rows)


def _ranked(results: Results) -> Iterator[MetricRanking]:
    for metric in shown_in("report"):
        try:
            yield results.ranking(metric)
        except BadInput:  # fewer than two cases have it, or one replication
            continue


def _theory(results: Results) -> Iterator[str]:
    found = theory_of_cases(results)
    if found.rows:
        header = ["case", "metric", "theory", "measured", "by"]
        caption = "Closed forms simplify; the last column says which one was taken."
        yield _table(caption, header, found.rows, "scroll words")
    yield from (f"<p>Theory is silent on {_safe(reason)}</p>" for reason in found.silent)


def _pictures(results: Results) -> str:
    return f'<div class="plots">{"".join(map(_figure, pictures(results)))}</div>'


def _figure(picture: Picture) -> str:
    data = base64.b64encode(png(picture.axes, PRINTED)).decode()
    image = f'<img alt="{_safe(picture.words)}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{_safe(picture.caption)}</figcaption></figure>"


def _scenario(results: Results) -> str:
    shared = results.cases[0].scenario
    lines = "".join(f"<dt>{name}</dt><dd>{_safe(text)}</dd>" for name, text in _parts_of(shared))
    return f"<dl>{lines}</dl>"


def _parts_of(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Yield the parts of the first case's scenario; other fields have their defaults."""
    yield "times", f"{scenario.duration:g} s of requests, the first {scenario.warmup:g} s left out"
    for name in ("strategy", "cache", "workload", "database", "node", "network"):
        yield name, repr(getattr(scenario, name))


def _again(results: Results, scenario: str, command: str, version: str) -> Iterator[str]:
    if command:
        yield f'<pre class="wrap"><code>{_safe(command)}</code></pre>'
    if scenario:
        yield (
            "<p>Or save this as <code>scenario.toml</code> and run "
            "<code>cachesim run scenario.toml</code>: the same numbers again.</p>"
            "<details><summary>scenario.toml</summary>"
            f"<pre><code>{_safe(scenario)}</code></pre></details>"
        )
    engines = sorted({results.engine(n) for n in range(len(results.cases))} - {""})
    yield (
        f"<p>Made with cachesim {_safe(version)}, seed {results.cases[0].scenario.seed}; "
        f"engines: {_safe(', '.join(engines)) or 'none'}.</p>"
    )


def _table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "scroll"
) -> str:
    """Return a table that scrolls in its own box, below a caption that does not."""
    head = "".join(f'<th scope="col">{_safe(cell)}</th>' for cell in header)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    label = f'tabindex="0" role="region" aria-label="{_safe(caption)}"'
    return f'<p class="caption">{_safe(caption)}</p><div class="{kind}" {label}>{table}</div>'


def _cells(row: Sequence[str]) -> str:
    first, *rest = row
    return f'<th scope="row">{_safe(first)}</th>' + "".join(f"<td>{_safe(x)}</td>" for x in rest)


def _safe(text: str) -> str:
    """Return the text with HTML's signs escaped: the names of cases and files are the user's."""
    return html.escape(text, quote=True)
