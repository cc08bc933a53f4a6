# score: 20
# Forgets that the ring is closed: a key behind the last point has no node.
import bisect
import hashlib


def point(text):
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:4], "big")


def place(keys, nodes):
    ring = sorted((point(f"{node}-{number}"), node) for node in nodes for number in range(160))
    places = [where for where, _ in ring]
    return [ring[bisect.bisect_left(places, point(key))][1] for key in keys]
