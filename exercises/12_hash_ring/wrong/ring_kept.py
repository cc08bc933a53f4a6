# score: 35
# Builds the ring once, in a global variable: a node that joins later gets nothing.
import bisect
import hashlib


def point(text):
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:4], "big")


ring = []


def place(keys, nodes):
    if not ring:
        ring.extend(
            sorted((point(f"{node}-{number}"), node) for node in nodes for number in range(160))
        )
    places = [where for where, _ in ring]
    return [ring[bisect.bisect_left(places, point(key)) % len(ring)][1] for key in keys]
