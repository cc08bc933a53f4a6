"""What the hidden tests of exercise 9 use; it never leaves the teacher."""

import cachesim as cs
from cachesim.grading.histories import of, told


def right(params):
    """Return the requests of the same run with plain lazy loading that invalidates."""
    return world(cs.LazyLoading(invalidate=True), params)


def judged_run(params):
    """Return the requests of that run as plain data, and the places of the stale sets."""
    rows = right(params)
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


def longest_stale(history, longest):
    """Say which read returned a version that had been outdated for longer than that; None if none did."""
    writes = of(history, "write")
    reads = of(history, "read")
    late = reads[reads["version"].fillna(-1) < reads["acknowledged"]]
    for row in late.to_dict("records"):
        newer = writes[(writes["key"] == row["key"]) & (writes["version"] > row["version"])]
        since = newer["end"].min()
        if row["begin"] - since > longest:
            return (
                f"{told(row)} returned version {row['version']}, {row['begin'] - since:.2f} s after a newer "
                f"one had been acknowledged (at t={since:.3f} s)"
            )
    return None
