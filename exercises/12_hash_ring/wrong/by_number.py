# score: 75
# The points belong to the place in the list: if a node leaves, all behind it get other points.
import bisect
import hashlib


def point(text):
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:4], "big")


def place(keys, nodes):
    ring = sorted(
        (point(f"node {place}-{number}"), place)
        for place in range(len(nodes))
        for number in range(160)
    )
    places = [where for where, _ in ring]
    return [nodes[ring[bisect.bisect_left(places, point(key)) % len(ring)][1]] for key in keys]
