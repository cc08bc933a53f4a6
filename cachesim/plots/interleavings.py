"""A space-time diagram of clients, cache and database, with the versions that they held.

Every client and every tier is a line. An arrow goes from a client, at the moment of its call, to a tier, at the
moment in which the command took effect. The bands of the tiers show the version of the key that they held.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cachesim.errors import BadInput
from cachesim.plots.style import COLOURS, WIDTH, new_axes, pick
from cachesim.records import CACHE, REPLICA, TIERS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# tier as a step names it -> for people
NAMES = {**{row.place: kind for kind, row in TIERS.items()}, REPLICA: REPLICA}
WORDS = {"read": "SELECT", "write": "UPDATE"}  # of the database; the cache uses its own commands
MS = 1e3  # milliseconds in a second
LINE, MOMENT = 0.6, 0.55  # inches per lifeline, and from one moment to the next


def interleaving(steps: pd.DataFrame, requests: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the visits for one key, and the requests to which they belong.

    Moments are evenly spaced, because only their order matters: a race takes microseconds. The ticks show the
    time of each moment.

    Parameters
    ----------
    steps : DataFrame
        One row per visit, as `experiments.witness.steps` returns: client, tier, call, sent, done, version, answer
        and node. Each node of a fleet that was called has a line.
    requests : DataFrame
        Rows of a history; each is drawn as a bar on its client's line, with its action as a label.
    """
    clients = sorted({*steps["client"], *requests["client"].dropna().astype(int)})
    names = [*(f"client {c}" for c in clients), *_tiers(steps)]
    rows = {name: -place for place, name in enumerate(names)}
    moments = _moments(steps, requests)
    places = {moment: place for place, moment in enumerate(moments)}
    ax = _roomy(len(names), len(moments)) if ax is None else ax
    ax.grid(False)
    for name, visits in steps.groupby(_lines(steps)):
        _band(ax, rows[str(name)], visits, places)
    for request in _each(requests):
        _bar(ax, rows[f"client {request.client}"], request, places)
    for step in _each(steps.assign(line=_lines(steps))):
        _arrow(ax, rows, step, places)
    ax.set_yticks(list(rows.values()), names)
    ax.set_ylim(-len(names) + 0.4, 0.75)
    shown = [f"{MS * (moment - moments[0]):.3f}" for moment in moments]
    ax.set_xticks(range(len(moments)), shown, rotation=60, fontsize=7)
    ax.set_xlabel(f"ms since t = {moments[0]:.6g} s, in the order of the moments")
    return ax


def counter_example(verdict: Any, ax: Axes | None = None) -> Axes:
    """Draw the requests of a verdict's example: the versions that each client read and wrote, over time.

    Parameters
    ----------
    verdict : Verdict
        Verdict of a check that is not ok. If you have the scenario, `interleaving` shows the visits too.

    Raises
    ------
    BadInput
        The verdict has no example: the check is ok, or unknown.
    """
    import pandas as pd

    if verdict.example is None or verdict.example.empty:
        raise BadInput(
            f"{verdict.rule}: {verdict.word}, there is no counter-example to draw; take a check that is not ok"
        )
    nothing = pd.DataFrame(columns=pd.Index(["client", "tier", "call", "sent", "done", "version"]))
    ax = interleaving(nothing, verdict.example, ax)
    keys = ", ".join(sorted({str(key) for key in verdict.example["key"]}))
    ax.set_title(f"{verdict.rule}: {verdict.word} ({keys})", fontsize=9)
    return ax


def _each(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows of a frame, each with its columns as attributes."""
    yield from frame.itertuples()


def _lines(steps: pd.DataFrame) -> pd.Series:
    """Name the line of each visit: the tier, or the node if the cache is a fleet."""
    if "node" not in steps:
        return steps["tier"].map(NAMES)
    of_fleet = (steps["tier"] == TIERS[CACHE].place) & (steps["node"] != CACHE)
    return steps["node"].where(of_fleet, steps["tier"].map(NAMES))


def _tiers(steps: pd.DataFrame) -> list[str]:
    """Name the lines of the tiers, from above: the caches, the database, its replica."""
    order = {
        (list(NAMES).index(tier), len(line), line)
        for tier, line in zip(steps["tier"], _lines(steps), strict=True)
    }
    return [line for *_, line in sorted(order)]


def _moments(steps: pd.DataFrame, requests: pd.DataFrame) -> list[float]:
    """Return every moment in which something began or took effect, in order and each once."""
    columns = [steps["sent"], steps["done"], requests["begin"], requests["end"]]
    return sorted({float(moment) for column in columns for moment in column.dropna()})


def _roomy(lines: int, moments: int) -> Axes:
    """Return the axes of a figure with room for this many lines and moments."""
    axes = new_axes(None)
    width = max(WIDTH, MOMENT * (moments + 3))
    axes.figure.set_size_inches(width, LINE * (lines + 2.5))  # type: ignore[union-attr]
    return axes


def _bar(ax: Axes, row: float, request: Any, places: dict[float, int]) -> None:
    """Draw a request from its begin to its end, in the colour of the version that it read or made."""
    begin, end = places[request.begin], places[request.end]
    colour = _colour(request.version)
    ax.plot([begin, end], [row, row], color=colour, linewidth=6, alpha=0.45)
    stale = _is_stale(request)
    above: dict[str, Any] = {"xytext": (0, 8), "textcoords": "offset points", "fontsize": 8}
    weight = "bold" if stale else "normal"
    ax.annotate(_did(request, stale), (begin, row), weight=weight, **above)


def _is_stale(request: Any) -> bool:
    known = _known(request.version) and _known(request.acknowledged)
    return request.op == "read" and known and bool(request.acknowledged > request.version)


def _did(request: Any, stale: bool) -> str:
    """Return a label for the action of a request."""
    if _known(request.error):
        return f"{request.op}: {request.error}"
    what = _version(request.version) or _uncommitted(request) or "nothing"
    return f"{request.op}s {'stale ' if stale else ''}{what}"


def _uncommitted(request: Any) -> str:
    """Name a value that the database never got by the id of its write."""
    write = getattr(request, "write", None)
    return f"value {write:.0f}, not in the database" if _known(write) else ""


def _arrow(ax: Axes, rows: dict[str, int], step: Any, places: dict[float, int]) -> None:
    """Draw a visit as an arrow: from the client at its call to the tier at the moment of its effect."""
    if not _known(step.done):  # still in progress at the end of the diagram
        return
    source = places[step.sent], rows[f"client {step.client}"]
    target = places[step.done], rows[step.line]
    arrow: dict[str, Any] = {"arrowstyle": "-|>", "color": _colour(step.version), "linewidth": 1.2}
    ax.annotate("", target, source, arrowprops=arrow)
    share = _between_rows(source[1], target[1])
    x, y = (a + share * (b - a) for a, b in zip(source, target, strict=True))
    box: dict[str, Any] = {
        "boxstyle": "round,pad=0.15",
        "facecolor": "white",
        "edgecolor": "none",
        "alpha": 0.85,
    }
    ax.annotate(_label(step), (x, y), fontsize=7.5, ha="center", va="center", bbox=box)


def _between_rows(start: int, end: int) -> float:
    """Return the place of the label on an arrow: 0.3 of the way, or near it if another row is there.

    >>> _between_rows(0, 1), _between_rows(0, 4)
    (0.3, 0.375)
    """
    row = start + 0.3 * (end - start)  # where few arrows cross
    if abs(row % 1 - 0.5) <= 0.25 or start == end:
        return 0.3
    return (math.floor(row) + 0.5 - start) / (end - start)


def _band(ax: Axes, row: float, steps: pd.DataFrame, places: dict[float, int]) -> None:
    """Draw the version that a tier held, from one visit to the next."""
    ended = steps[steps["done"].notna() & (steps["answer"] != "failed")].sort_values("done")
    seen = [(places[step.done], _held(step), step.version) for step in _each(ended)]
    ends = [left for left, *_ in seen[1:]] + [len(places) - 1]
    for (left, held, version), right in zip(seen, ends, strict=False):
        colour = _colour(version) if held else "#bbbbbb"
        ax.plot([left, right], [row, row], color=colour, linewidth=7, solid_capstyle="butt")
        ax.plot([left], [row], marker="o", color=colour, markersize=8, markeredgecolor="white")


def _held(step: Any) -> bool:
    """Return True if the tier held a value of the key after the visit."""
    return _known(step.version) and step.call != "delete"


def _known(version: Any) -> bool:
    """Return True if this is a number; pandas has three ways to mark an empty cell."""
    import pandas as pd

    return not pd.isna(version)


def _label(step: Any) -> str:
    word = WORDS.get(step.call, step.call)
    if step.call == "execute":
        return str(step.answer)
    said = step.answer if step.answer in ("miss", "failed") else _version(step.version)
    return f"{word} {said}".strip()


def _version(version: Any) -> str:
    return f"v{int(version)}" if _known(version) else ""


def _colour(version: Any) -> str:
    return str(pick(COLOURS, int(version))) if _known(version) else "#777777"
