"""The lazy log beside a real replica: one schedule on both, and every reply."""

import math
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, repeat
from operator import itemgetter
from typing import Any

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.replication_log import ReplicationLog
from cachesim.errors import CommandError, OutOfMemory
from cachesim.live.groups import PrimaryAndReplicas
from cachesim.live.play import TimedCommand, play
from cachesim.model.fleet.lost import lost_in
from cachesim.model.fleet.replica import LazyReplica
from cachesim.rng import stream, uniform

QUIET = {
    "repl-ping-replica-period": 1_000_000,  # a PING would have a lag of its own
    "repl-timeout": 2_000_000,  # and without a PING the link ends after a minute
}


def lag_at(when: float, mean: float) -> float:
    """Give the lag of what is sent at a time: exponential, in seconds, and equal on both sides.

    >>> lag_at(1.0, 0.5) > lag_at(1.0, 0.1) > 0
    True
    """
    share = (zlib.crc32(b"%d" % round(when * 1e6)) + 0.5) / 2**32
    return -mean * math.log(share)


def lags_of(log: ReplicationLog, mean: float) -> Iterator[float]:
    """Give the lag of each instant of a log in turn, as the link to a real replica has it here."""
    drawn = -math.inf
    while True:  # it is asked when there is a later entry
        at = bisect_right(log.held, drawn, key=itemgetter(0))
        drawn = log.held[at][0]
        yield lag_at(drawn, mean)


class QuietEngine(ReplicatedEngine):
    """A primary that sends no PING."""

    def ping(self) -> None:
        """Do nothing."""


def _nodes(spec: Redis, clock: ManualClock) -> list[QuietEngine]:
    """Make a primary, and the engine of its replica."""
    return [QuietEngine(spec, clock, uniform(1, name)) for name in ("primary", "replica")]


def lazy_replies(steps: Iterable[TimedCommand], spec: Redis, mean: float) -> Iterator[Any]:
    """Play a schedule on the embedded primary (node 0) and its lazy replica; an error is a value.

    Parameters
    ----------
    steps : iterable of TimedCommand
        In the order of time.
    spec : Redis
        Of both nodes.
    mean : float
        The mean lag of the link, in seconds.
    """
    clock = ManualClock()
    primary, engine = _nodes(spec, clock)
    replica = LazyReplica(primary, engine, lags_of(primary.log, mean))
    for step in steps:
        clock.advance(step.at - clock())
        if step.node:
            replica.catch_up(clock())
        try:
            yield (engine if step.node else primary).execute(step.command)
        except (CommandError, OutOfMemory) as error:
            yield error


def real_replies(steps: Iterable[TimedCommand], spec: Redis, mean: float) -> tuple[list[Any], str]:
    """Play a schedule on real servers, as `lazy_replies` does. Give the replies and the version."""
    settings = {**QUIET, "maxmemory": spec.memory, "maxmemory-policy": spec.policy}
    with PrimaryAndReplicas(settings=settings) as pair:
        pair.links[0].set_lag(lambda: lag_at(pair.now, mean), lambda: 0.0)
        return play(pair, steps), pair.primary.version


def drawn_schedule(count: int, seed: int) -> list[TimedCommand]:
    """Draw `count` commands on 40 keys: at the primary SET, with and without a TTL, and DEL; at the replica GET."""
    draw, now = stream(seed, "schedule"), 0
    steps = []
    for number in range(count):
        now += int(draw.exponential(2.5)) + 1  # milliseconds
        key = f"k{int(40 * draw.random() ** 2)}"
        kind = draw.random()
        lasts = ("PX", int(draw.integers(20, 900))) if kind < 0.12 else ()
        write = ("DEL", key) if kind > 0.26 else ("SET", key, b"%d" % number, *lasts)
        is_read = kind >= 0.3
        steps.append(TimedCommand(now / 1000, int(is_read), ("GET", key) if is_read else write))
    return steps


def seconds_until_bad(at: float, max_lag: int) -> float:
    """Cut the lazy replica off at a time. Give the seconds until its primary refuses writes: it looks once per second.

    >>> round(seconds_until_bad(2.05, 3), 2)
    3.95
    """
    clock = ManualClock()
    primary, engine = _nodes(Redis(), clock)
    replica = LazyReplica(primary, engine, repeat(0.0))
    clock.advance(at)
    replica.cut(at)
    for second in count(math.floor(at) + 1):
        clock.advance(second - clock())
        if not replica.is_good(second, max_lag):
            return second - at
    raise AssertionError("never reached")


def lost_by_ours(moments: Sequence[float], mean: float) -> int:
    """Write at these moments, crash the primary at the last of them. Count the writes that are lost."""
    clock = ManualClock()
    primary, engine = _nodes(Redis(), clock)
    replica = LazyReplica(primary, engine, lags_of(primary.log, mean))
    *writes, crash = moments
    for number, at in enumerate(writes):
        clock.advance(at - clock())
        primary.set(f"k{number}", b"1")
    clock.advance(crash - clock())
    return len(lost_in(replica.promote(crash), "primary", engine))


def lost_by_real(moments: Sequence[float], mean: float, seed: int) -> tuple[int, str]:
    """Do the same to a real primary, whose replica then becomes the primary. Give the version too.

    The machine dies with its network card: what is under way is lost.
    """
    *writes, crash = moments
    with PrimaryAndReplicas(seed=seed) as pair:
        (link,), (replica,) = pair.links, pair.replicas
        link.set_lag(lambda: lag_at(pair.now, mean), lambda: 0.0)
        for number, at in enumerate(writes):
            pair.move_to(at)
            pair.primary.call("SET", f"k{number}", 1)
        pair.move_to(crash)
        link.break_off()
        pair.primary.crash()
        replica.call("REPLICAOF", "NO", "ONE")
        return len(writes) - replica.call("DBSIZE"), replica.version
