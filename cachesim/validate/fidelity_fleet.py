"""Real Redis fleets on simulated time beside theory or our model: one row per figure."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cachesim.engines.redis.engine import Redis
from cachesim.experiments.parallel import in_parallel
from cachesim.live.groups import FailoverTimes, PrimaryAndReplicas, RedisCluster, failover, until
from cachesim.live.splits import split_brain, writes
from cachesim.model.fleet.gossip import Gossip, failover_times
from cachesim.rng import uniform
from cachesim.theory import replica_stale_ratio
from cachesim.validate.fidelity_replica import (
    drawn_schedule,
    lazy_replies,
    lost_by_ours,
    lost_by_real,
    real_replies,
    seconds_until_bad,
)
from cachesim.validate.fidelity_runs import emptied, promoted, refused

RUNS = 20  # failovers per time-out
CRASHES = 20
DRAWS = 1000  # predicted failovers per time-out
READS = 1500
STEPS = 15_000  # commands of a schedule, 7 of 10 are reads
BACKLOG = 16_384  # bytes
BLOCK = 16_384  # bytes that the backlog forgets at once (redis 7.0: PROTO_REPLY_CHUNK_BYTES)
VALUE = 1000  # bytes of a value that a replica missed
STEP = 0.1  # seconds between two looks
PHASES = [tenth / 10 + 0.05 for tenth in range(10)]  # of a second
INSTANT = 1e-9  # seconds: equal up to rounding


class FleetRow(NamedTuple):
    """One figure: what theory or our model says, what real servers did, and how far apart the two may be."""

    what: str
    expected: float
    real: float
    allowed: float  # of the same unit as the figures
    version: str  # of the server

    @property
    def is_within(self) -> bool:
        """Whether the two are as near as they have to be."""
        return abs(self.expected - self.real) <= self.allowed


def fidelity_fleet(*, n_jobs: int = -1, progress: Any = None) -> Iterator[FleetRow]:
    """Measure the real fleets; yield one FleetRow per figure.

    Raises
    ------
    BadInput
        redis-server or the compiler is missing.
    """
    found: Iterable[list[FleetRow]] = in_parallel(_measured, MEASURES, n_jobs)
    for rows in progress(found, len(MEASURES)) if progress else found:
        yield from rows


def _measured(measure: tuple[Callable[..., list[FleetRow]], tuple[float, ...]]) -> list[FleetRow]:
    function, arguments = measure
    return function(*arguments)


def stale_reads(lag: float, writes: float) -> list[FleetRow]:
    """One key, `writes` per second, and a link of constant lag: how many reads at the replica are stale."""
    draw, stale = uniform(7, "fleet"), 0
    with PrimaryAndReplicas(lag=lambda: lag) as pair:
        versions = itertools.count()
        pair.primary.call("SET", "k", last := next(versions))
        pair.move(lag + 1)
        for _ in range(READS):
            end = pair.now + lag + 0.001  # so each read looks at writes of its own
            while (when := pair.now - math.log(1 - draw()) / writes) < end:
                pair.move_to(when)
                pair.primary.call("SET", "k", last := next(versions))
            pair.move_to(end)
            stale += int(pair.replicas[0].call("GET", "k")) != last
        expected = replica_stale_ratio(writes, lag)
        allowed = 3 * math.sqrt(expected * (1 - expected) / READS)
        what = f"stale reads at a replica, lag {lag:g} s, {writes:g} writes/s"
        return [FleetRow(what, expected, stale / READS, allowed, pair.primary.version)]


def round_trip(lag: float, replicas: int) -> list[FleetRow]:
    """WAIT for all replicas: how long it takes, in steps of a millisecond."""
    with PrimaryAndReplicas(int(replicas), lag=lambda: lag) as fleet:
        fleet.primary.call("SET", "k", 1)
        began = fleet.now
        fleet.primary.ask("WAIT", int(replicas), 0)
        while not fleet.primary.has_answered():
            fleet.move(0.001)
        what = f"seconds of WAIT {replicas:g}, lag {lag:g} s"
        return [FleetRow(what, 2 * lag, fleet.now - began, INSTANT, fleet.primary.version)]


def cut_off(patience: float) -> list[FleetRow]:
    """min-replicas-to-write 1: seconds from the cut of the link to the first NOREPLICAS."""
    settings = {"min-replicas-to-write": 1, "min-replicas-max-lag": int(patience)}
    took, ours, lazy = list[float](), list[float](), list[float]()
    with PrimaryAndReplicas(settings=settings) as pair:
        for phase in PHASES:
            pair.move_to(math.ceil(pair.now) + 2 + phase)
            ours.append(refused(int(patience), seed=len(ours)))
            lazy.append(seconds_until_bad(pair.now, int(patience)))
            pair.links[0].cut()
            took.append(_seconds_of_writes(pair, pair.primary, "k"))
            pair.links[0].heal()
        what, version = f"seconds to NOREPLICAS, max-lag {patience:g} s", pair.primary.version
        apart = max(abs(a - b) for a, b in zip(lazy, took, strict=True))
        return [
            FleetRow(f"{what}, mean of {len(took)}", statistics.mean(ours), statistics.mean(took), 1.0, version),
            FleetRow(f"{what}, the largest difference from the lazy log", 0.0, apart,
                     STEP / 2 + INSTANT, version),
        ]  # fmt: skip


def rebooted(down: float) -> list[FleetRow]:
    """Reboot a primary without persistence; a replica asks for its primary once per second, here 0.1 s later."""
    with PrimaryAndReplicas() as pair:
        pair.primary.call("SET", "a", 1)
        pair.move_to(2.0)
        pair.primary.crash()
        pair.move_to(back := 2.0 + down)
        pair.restart(pair.primary)
        while pair.replicas[0].call("DBSIZE"):
            pair.move(STEP)
        what = f"seconds until the replica of a rebooted primary is empty, after {down:g} s"
        return [FleetRow(what, emptied(down), pair.now - back, 0.2, pair.primary.version)]


def _seconds_of_writes(fleet: Any, node: Any, key: str) -> float:
    """Write every 100 ms until a write is refused; give the seconds until then."""
    began = fleet.now
    while writes(node, key):
        fleet.move(STEP)
    return float(fleet.now - began)


def longest_partial(backlog: float) -> list[FleetRow]:
    """Find how many writes of 1,000 bytes a replica may miss without a full copy."""
    with PrimaryAndReplicas(settings={"repl-backlog-size": int(backlog)}) as pair:
        before = 0
        for _ in range(2):  # SELECT goes with the first write only
            before, _ = _offset(pair), pair.primary.call("SET", "k", b"y" * VALUE)
        size = _offset(pair) - before
        missed = next(count for count in itertools.count(1) if not _is_partial(pair, count)) - 1
        what = f"writes of {size} bytes that a backlog of {backlog:g} bytes sends again"
        least, block = int(backlog) // size, BLOCK / size
        return [FleetRow(what, least + block / 2, missed, block / 2, pair.primary.version)]


def _offset(pair: PrimaryAndReplicas) -> int:
    return int(pair.primary.info()["master_repl_offset"])


def _is_partial(pair: PrimaryAndReplicas, count: int) -> bool:
    """Whether the link comes back with a partial resync after so many missed writes."""
    before = int(pair.primary.info("stats")["sync_full"])
    pair.links[0].break_off()
    pair.settle()
    for _ in range(count):
        pair.primary.call("SET", "k", b"y" * VALUE)
    pair.links[0].heal()
    pair.move(3)
    return int(pair.primary.info("stats")["sync_full"]) == before


def failovers(node_timeout: float) -> list[FleetRow]:
    """3 primaries and 3 replicas, of which a primary crashes: the medians of three moments."""
    return beside_ours(node_timeout, failover_runs(node_timeout))


def failover_runs(node_timeout: float) -> list[FailoverTimes]:
    """Run the failovers of one node time-out."""
    return [failover(node_timeout, seed) for seed in range(1, RUNS + 1)]


def beside_ours(node_timeout: float, runs: list[FailoverTimes]) -> list[FleetRow]:
    """Compare failovers with runs of the model; the model tells the promotion, its rules of gossip the rest."""
    draw = uniform(1, f"gossip {node_timeout:g}")
    suspected, failed, _ = zip(
        *[failover_times(node_timeout, 3, 1, draw) for _ in range(DRAWS)], strict=True
    )
    ours = [promoted(node_timeout, seed) for seed in range(1, len(runs) + 1)]
    moments: dict[str, tuple[Sequence[float], list[float]]] = {
        "PFAIL": (suspected, [run.suspected for run in runs]),
        "FAIL": (failed, [run.failed for run in runs]),
        "promoted": (ours, [run.promoted for run in runs]),
    }
    after = f"seconds after a crash, node time-out {node_timeout:g} s, median of {len(runs)}"
    return [
        FleetRow(
            f"{name}: {after}",
            statistics.median(one),
            statistics.median(other),
            1.0,
            runs[0].version,
        )
        for name, (one, other) in moments.items()
    ]


def minority(node_timeout: float) -> list[FleetRow]:
    """Cut a primary off, with its clients: how long it takes writes, and what is left of them."""
    runs = [split_brain(node_timeout, seed) for seed in range(1, RUNS + 1)]
    draw = uniform(1, f"isolation {node_timeout:g}")
    drawn = [Gossip(node_timeout, 3, 1, draw).isolation() for _ in range(DRAWS)]
    alone = f"a primary alone, node time-out {node_timeout:g} s"
    version = runs[0].version
    return [
        FleetRow(
            f"seconds until CLUSTERDOWN at {alone}, median of {RUNS}",
            statistics.median(drawn),
            statistics.median(run.refused for run in runs),
            max(1.0, node_timeout / 10),
            version,
        ),
        FleetRow(
            f"writes of {alone}, that are gone after healing, all of {RUNS} runs",
            sum(run.taken for run in runs),
            sum(run.taken - run.kept for run in runs),
            0.0,
            version,
        ),
    ]


def rest(node_timeout: float) -> list[FleetRow]:
    """Cut a primary off with its replica, so that nobody replaces it: when it serves again after healing."""
    with RedisCluster(node_timeout=node_timeout) as cluster:
        alone, key = cluster.nodes[0], cluster.key_of(0)
        inside = [alone, cluster.nodes[cluster.shards]]
        cluster.partition(inside, [node for node in cluster.nodes if node not in inside])
        cluster.move(3 * node_timeout)  # the message that it failed is no longer under way
        cluster.heal()
        began = cluster.now
        until(cluster, lambda: writes(alone, key), limit=began + 60)
        what = f"seconds that a primary rests after healing, node time-out {node_timeout:g} s"
        expected = min(max(node_timeout, 0.5), 5.0)
        return [FleetRow(what, expected, cluster.now - began, 3 * STEP, alone.version)]


def read_by_read(mean: float) -> list[FleetRow]:
    """Play one schedule on a real replica and on the lazy log: how many reads differ."""
    steps = drawn_schedule(STEPS, seed=1)
    real, version = real_replies(steps, Redis(), mean)
    rows = zip(steps, lazy_replies(steps, Redis(), mean), real, strict=True)
    reads = [(ours, theirs) for step, ours, theirs in rows if step.node]
    different = sum(ours != theirs for ours, theirs in reads)
    what = f"of {len(reads):,} reads, those that differ from the lazy log, mean lag {mean:g} s"
    return [FleetRow(what, 0.0, different, 0.0, version)]


def lost_writes(rate: float, mean: float) -> list[FleetRow]:
    """Crash a primary while it takes `rate` writes per second: how many are lost, ours and real."""
    ours, real, version = [], [], ""
    for seed in range(1, CRASHES + 1):
        draw, now, moments = uniform(seed, "crash"), 0.0, list[float]()
        while now < 1 + seed / CRASHES:
            now += math.ceil(-math.log(1 - draw()) / rate * 1e6) / 1e6  # whole microseconds
            moments.append(now)
        ours.append(lost_by_ours(moments, mean))
        count, version = lost_by_real(moments, mean, seed)
        real.append(count)
    what = f"lost writes, {rate:g} writes/s, mean lag {mean:g} s, mean of {CRASHES} crashes"
    return [
        FleetRow(what, statistics.mean(ours), statistics.mean(real), INSTANT, version),
        FleetRow(
            "crashes with another number of lost writes", 0.0, _unequal(ours, real), 0.0, version
        ),
    ]


def _unequal(some: Iterable[Any], others: Iterable[Any]) -> int:
    return sum(one != other for one, other in zip(some, others, strict=True))


MEASURES: list[tuple[Callable[..., list[FleetRow]], tuple[float, ...]]] = [
    *[(failovers, (node_timeout,)) for node_timeout in (15, 9, 5, 2)],  # the longest first
    *[(stale_reads, case) for case in ((0.02, 5), (0.1, 5), (0.5, 2))],
    *[(cut_off, (patience,)) for patience in (3, 10)],
    (rebooted, (0.9,)),
    *[(round_trip, case) for case in ((0.02, 1), (0.02, 2))],
    *[(read_by_read, (mean,)) for mean in (0.02, 0.3)],
    (lost_writes, (200, 0.05)),
    (longest_partial, (BACKLOG,)),
    *[(minority, (node_timeout,)) for node_timeout in (5, 15)],
    *[(rest, (node_timeout,)) for node_timeout in (2, 15)],
]
