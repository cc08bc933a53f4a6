# score: 45
# Modulo, and the order of the list decides, too.
import hashlib


def point(text):
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:4], "big")


def place(keys, nodes):
    return [nodes[point(key) % len(nodes)] for key in keys]
