"""Primary and replica hold equal data, whatever commands come."""

from contextlib import suppress
from random import Random

import pytest

from cachesim.engines.base import EXPIRED
from cachesim.errors import CommandError, OutOfMemory
from cachesim.units import KIB
from tests.engines.redis.random_commands import random_command
from tests.engines.redis.replicas import content, pair, replay


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "volatile-ttl", "noeviction"])
def test_primary_and_replica_hold_equal_data(policy):
    """After every write command that the engine has, with TTLs, eviction and all databases."""
    clock, primary, replica = pair(policy=policy, memory=80 * KIB)
    random = Random(policy)
    for step in range(6000):
        clock.advance(random.random() / 10)
        command = random_command(random)
        if fails_on_a_new_key(command):
            continue
        with suppress(CommandError, OutOfMemory):
            primary.execute(command)
            if random.random() < 0.05:
                primary.set(f"fill{step}", b"x" * random.randrange(2000))
        if random.random() < 0.2:
            replay(primary, replica)
            assert content(replica) == content(primary), command
    assert {EXPIRED, ""} <= {entry.why for entry in primary.log.entries}
    assert bool(primary.evictions) == (policy != "noeviction")
    assert not replica.tally.failed


def fails_on_a_new_key(command):
    """Whether this is BITFIELD ... OVERFLOW FAIL.

    If it fails on an absent key, the server makes the key and tells its replicas nothing; so do we.
    """
    return command[0].upper() == "BITFIELD" and "FAIL" in command


def test_a_bitfield_that_fails_makes_a_key_that_replicas_lack():
    """As the server does (redis 7: bitops.c)."""
    _, primary, replica = pair()
    primary.execute(("BITFIELD", "b", "OVERFLOW", "FAIL", "INCRBY", "u8", 0, 256))
    replay(primary, replica)

    assert (len(primary), len(replica), len(primary.log)) == (1, 0, 0)
