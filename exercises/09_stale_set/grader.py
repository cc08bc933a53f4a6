"""What the hidden tests of exercise 9 use; it never leaves the teacher."""

import random

import cachesim as cs
from cachesim.grading.causes import because  # noqa: F401
from cachesim.grading.histories import first_empty, first_lost, first_stale, hits
from cachesim.grading.scripts import quiet, quiet_again  # noqa: F401

SHARED = "This was the third run in one process: what belongs to a run must be in app.shared, not in a global variable or in the class"


def plain(lab):
    """Return the requests of the same run with plain lazy loading that invalidates."""
    return lab.once("plain", lambda: world(cs.LazyLoading(invalidate=True), lab.params))


def judged_run(rows):
    """Return the first requests of a run as plain data, and the places of the stale sets."""
    requests = [
        {
            "op": row["op"],
            "key": row["key"],
            "begin": row["begin"],
            "end": row["end"],
            "version": int(row["version"]),
            **({"missed": row["lookup"] != "hit"} if row["op"] == "read" else {}),
        }
        for row in rows.head(1500).to_dict("records")
    ]
    return requests, found_by_us(requests)


def found_by_us(requests):
    """Return the places of the reads that stored an outdated copy."""
    newest, found = {}, []
    order = sorted(range(len(requests)), key=lambda place: requests[place]["end"])
    for place in order:
        request = requests[place]
        if request["op"] == "write":
            newest[request["key"]] = max(request["version"], newest.get(request["key"], 0))
        elif request["missed"] and newest.get(request["key"], 0) > request["version"]:
            found.append(place)
    return sorted(found)


def script(lab):
    """Return random requests, one at a time."""
    draw = random.Random(lab.seed)
    ops = ["read", "read", "write"]
    return [(draw.uniform(1, 2), draw.choice(ops), draw.choice("abc")) for _ in range(40)]


def check_again(seen, steps):
    """Check what holds for every right design, one request at a time. Raises AssertionError."""
    usual = quiet(cs.LazyLoading(invalidate=True), steps)
    assert len(seen) == len(usual), f"{len(usual) - len(seen)} requests were never answered"
    assert not (wrong := first_empty(seen) or first_lost(seen) or first_stale(seen)), wrong
    assert hits(seen) >= hits(usual), f"{hits(seen):.0%} of the reads hit; right: {hits(usual):.0%}"
