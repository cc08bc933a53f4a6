# score: 50
# The hash modulo the number of nodes: nearly every key moves.
import hashlib


def point(text):
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:4], "big")


def place(keys, nodes):
    return [sorted(nodes)[point(key) % len(nodes)] for key in keys]
