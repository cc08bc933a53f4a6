"""Random arguments for RESTORE: values of every type as bytes, whole or damaged."""

from random import Random

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from tests.engines.redis.random_arguments import integer, key, some, time

VALUES = [
    ("SET", "a", "text"), ("SET", "a", 12345), ("HSET", "a", "f", "v", "g", 1), ("RPUSH", "a", "x", 1, "y" * 70),
    ("SADD", "a", 1, 2, 3), ("SADD", "a", "x", "y"), ("ZADD", "a", 1.5, "x", 2, "y"),
]  # fmt: skip


STREAM = [  # with a deleted entry, and two groups
    ("XADD", "a", "1-1", "f", "x", "g", 7), ("XADD", "a", "1-2", "h", "y"), ("XADD", "a", "3-0", "f", 1, "g", 2),
    ("XDEL", "a", "1-2"), ("XGROUP", "CREATE", "a", "g", 0), ("XGROUP", "CREATE", "a", "gr", "$"),
    ("XREADGROUP", "GROUP", "g", "gr", "STREAMS", "a", ">"), ("XCLAIM", "a", "g", "ann", 0, "1-1"),
]  # fmt: skip


def dumped(*commands):
    """Return the value of a key that these commands make, as DUMP gives it."""
    engine = Redis().build(ManualClock(), lambda: 0.5)
    for command in commands:
        engine.execute(command)
    return engine.execute(("DUMP", "a"))


PAYLOADS = [*map(dumped, VALUES), dumped(*STREAM), dumped(*STREAM)]


def restore(r: Random) -> list:
    """Return arguments of RESTORE."""
    payload = r.choice(PAYLOADS)
    if r.random() < 0.1:
        payload = r.choice([payload[:-1], b"", payload[:3] + b"!" + payload[4:]])
    replace = ["REPLACE"] if r.random() < 0.8 else []
    options = (
        ["IDLETIME", integer(r)],
        ["FREQ", r.choice([0, 5, 255, 256, -1])],
        ["foo"],
        ["idletime"],
    )
    if r.random() < 0.2:
        return [key(r), time(r, "PXAT"), payload, "ABSTTL", *replace]
    return [key(r), r.choice([0, 0, 1, 60_000, -1, "x"]), payload, *replace, *some(r, *options)]


MAKERS = {"RESTORE": restore}
OFTEN: list[str] = []
