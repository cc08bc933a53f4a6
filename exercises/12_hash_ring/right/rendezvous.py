# Highest random weight: no ring at all.
import hashlib


def point(text):
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:4], "big")


def place(keys, nodes):
    return [max(nodes, key=lambda node: (point(f"{node} {key}"), node)) for key in keys]
