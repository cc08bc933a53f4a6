"""Every figure of ours that nobody has published, as tables of Markdown.

The rows come from the data files of the service, from comments that say "an assumption", and from
`cachesim assumptions`. `python benchmarks/assumptions_table.py --write` puts them into
docs/background/assumptions.md, `--check` fails if the page has others; a test holds the page to them.
"""

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from cachesim.experiments.assumptions import ASSUMPTION
from cachesim.experiments.assumptions import rows as of_model

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/background/assumptions.md"
DATA = ROOT / "cachesim/service/data"
BEGIN, END = "<!-- made by benchmarks/assumptions_table.py: {} -->", "<!-- end -->"
EVERY = r""  # each row of the file is ours, or comes from elsewhere
OURS = r"assumption|\bours?\b|\bhere\b|the same"  # what its source says of a figure of ours
FILES = {  # file -> its columns on the page, and which rows
    "timings": ("step seconds source", EVERY),
    "prices": ("what usd unit read source", EVERY),
    "db_classes": ("class mysql postgres read source", EVERY),
    "endpoints": ("endpoint ttl source", EVERY),
    "metrics": ("metric engine source", OURS),
    "parameters": ("name first last value allowed source", OURS),
    "service_updates": ("ServiceUpdateName ServiceUpdateReleaseDate EstimatedUpdateTime source", EVERY),
    "policies": ("name source", EVERY),
}  # fmt: skip
CODE = re.compile(r"(?m)^([A-Z_, ]+) = (.+?)  # (.*\bassumption\b.*)$")
ROOMS = "model", "service", "experiments"  # those of which a run of the cloud is made


def of_file(name: str) -> Iterator[list[str]]:
    """Yield the head, then the rows of a data file that are on the page."""
    columns, which = FILES[name]
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    yield columns.split()
    yield from (
        [row[each] for each in columns.split()] for row in rows if re.search(which, row["source"])
    )


def of_code() -> Iterator[list[str]]:
    """Yield the head, then each constant whose comment says that it is an assumption."""
    yield ["constant", "value", "of what", "file"]
    for room in ROOMS:
        for path in sorted((ROOT / "cachesim" / room).rglob("*.py")):
            for name, value, what in CODE.findall(path.read_text("utf-8")):
                meaning = re.sub(r"[:,] an assumption", "", what)
                yield [f"`{name}`", f"`{value}`", meaning, f"`{path.relative_to(ROOT)}`"]


def of_scenario() -> Iterator[list[str]]:
    """Yield the head, then the quantities of the model whose source says that they are assumed."""
    yield ["field", "meaning", "value", "source"]
    for row in of_model():
        if ASSUMPTION in row["source"]:
            yield [f"`{row['field']}`", row["meaning"], row["value"], row["source"]]


PARTS = {
    **{name: lambda name=name: of_file(name) for name in FILES},
    "code": of_code,
    "model": of_scenario,
}


def table(part: str) -> str:
    """Return a part as a table of Markdown."""
    head, *rows = ([cell.replace("|", r"\|") for cell in row] for row in PARTS[part]())
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def renewed(page: str) -> str:
    """Return the page with the tables of today."""
    for part in PARTS:
        before, rest = page.split(BEGIN.format(part))
        _, after = rest.split(END, 1)
        page = f"{before}{BEGIN.format(part)}\n\n{table(part)}\n\n{END}{after}"
    return page


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        PAGE.write_text(renewed(page), encoding="utf-8")
    elif "--check" in sys.argv:
        sys.exit(0 if page == renewed(page) else f"{PAGE} is out of date; run this with --write")
    else:
        print(renewed(page))
