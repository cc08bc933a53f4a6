"""Plain English, as far as a test can hold it: words that are banned, patterns, widths, one spelling per term.

It reads the pages, the changelog, docstrings and comments, the notebooks' text and the exercises' text.
`PATTERNS` and the glossary's table of spellings are the rules; the last tests break each rule once.
"""

import io
import json
import re
import tokenize
import tomllib
from bisect import bisect
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "background" / "glossary.md"
COLUMNS = 100  # of a line in a page; tables, links and code may be wider

_COUNTED = (
    "µs|ns|ms|KB|MB|GB|bytes|queries|visits|events|requests|rows|records|processes|seconds|expiries"
    "|arrivals|versions|slots|(?:one|an?|another) (?:row|record|process|event|generator|line|value)"
)
_UNIT = (
    "run|request|visit|second|minute|hit|miss|replication|case|command|statement|client|user|round"
    "|event|key|row|read|write|call|reply|entry|line|test|student|submission|part|check|strategy"
)
_VERB = "'s| (?:would|will|may|can|is|has|was|makes|takes|needs)\\b"  # "requests a run would make"
PATTERNS = {  # what is not plain -> what is
    r"(?m)^Return what\b": "name the thing that is returned",
    r"(?i)\banew\b": "again",
    r"(?i)\bwhoever\b": "each (call, client, ...) that",
    r"(?i)\bwhat of\b": "say which part of it",
    r"(?i)\bbetimes\b|\bere\b|\bhence\b|\bthereof\b|\bwhereby\b|\blest\b|\bthrice\b": "a common word",
    rf"(?i)\b(?:{_COUNTED}) an? (?:{_UNIT})\b(?!{_VERB})": "per",
    r"(?i)\b(?:reads|writes|keys|commands|users|draws|runs|misses|hits) a (?:second|run|round)\b": "per",
}


class Line(NamedTuple):
    """One line of text and where it is."""

    number: int
    text: str


def spellings() -> dict[str, str]:
    """Read the glossary's table of spellings: what is wrong -> the term."""
    table = GLOSSARY.read_text("utf-8").partition("## One spelling")[2]
    rows = re.findall(r"^\| (.+?) \| (`.+?) \|$", table, re.MULTILINE)
    return {
        rf"(?<![\w.])(?i:{other[0]}){re.escape(other[1:])}s?(?![\w(=])": term
        for term, others in rows
        for other in re.findall("`(.+?)`", others)
    }


RULES = PATTERNS | spellings()

# --- what is prose


def bare(text: str) -> str:
    """Drop what is code or an address in a line: `spans`, the targets of links."""
    return re.sub(r"`[^`]*`|\]\([^)]*\)|https?://\S+", "`", text)


def prose_of_page(text: str) -> Iterator[Line]:
    """Yield a page's lines without blocks of code."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield Line(number, bare(line))


def prose_of_source(source: str) -> Iterator[Line]:
    """Yield the comments and the docstrings of a module, without their examples."""
    for token in comments_and_docstrings(source):
        text = token.string if token.type == tokenize.COMMENT else shown(token) + "\n"
        text = re.sub(r"(?m)^ *>>>.*\n(?: *\S.*\n)*", lambda m: "\n" * m[0].count("\n"), text)
        yield from (Line(token.start[0] + n, bare(line)) for n, line in enumerate(text.split("\n")))


def comments_and_docstrings(source: str) -> Iterator[tokenize.TokenInfo]:
    """Yield each comment, and each string that is a statement; quicker than a syntax tree."""
    begins = True  # a statement
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (begins and token.type == tokenize.STRING):
            yield token
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            begins = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def shown(token: tokenize.TokenInfo) -> str:
    """The text of a docstring without its quotes; escapes stay as they are written."""
    return token.string.lstrip("rR").strip("\"'")


def prose_of_notebook(text: str) -> Iterator[Line]:
    """Yield the markdown of each cell, numbered by the cell."""
    for place, cell in enumerate(json.loads(text)["cells"], 1):
        if cell["cell_type"] == "markdown":
            found = prose_of_page("".join(cell["source"]))
            yield from (Line(place, line.text) for line in found)


def prose_of_table(text: str) -> Iterator[Line]:
    """Yield the strings of a TOML file; a string does not know its line."""
    waiting: list[object] = [tomllib.loads(text)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield from (Line(0, bare(line)) for line in value.splitlines())
        elif isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value


READERS = {
    ".md": prose_of_page,
    ".py": prose_of_source,
    ".ipynb": prose_of_notebook,
    ".toml": prose_of_table,
}


# --- the rules


def offences(suffix: str, text: str) -> list[str]:
    """List a sentence for each rule that a text breaks."""
    found = [*banned(list(READERS[suffix](text)), RULES)]
    if suffix == ".md":
        found += too_wide(text)
        for block in re.findall(r"(?ms)^```python\n(.*?)^```", text):
            found += banned(list(prose_of_source(block)), RULES)
    return found


def banned(lines: list[Line], rules: dict[str, str]) -> Iterator[str]:
    """Find the patterns in the running text; lines that do not follow each other are kept apart."""
    running, begins, last = "", [], None
    for number, text in lines:
        words = text.strip().lstrip("#").strip()
        running += " " if last in (number, number - 1) and words else "\n"
        begins.append(len(running))
        running += words
        last = number
    for pattern, better in rules.items():
        for match in re.finditer(pattern, running):
            place = lines[bisect(begins, match.start()) - 1].number
            yield f'{place}: "{match[0].strip()}": {better}'


def too_wide(text: str) -> Iterator[str]:
    """Find lines of prose that are too wide; a link may stand out, where no break could help."""
    for number, line in prose_of_page(text):
        whole = text.splitlines()[number - 1]
        if len(whole) > COLUMNS and not whole.startswith(("|", "![")) and "](" not in whole:
            yield f"{number}: {len(whole)} columns, at most {COLUMNS}: {line[:40]}..."


# --- what is read


def files() -> list[Path]:
    """List every file with prose of ours."""
    kinds = {"docs": "md", "cachesim": "py", "tests": "py", "benchmarks": "py", "notebooks": "ipynb",
             "exercises": "toml"}  # fmt: skip
    found = [p for folder, kind in kinds.items() for p in (ROOT / folder).rglob(f"*.{kind}")]
    found += (ROOT / "exercises").rglob("*.py")
    return sorted(
        [*found, *(ROOT / f"{page}.md" for page in ("README", "CONTRIBUTING", "CHANGELOG"))]
    )


def room_of(path: Path) -> str:
    """Name the part that is clean or not: a page, a room of the package, a folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    depth = (
        1 + (parts[0] in ("docs", "cachesim")) + bool({"engines", "background", "howto"} & {*parts})
    )
    return "/".join(parts[:depth])


ROOMS: dict[str, list[Path]] = {}
for _path in files():
    ROOMS.setdefault(room_of(_path), []).append(_path)


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_is_plain(room):
    """No banned word, opening or pattern, no line that is too wide, one spelling per term."""
    found = [
        f"{path.relative_to(ROOT)}:{offence}"
        for path in ROOMS[room]
        for offence in offences(path.suffix, path.read_text("utf-8"))
    ]

    assert [] == found, "\n".join(["", *found])


def test_the_glossary_has_spellings():
    """The table is found, and each right spelling is none of the wrong ones."""
    rules = spellings()

    assert len(rules) >= 9
    assert [] == [t for t in rules.values() for bad in rules if re.search(bad, t)]


BAD = [  # the kind of file, a text, and a part of the sentence that must come of it
    (".md", "It starts anew.", "again"),
    (".md", "Whoever asks waits.", "each (call"),
    (".md", "One row\na run.", "per"),
    (".md", "It takes 5 µs a request.", "per"),
    (".md", "About 900 requests a second.", "per"),
    (".md", "It counts what of the value is new.", "which part"),
    (".md", "word " * 21, "columns"),
    (".md", "```\ncode\n```\nthe hit rate", '4: "hit rate": hit ratio'),
    (".md", "| a table | the hit rate |", "hit ratio"),
    (".py", '"""Say.\n\nThe rest starts anew.\n"""', "3: "),
    (".py", "x = 1  # 3 queries a request", "1: "),
    (".py", "# one row\n# a run", "1: "),
    (".py", 'def f():\n    """Return what is left."""', "2: "),
    (".toml", 'why = "It is the hit rate."', "hit ratio"),
    (".ipynb", '{"cells": [{"cell_type": "markdown", "source": ["now ", "anew"]}]}', "1: "),
]


@pytest.mark.parametrize(("suffix", "text", "sentence"), BAD)
def test_a_broken_rule_is_found(suffix, text, sentence):
    """Each rule, broken once, is named."""
    found = offences(suffix, text)

    assert any(sentence in offence for offence in found), found


GOOD = [
    (".md", "```\nstarts anew, 3 µs a request" + " and so on" * 20 + "\n```"),
    (".md", "| " + "wide " * 30 + "|"),
    (".md", "It says how many requests a run would make, and how slow a row's value is."),
    (".md", "[a link](" + "far/" * 30 + ")"),
    (".md", "`app.timeout` is code; a read stores a row; he takes a second look."),
    (".py", '"""Say.\n\n>>> anew\n"""\nwhoever = "starts anew"'),
    (".ipynb", '{"cells": [{"cell_type": "code", "source": ["anew"]}]}'),
]


@pytest.mark.parametrize(("suffix", "text"), GOOD)
def test_what_is_plain_is_let_through(suffix, text):
    """Code, tables, links and common phrases are nobody's offence."""
    assert [] == offences(suffix, text)
