"""Lists that are made at once: their nodes, and so MEMORY USAGE, are those of a real server."""

from random import Random

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.units import MIB

KEYS = ("a", "b", "c", "d")
SIDES = ("LEFT", "RIGHT")
LENGTHS = (1, 3, 30, 63, 64, 128, 1000, 3000, 9000)


def element(r):
    """Return a number, or a text of a length at which a listpack changes its form."""
    number = r.randint(-(10 ** r.randint(1, 18)), 10 ** r.randint(1, 18))
    return str(number) if r.random() < 0.5 else "x" * r.choice(LENGTHS)


MADE = {  # what makes a list, or another list of it; another fill decides about the next nodes
    "CONFIG": lambda r: [
        ("CONFIG", "SET", "list-max-listpack-size", r.choice((-1, -3, 1, 3, 128)))
    ],
    "COPY": lambda r: [("COPY", *r.sample(KEYS, 2), "REPLACE")],
    "DUMP": lambda r: [("DUMP", *r.sample(KEYS, 2))],
    "LINSERT": lambda r: [("LINSERT", r.choice(KEYS), "BEFORE", "x", element(r))],
    "LMOVE": lambda r: [("LMOVE", *r.choices(KEYS, k=2), *r.choices(SIDES, k=2))] * 5,
    "LTRIM": lambda r: [("LTRIM", r.choice(KEYS), 0, 30)],
    "RPUSH": lambda r: [("RPUSH", r.choice(KEYS), "x", *(element(r) for _ in range(20)))],
    "SORT": lambda r: [("SORT", r.choice(KEYS), "ALPHA", "STORE", r.choice(KEYS))],
}


def run(server, command):
    """Run a command; DUMP gives its value to another key at once."""
    if command[0] != "DUMP":
        return server.execute(command)
    payload = server.execute(command[:2])
    return payload and server.execute(("RESTORE", command[2], 0, payload, "REPLACE"))


@pytest.mark.parametrize("seed", [1, 2])
def test_made_at_once_or_by_pushes(redis, clock, seed):
    """SORT STORE has nodes of its own size; RESTORE and COPY keep the nodes that there were."""
    r = Random(seed)
    ours = Redis(memory=256 * MIB).build(clock, r.random)
    for _ in range(400):
        for command in MADE[r.choice(sorted(MADE))](r):
            assert run(redis, command) == run(ours, command), command[:3]
        for key in KEYS:
            asked = ("MEMORY", "USAGE", key)
            assert redis.execute(asked) == ours.execute(asked), (command[:3], key)


def test_a_file_of_a_real_server_keeps_its_nodes(redis, clock):
    """Its RESTORE payload, made with small nodes, has them at ours as well; and ours has them there."""
    ours = Redis(memory=256 * MIB).build(clock, Random(1).random)
    for server in (redis, ours):
        server.execute(("CONFIG", "SET", "list-max-listpack-size", 3))
        server.execute(("RPUSH", "a", *range(100)))
        server.execute(("CONFIG", "SET", "list-max-listpack-size", -2))
    ours.execute(("RESTORE", "b", 0, redis.execute(("DUMP", "a"))))
    redis.execute(("RESTORE", "b", 0, ours.execute(("DUMP", "a"))))

    sizes = [each.execute(("MEMORY", "USAGE", key)) for each in (redis, ours) for key in "ab"]
    assert 1 == len({*sizes})
