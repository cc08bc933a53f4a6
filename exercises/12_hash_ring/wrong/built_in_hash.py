# score: 80
# Python's own hash: another process finds other points.
import bisect


def point(text):
    return hash(text) % 2**32


def place(keys, nodes):
    ring = sorted((point(f"{node}-{number}"), node) for node in nodes for number in range(160))
    places = [where for where, _ in ring]
    return [ring[bisect.bisect_left(places, point(key)) % len(ring)][1] for key in keys]
