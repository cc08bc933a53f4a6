"""The lazy log beside a real replica: the same schedule, read by read.

The commands are drawn over every command that the engine has, so types that are added later are compared too.
More or fewer of them: REPLICA_COMMANDS=100000.
"""

import os
import random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.live.play import TimedCommand
from cachesim.units import MIB
from cachesim.validate.fidelity_replica import lazy_replies, real_replies
from tests.engines.redis.random_commands import random_command
from tests.engines.redis.unspecified import is_lexical
from tests.live.conftest import started_fleet
from tests.live.test_differential import canonical

COMMANDS = int(os.environ.get("REPLICA_COMMANDS", "26000"))
READS = 0.5  # share of the commands that go to the replica
HOME = 20  # commands between two SELECT 0
PAUSES = [0.0] * 20 + [0.001] * 8 + [0.005, 0.02, 0.05, 0.1, 0.3, 0.7]
LONG = 61.0  # seconds, once in a thousand: time-outs and keys with long TTLs

# They say something about the process or its connections, or draw at random what they remove.
ASIDE = {"CONFIG", "WAIT", "ROLE", "LATENCY", "RANDOMKEY"}
ASIDE |= {"SORT", "SORT_RO"}  # of a hash table by equal weights: in the order of its buckets
ROWS = Redis().build(ManualClock(), lambda: 0.5).commands


def schedule(seed):
    """Draw commands, with times in whole milliseconds; reads for the replica, and a write now and then."""
    draw, now = random.Random(seed), 0
    for number in range(COMMANDS):
        now += round(1000 * (LONG if draw.random() < 0.001 else draw.choice(PAUSES)))
        node = int(draw.random() < READS)
        if number % HOME == 0:  # back to the database where most keys are
            yield TimedCommand(now / 1000, node, ("SELECT", 0))
        command = next(filter(is_compared, iter(lambda: random_command(draw), None)))
        while node and is_write(command) and draw.random() < 0.98:
            command = next(filter(is_compared, iter(lambda: random_command(draw), None)))
        yield TimedCommand(now / 1000, node, command)


def is_compared(command):
    """Whether both must say the same; a range of members may depend on a server's random levels."""
    return str(command[0]).upper() not in ASIDE and not is_lexical(command)


def is_write(command):
    row = ROWS.get(str(command[0]).upper())
    return row is not None and "write" in row.flags


def differences(steps, some, others):
    """Return the steps whose replies differ, with both replies."""
    rows = ((step, text(a), text(b)) for step, a, b in zip(steps, some, others, strict=True))
    return [
        row
        for row in rows
        if canonical(row[0].command, row[1]) != canonical(row[0].command, row[2])
    ]


def text(reply):
    """Write an error as a text, which can be compared."""
    return f"error: {reply}" if isinstance(reply, Exception) else reply


@pytest.mark.parametrize(("policy", "mean"), [("noeviction", 0.05), ("allkeys-lru", 0.5)])
def test_every_reply_is_equal(policy, mean):
    """More than 10,000 reads at the replica: no difference, though it was behind at many of them."""
    steps, spec = list(schedule(seed=len(policy))), Redis(policy=policy, memory=256 * MIB)
    lazy = list(lazy_replies(steps, spec, mean))
    real, _ = started_fleet(real_replies, steps, spec, mean)
    reads = sum(step.node and not is_write(step.command) for step in steps)
    stale = differences(steps, lazy, lazy_replies(steps, spec, 0.0))

    assert [] == differences(steps, lazy, real)[:3]
    assert reads >= 0.45 * COMMANDS
    assert len(stale) >= reads / 25
