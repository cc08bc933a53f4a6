"""What a crash loses, beside a real replica that takes over: every difference is named, and nothing that is there."""

import random
from contextlib import suppress

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.errors import CommandError
from cachesim.live.groups import PrimaryAndReplicas
from cachesim.model.fleet.lost import lost_in
from cachesim.model.fleet.replica import LazyReplica
from cachesim.records import Value
from cachesim.validate.fidelity_replica import QuietEngine, lag_at, lags_of
from tests.live.conftest import started_fleet

CRASHES, MEAN = 20, 0.05  # seconds of lag
KEYS = [f"k{number}" for number in range(12)]


def schedule(seed):
    """Draw two seconds of commands of one key or two; some values are sent again. Give each with its time."""
    draw, now, last = random.Random(seed), 0.0, ("INCR", "n")
    for number in range(1, 200):
        now += round(draw.expovariate(100), 6)
        value, (one, other) = Value.stamp(number, 20), draw.sample(KEYS, 2)
        last = draw.choice([
            ("SET", one, value), ("SET", one, value, "EX", 100), ("MSET", one, value, other, value),
            ("DEL", one, other), ("UNLINK", one, other), ("RENAME", one, other), ("COPY", one, other, "REPLACE"),
            ("INCR", "n"), last,
        ])  # fmt: skip
        yield now, last


def ours(steps, crash):
    """Play them; give what is lost by our rule, and what the engine holds that nobody crashed."""
    clock = ManualClock()
    primary, engine = (QuietEngine(Redis(), clock, lambda: 0.5) for _ in range(2))
    replica = LazyReplica(primary, engine, lags_of(primary.log, MEAN))
    for at, command in steps:
        clock.advance(at - clock())
        with suppress(CommandError):  # RENAME of a key that is not there
            primary.execute(command)
    clock.advance(crash - clock())
    return lost_in(replica.promote(crash), "node-0", engine), contents(
        lambda *c: primary.execute(c)
    )


def real(steps, crash, seed):
    """Play them; crash the primary, promote the replica, and give what that holds."""
    with started_fleet(PrimaryAndReplicas, seed=seed) as pair:
        (link,), (replica,) = pair.links, pair.replicas
        link.set_lag(lambda: lag_at(pair.now, MEAN), lambda: 0.0)
        for at, command in steps:
            pair.move_to(at)
            with suppress(CommandError):
                pair.primary.call(*command)
        pair.move_to(crash)
        link.break_off()
        pair.primary.crash()
        replica.call("REPLICAOF", "NO", "ONE")
        return contents(replica.call)


def contents(call):
    return {key: call("GET", key) for key in [*KEYS, "n"]}


def test_every_difference_is_named_and_nothing_that_is_there():
    """20 crashes; each loses something."""
    for seed in range(1, CRASHES + 1):
        steps = [*schedule(seed)]
        crash = steps[-1][0] + 1e-6
        lost, whole = ours(steps, crash)
        left = real(steps, crash, seed)
        differ = {key for key in whole if whole[key] != left[key]}
        there = [each for each in lost if each.write is not None and left[each.key] is not None
                 and each.write == Value(left[each.key]).write]  # fmt: skip

        assert differ
        assert differ <= {each.key for each in lost}
        assert [] == there


def test_a_deletion_is_named_where_the_key_is_still_there():
    """DEL of two keys, of which the replica has one."""
    steps = [(0.0, ("SET", "k1", "1")), (1.0, ("SET", "k2", "2")), (1.0, ("DEL", "k1", "k2"))]
    lost, _ = ours(steps, 1.0)
    left = real(steps, 1.0, 1)

    assert [("k2", None), ("k1", None)] == [(each.key, each.write) for each in lost]
    assert (b"1", None) == (left["k1"], left["k2"])
