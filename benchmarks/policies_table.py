"""The eviction policies as one table of trade-offs, every figure from a replay of real traces.

`python benchmarks/policies_table.py --write` puts the table into docs/background/policies.md, `--check` fails if the
page has another one. All is seeded: the same code gives the same table, and a test holds the page to it.
"""

import sys
from functools import cache
from pathlib import Path

from cachesim.engines.policies import ALL, ROWS
from cachesim.engines.simple import Simple
from cachesim.replay import bound, infinite, optimum, replay
from cachesim.rng import stream
from cachesim.traces import Trace, sample

PAGE = Path(__file__).parents[1] / "docs/background/policies.md"
BEGIN, END = "<!-- made by benchmarks/policies_table.py -->", "<!-- end -->"
SHARES = (0.02, 0.10, 0.30)  # of a trace's keys
HEAD = "| policy | web12 2 % | 10 % | 30 % | web07 2 % | 10 % | 30 % | with scans | bytes | remembers | when |"


def with_scans(trace: Trace) -> Trace:
    """Add a scan of 500 keys that never come again after every 2,000 requests."""
    keys: list[str] = []
    for start in range(0, len(trace), 2000):
        keys += trace.keys[start : start + 2000]
        keys += [f"scan {start + number}" for number in range(500)]
    return Trace.of_keys(keys)


def with_sizes(trace: Trace) -> Trace:
    """Give each key a lognormal size, median 1 kB."""
    sizes = (1000 * stream(1, "sizes").lognormal(0, 1.5, trace.unique)).astype(int) + 1
    sized = Trace.of_keys(trace.keys)
    sized.sizes = sizes[trace.columns.codes]
    return sized


@cache
def cases() -> list[tuple[Trace, dict[str, int]]]:
    """List the trace and the limits for each column of figures."""
    real = [sample("web12"), sample("web07")]
    found = [(t, {"items": round(share * t.unique)}) for t in real for share in SHARES]
    scans, sized = with_scans(real[0]), with_sizes(real[0])
    memory = sum(dict(zip(sized.keys, sized.sizes, strict=True)).values()) // 10
    return [*found, (scans, {"items": round(0.1 * real[0].unique)}), (sized, {"memory": memory})]


def figures(name: str) -> list[float]:
    """Measure the hit ratio of a policy in each column."""
    return [
        replay(
            trace,
            Simple(**{"memory": sys.maxsize, **limits}, policy=ALL[name]),
            bounds=False,
        ).hit_ratio
        for trace, limits in cases()
    ]


def best() -> list[float]:
    """Compute the best possible in each column."""
    return [
        optimum(trace, limits["items"])
        if "items" in limits
        else bound(trace, trace.unique, memory=limits["memory"])
        for trace, limits in cases()
    ]


def table() -> str:
    """Write the table in Markdown."""
    rows = [HEAD, "|---|" + "---:|" * 9 + "---|"]
    for kind, remembers, when in ROWS:
        name = kind.named()
        shown = " | ".join(f"{100 * ratio:.1f}" for ratio in figures(name))
        rows.append(f"| {name} | {shown} | {remembers} | {when} |")
    for name, ratios in (
        ("*best possible*", best()),
        ("*infinite cache*", [infinite(trace) for trace, _ in cases()]),
    ):
        shown = " | ".join(f"{100 * ratio:.1f}" for ratio in ratios)
        rows.append(f"| {name} | {shown} | | |")
    return "\n".join(rows)


def renewed(page: str) -> str:
    """Put the table of this code into the page."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Write the table into the page, or check it."""
    page = PAGE.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        PAGE.write_text(renewed(page), encoding="utf-8")
    elif "--check" in sys.argv:
        sys.exit(page != renewed(page))
    else:
        print(table())


if __name__ == "__main__":
    main()
