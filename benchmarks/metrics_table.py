"""The list of metrics as a table of Markdown.

`python benchmarks/metrics_table.py --write` puts the table into docs/background/metrics.md, `--check` fails if the
page has another one; a test holds the page to the list.
"""

import sys
from pathlib import Path

from cachesim.measure.metrics import OURS, Metric

PAGE = Path(__file__).parents[1] / "docs/background/metrics.md"
BEGIN, END = "<!-- made by benchmarks/metrics_table.py -->", "<!-- end -->"
HEAD = ["| metric | unit | better | tables | meaning |", "|---|---|---|---|---|"]


def row(metric: Metric) -> str:
    meaning = metric.function.__doc__.split("\n")[0].removeprefix("Return ").rstrip(".")
    tables = ", ".join(["run", *metric.tables.split()])
    return f"| `{metric.name}` | {metric.unit} | {metric.better} | {tables} | {meaning} |"


def renewed(page: str) -> str:
    """Return the page with the table of today's list."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    table = "\n".join([*HEAD, *map(row, OURS)])
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        PAGE.write_text(renewed(page), encoding="utf-8")
    elif "--check" in sys.argv:
        sys.exit(0 if page == renewed(page) else f"{PAGE} is out of date; run this with --write")
    else:
        print(renewed(page))
