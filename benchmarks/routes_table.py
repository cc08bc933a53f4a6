"""The rules that choose a node as a table of Markdown: what moves when a node joins, and how even the shares are.

`python benchmarks/routes_table.py --write` puts the table into docs/background/routes.md, `--check` fails if the
page has another one; a test holds the page to the rules.
"""

import sys
from collections import Counter
from pathlib import Path

from cachesim.model.routes import ALL, Modulo, Route
from cachesim.theory import moved_keys

PAGE = Path(__file__).parents[1] / "docs/background/routes.md"
BEGIN, END = "<!-- made by benchmarks/routes_table.py -->", "<!-- end -->"
NODES = [f"10.0.1.{number}:11211" for number in range(1, 11)]
KEYS = [f"user:{number}" for number in range(20_000)]
CLIENTS = {
    "Modulo": "libmemcached's default",
    "Ketama": "libmemcached (weighted), spymemcached, Amazon's Java client",
    "PlainKetama": "libmemcached (not weighted)",
    "Jump": "clients that number their servers",
    "Rendezvous": "pymemcache",
}
HEAD = [
    "| rule | clients | keys moved, 9 → 10 nodes | theory | largest share / mean |",
    "|---|---|---:|---:|---:|",
]


def row(rule: Route) -> str:
    name = type(rule).__name__
    before, after = rule.over(NODES[:9]), rule.over(NODES)
    owners = list(map(after, KEYS))
    moved = sum(before(key) != owner for key, owner in zip(KEYS, owners, strict=True)) / len(KEYS)
    largest = max(Counter(owners).values()) * len(NODES) / len(KEYS)
    theory = moved_keys(9, ring=not isinstance(rule, Modulo))
    return f"| `{name}` | {CLIENTS[name]} | {moved:.1%} | {theory:.1%} | {largest:.2f} |"


def renewed(page: str) -> str:
    """Return the page with the table of today's rules."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    table = "\n".join([*HEAD, *(row(kind()) for kind in ALL)])
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        PAGE.write_text(renewed(page), encoding="utf-8")
    elif "--check" in sys.argv:
        sys.exit(0 if page == renewed(page) else f"{PAGE} is out of date; run this with --write")
    else:
        print(renewed(page))
