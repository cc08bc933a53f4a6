"""What many nodes do: uneven shares, cold nodes, read scaling, storms of connections, full copies of a shard.

Rates are per second, times in seconds, probabilities and shares between 0 and 1.
"""

import functools
import math

import numpy as np

from cachesim.theory.queues import mg1_wait

Array = np.ndarray


@functools.cache
def expected_highest(count: int) -> float:
    """Give the mean of the highest of `count` standard normal draws.

    >>> round(expected_highest(10), 2)
    1.54
    """
    at = np.linspace(-8, 8, 4001)
    below = np.array([0.5 * (1 + math.erf(x / math.sqrt(2))) for x in at]) ** count
    return float(np.trapezoid(np.where(at > 0, 1 - below, -below), at))


def ring_imbalance(nodes: int, points: int) -> tuple[float, float]:
    """Give the coefficient of variation of a node's share of a ring, and the mean of the largest share over 1/nodes.

    `points` random points stand on the ring for each node.

    >>> [round(figure, 3) for figure in ring_imbalance(10, 160)]
    [0.075, 1.115]
    """
    variation = math.sqrt((nodes - 1) / (nodes * points + 1))
    return variation, 1 + expected_highest(nodes) * variation


def hottest_shard(probabilities: Array, shards: int) -> float:
    """Give the mean share of the requests that the busiest shard gets, when keys are placed at random.

    >>> from cachesim.theory.hits import zipf
    >>> [round(hottest_shard(zipf(100_000, skew), 10), 2) for skew in (0.0, 0.8, 0.99, 1.2)]
    [0.1, 0.12, 0.17, 0.28]
    """
    p = np.asarray(probabilities, dtype=float)
    return busiest_share(float(p.max()), float((p**2).sum()), shards)


def busiest_share(top: float, squares: float, shards: int) -> float:
    """Give the mean share of the busiest of `shards`, if keys are placed at random.

    Either the most popular key and its part of the rest, or what chance adds to an even share.

    Parameters
    ----------
    top : float
        Share of the most popular key.
    squares : float
        Sum of the squared shares of all keys.

    >>> round(busiest_share(1e-5, 1e-5, 10), 4)
    0.1015
    """
    deviation = math.sqrt((1 / shards - 1 / shards**2) * squares)
    return max(top + (1 - top) / shards, 1 / shards + expected_highest(shards) * deviation)


def sharded_wait(rate: float, service: float, shares: Array) -> float:
    """Give the mean wait of a request in seconds, if each shard is a queue of its own with one worker (M/D/1).

    Parameters
    ----------
    rate : float
        Requests per second, all shards together; they arrive at random moments.
    service : float
        Seconds of work of each request.
    shares : array
        Of the requests, one per shard; a shard that is asked for more than it can do raises BadInput.

    >>> round(sharded_wait(1.5, 1.0, [0.5, 0.5]), 2), round(sharded_wait(1.5, 1.0, [0.6, 0.4]), 2)
    (1.5, 3.0)
    """
    return sum(
        float(share) * mg1_wait(rate * float(share), service, service**2) for share in shares
    )


def copies_needed(top: float, shards: int, excess: float) -> int:
    """Give how many copies of the hottest key keep its shard within (1 + excess) / shards of the requests.

    >>> copies_needed(0.08, 10, 0.2)
    4
    """
    return math.ceil(top * shards / excess - 1e-9)


def replicated_throughput(
    writes: float, replicas: int, *, write: float, apply: float, read: float
) -> float:
    """Give the requests per second of a primary whose `replicas` share the reads but each apply all writes.

    Parameters
    ----------
    writes : float
        Share of the requests that are writes.
    replicas : int
        Beside the primary.
    write, apply, read : float
        Seconds of work of a write at the primary, of the same write at a replica, and of a read.

    >>> [
    ...     round(1e-5 * replicated_throughput(share, 5, write=1e-5, apply=6e-6, read=1e-5), 2)
    ...     for share in (0.05, 0.2, 0.5)
    ... ]
    [5.22, 3.75, 2.0]
    """
    work = writes * (write + replicas * apply) + (1 - writes) * read
    shared = (1 + replicas) / work
    return min(shared, 1 / (writes * write)) if writes else shared


def cold_node_hit_ratio(hit_ratio: float, probabilities: Array, rate: float, since: float) -> float:
    """Give the hit ratio `since` seconds after a node came up empty.

    Parameters
    ----------
    hit_ratio : float
        With all nodes warm.
    probabilities : array
        Of the keys on that node.
    rate : float
        Requests per second, all nodes together.
    since : float
        Seconds. A key of the node misses until it is first asked for.

    >>> round(cold_node_hit_ratio(1.0, [0.25], 2.0, 2.0), 3)
    0.908
    """
    p = np.asarray(probabilities, dtype=float)
    return hit_ratio - float((p * np.exp(-rate * p * since)).sum())


def cold_node_reads(probabilities: Array, rate: float, since: float) -> float:
    """Give the extra database reads that an empty node has caused `since` seconds after it came up.

    >>> round(cold_node_reads([0.25, 0.25], 2.0, 2.0), 3)
    1.264
    """
    p = np.asarray(probabilities, dtype=float)
    return float(-np.expm1(-rate * p * since).sum())


def gutter_hit_ratio(probabilities: Array, rate: float, ttl: float) -> float:
    """Give the hit ratio of a gutter: spare nodes that keep a dead node's keys for `ttl` seconds.

    >>> round(gutter_hit_ratio([0.1, 0.1], 10.0, 4.0), 2)
    0.8

    References
    ----------
    Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013.
    """
    p = np.asarray(probabilities, dtype=float)
    seen = rate * p * ttl
    return float((p * seen / (1 + seen)).sum() / p.sum())


def connection_storm(clients: int, rate: float, spread: float = 0.0) -> float:
    """Give the mean seconds until a client is connected, when `clients` come at once to a server that accepts `rate`.

    With `spread` each waits a random time below so many seconds first (full jitter); then the server is an M/D/1
    queue, and the figure is what the server takes.

    >>> connection_storm(5000, 1000.0), round(connection_storm(5000, 1000.0, spread=20.0), 6)
    (2.5, 0.001167)
    """
    if not spread:
        return clients / rate / 2
    load = clients / spread / rate
    return (1 + load / (2 * (1 - load))) / rate if load < 1 else math.inf


def stale_topology(ttl: float) -> tuple[float, float]:
    """Give the (mean, longest) seconds for which a client still asks the old node, if it looks every `ttl` seconds.

    >>> stale_topology(30.0)
    (15.0, 30.0)
    """
    return ttl / 2, ttl


def longest_break(backlog: float, writes: float, size: float) -> float:
    """Give the longest break of a link, in seconds, after which a partial resynchronisation still works.

    `writes` per second of `size` bytes each fill the backlog. With the output buffer in its place, this is the
    longest full copy that still ends; after a longer one it starts over.

    >>> round(longest_break(2**20, 2000, 150), 1)
    3.5
    """
    return backlog / (writes * size)


def wait_time(lag: float, replicas: int, asked: int) -> float:
    """Give the mean seconds until `asked` of the replicas have a write, each after an exponential lag.

    >>> round(wait_time(0.004, 3, 1), 5), round(wait_time(0.004, 3, 2), 5)
    (0.00133, 0.00333)
    """
    return lag * sum(1 / (replicas - known) for known in range(asked))


def own_write_missed(gap: float, lag: float, writes: float = 0.0) -> float:
    """Give the probability that a read `gap` seconds after the client's own write misses it at a replica.

    The lag is exponential with mean `lag`, in seconds. With `writes` per second of all clients the write may
    also wait behind an older one; see `in_flight`.

    >>> round(own_write_missed(0.03, 0.02), 4), round(own_write_missed(0.03, 0.02, writes=100), 4)
    (0.2231, 0.5028)
    """
    late = math.exp(-gap / lag)
    return 1 - (1 - late) * math.exp(-writes * lag * late)


def partition_loss(writes: float, patience: float) -> float:
    """Give the acknowledged writes that a cut-off primary takes before min-replicas-to-write stops it, on average.

    The age of the last word of a replica is looked at once a second, in whole seconds: it adds half a second.

    >>> partition_loss(100.0, 10.0)
    1050.0
    """
    return writes * (patience + 0.5)


def full_copy_time(memory: float, size: float, fork: float, bandwidth: float, load: float) -> float:
    """Give the seconds of a full resynchronisation: fork, transfer and load.

    It ends only if the primary writes no more meanwhile than its output buffer holds: see `longest_break`.

    Parameters
    ----------
    memory, size : float
        Bytes that the data set takes in memory, and in the copy (an RDB file).
    fork : float
        Seconds per GiB for which the primary stands still.
    bandwidth, load : float
        Bytes of the copy per second: of the link, and of loading.

    >>> round(full_copy_time(2**30, 2**29, 0.01, 125e6, 100e6), 2)
    9.67
    """
    return fork * memory / 2**30 + size / bandwidth + size / load


def cross_zone_share(zones: int, writes: float, *, near_reads: bool) -> float:
    """Give the share of the requests that leave their zone, if clients stand evenly in `zones` zones.

    With `near_reads` there is a replica in each zone, and only writes (a share of all requests) must travel.

    >>> (
    ...     round(cross_zone_share(3, 0.1, near_reads=False), 3),
    ...     round(cross_zone_share(3, 0.1, near_reads=True), 4),
    ... )
    (0.667, 0.0667)
    """
    travel = (zones - 1) / zones
    return travel * writes if near_reads else travel
