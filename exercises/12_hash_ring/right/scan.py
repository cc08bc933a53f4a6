# The distance to every point, round the ring; the smallest wins.
import hashlib


def point(text):
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:4], "big")


def place(keys, nodes):
    ring = [(point(f"{node}#{number}"), node) for node in nodes for number in range(100)]
    return [min(((where - at) % 2**32, node) for where, node in ring)[1] for at in map(point, keys)]
