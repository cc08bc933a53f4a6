"""How to ask any server for the whole value of a key, by its type, in a form that can be compared."""

from cachesim.engines.redis.rdb import dumps
from cachesim.engines.redis.stream_value import EntryStream

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
    if isinstance(value, EntryStream):
        return of_stream(value)
    # reading moves a table to its new place, step by step; a replica is not read
    size = value.size if getattr(value, "table", None) is None else None
    return value.type, value.encoding, size, dumps()[type(value)][1](value)


def of_stream(value):
    """Give what a primary tells its replicas of a stream: not when a consumer asked, nor what it read again."""
    groups = {} if value.groups is None else dict(value.groups.items())
    nodes = [(id, list(node.elements())) for id, node in value.nodes.items()]
    facts = len(value), value.first, value.last, value.last_deleted, value.added
    pending = {
        name: {id: each.consumer.name for id, each in group.pending.items()}
        for name, group in groups.items()
    }
    return nodes, facts, pending, {name: group.last for name, group in groups.items()}
