"""How to ask any server for the whole value of a key, by its type, in a form that can be compared."""

from cachesim.engines.redis.rdb import dumps

QUESTIONS = {  # type -> the command, with what follows the key
    "string": ("GET",),
    "hash": ("HGETALL",),
    "list": ("LRANGE", 0, -1),
    "set": ("SMEMBERS",),
    "zset": ("ZRANGE", 0, -1, "WITHSCORES"),
    "stream": ("XRANGE", "-", "+"),
}


def value_of(ask, kind, key):
    """Ask for a value; what has no order comes sorted, and pairs come as a dict."""
    name, *rest = QUESTIONS[kind]
    told = ask(name, key, *rest)
    if kind == "hash":
        return as_pairs(told)
    if kind == "zset":
        return [(member, float(score)) for member, score in as_pairs(told).items()]
    return sorted(told) if kind == "set" else told


def as_pairs(told):
    """Make a dict of the reply of HGETALL or ZRANGE: it may be one, or a list, flat or of pairs."""
    flat = told if isinstance(told, list) else [part for pair in told.items() for part in pair]
    flat = [part for pair in flat for part in pair] if flat and isinstance(flat[0], list) else flat
    return dict(zip(flat[::2], flat[1::2], strict=True))


def shown(value):
    """Give a value of an engine in a form that can be compared: what an RDB file has of it."""
    if isinstance(value, bytes):
        return value
    return value.type, value.encoding, value.size, dumps()[type(value)][1](value)
