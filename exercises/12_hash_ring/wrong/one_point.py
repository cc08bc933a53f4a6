# score: 55
# One point per node: some gaps are much longer than others.
import bisect
import hashlib


def point(text):
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:4], "big")


def place(keys, nodes):
    ring = sorted((point(node), node) for node in nodes)
    places = [where for where, _ in ring]
    return [ring[bisect.bisect_left(places, point(key)) % len(ring)][1] for key in keys]
