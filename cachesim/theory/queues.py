"""Queues in steady state: waits, tails, closed networks. A queue without a steady state is refused."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cachesim.errors import BadInput


def _offered(rate: float, service: float, workers: int) -> float:
    """Return the offered load in workers; raise BadInput if it is not below the number of workers."""
    load = rate * service
    if not 0 <= load < workers:
        raise BadInput(
            f"the load must be >= 0 and below {workers} workers, got {load:g}: lower the rate or the service time"
        )
    return load


def erlang_c(load: float, workers: int) -> float:
    """Return the probability that an arrival at M/M/c has to wait.

    >>> round(erlang_c(0.5, 1), 3)
    0.5

    References
    ----------
    Erlang (1917); the recursion is that of the loss formula B, C = B / (1 - rho (1 - B)).
    """
    load = _offered(load, 1.0, workers)
    blocked = 1.0
    for k in range(1, workers + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked / (1 - load / workers * (1 - blocked))


def mmc_wait(rate: float, service: float, workers: int = 1) -> float:
    """Return the mean wait in M/M/c, in seconds.

    >>> round(mmc_wait(rate=3800, service=0.005, workers=20) * 1000, 2)
    3.78
    """
    waits = erlang_c(_offered(rate, service, workers), workers)
    return waits * service / (workers - rate * service)


def mmc_wait_tail(rate: float, service: float, workers: int, t: float) -> float:
    """Return the probability that the wait in M/M/c exceeds `t` seconds.

    >>> round(mmc_wait_tail(0.5, 1.0, 1, 0.0), 3)
    0.5
    """
    waits = erlang_c(_offered(rate, service, workers), workers)
    return waits * math.exp(-(workers / service - rate) * t)


def mm1_sojourn_quantile(rate: float, service: float, q: float) -> float:
    """Return the quantile `q` of the sojourn time in M/M/1, in seconds.

    >>> round(mm1_sojourn_quantile(0.5, 1.0, 0.99), 2)
    9.21
    """
    _offered(rate, service, 1)
    return -math.log1p(-q) / (1 / service - rate)


def mg1_wait(rate: float, service: float, second_moment: float) -> float:
    """Return the mean wait in M/G/1, in seconds.

    >>> round(mg1_wait(0.7, 1.0, 1.0), 3)
    1.167

    References
    ----------
    Pollaczek (1930), Khinchine (1932).
    """
    return rate * second_moment / (2 * (1 - _offered(rate, service, 1)))


def mgc_wait(rate: float, service: float, second_moment: float, workers: int = 1) -> float:
    """Return the approximate mean wait in M/G/c, in seconds; exact for one worker and for M/M/c.

    >>> round(mgc_wait(0.7, 1.0, 1.0), 3)
    1.167

    References
    ----------
    Lee and Longton, "Queueing processes associated with airline passenger check-in", Operational Research
    Quarterly 10 (1959): the wait in M/M/c times half the second moment, divided by the squared mean.
    """
    return second_moment / (2 * service**2) * mmc_wait(rate, service, workers)


def head_of_line_wait(rate: float, service: float, slow_rate: float, slow_service: float) -> float:
    """Return the mean wait for one worker that also serves rare slow commands, in seconds.

    Both kinds arrive as Poisson streams and take a constant time each: M/G/1 with two service times.

    >>> round(head_of_line_wait(20_000, 10e-6, 1.0, 0.040) * 1000, 2)
    1.05
    """
    load = rate * service + slow_rate * slow_service
    moment = rate * service**2 + slow_rate * slow_service**2
    return moment / (2 * (1 - _offered(load, 1.0, 1)))


def repairman(users: int, think: float, service: float, workers: int = 1) -> float:
    """Return the throughput of M/M/c//N per second: `users` think, then queue for `workers`.

    >>> round(repairman(users=1, think=1.0, service=1.0), 3)
    0.5
    """
    load = service / think
    weights = []
    for n in range(users + 1):
        queued = (
            math.factorial(n) / (math.factorial(workers) * workers ** (n - workers))
            if n > workers
            else 1.0
        )
        weights.append(math.comb(users, n) * load**n * queued)
    inside = sum(n * weight for n, weight in enumerate(weights)) / sum(weights)
    return (users - inside) / think


class Closed(NamedTuple):
    """A closed network in steady state."""

    throughput: float  # requests per second
    response: float  # seconds per request at all stations together
    times: tuple[float, ...]  # seconds per request at each station, all its visits together


def closed_network(
    users: int, think: float, demands: Sequence[float], workers: Sequence[int] | None = None
) -> Closed:
    """Return throughput and response time of a closed network by exact mean value analysis.

    Parameters
    ----------
    users : int
        Number of users.
    think : float
        Seconds between an answer and the next request; delays without a queue are added.
    demands : sequence of float
        Visits times service time at every station, in seconds per request.
    workers : sequence of int, optional
        Number of workers at every station; 1 each by default.

    >>> closed_network(users=1, think=1.0, demands=[0.5, 0.5])
    Closed(throughput=0.5, response=1.0, times=(0.5, 0.5))

    References
    ----------
    Reiser and Lavenberg, "Mean-value analysis of closed multichain queuing networks", J. ACM 27 (1980).
    """
    servers = list(workers or [1] * len(demands))
    shares = [np.eye(1, users + 1)[0] for _ in demands]  # of the time with j requests at a station
    jobs = np.arange(1, users + 1)
    found = Closed(0.0, 0.0, ())
    for n in range(1, users + 1):
        times = tuple(
            float((jobs[:n] * d / np.minimum(jobs[:n], c) * p[:n]).sum())
            for d, c, p in zip(demands, servers, shares, strict=True)
        )
        found = Closed(n / (think + sum(times)), sum(times), times)
        for station, (d, c) in enumerate(zip(demands, servers, strict=True)):
            busy = found.throughput * d / np.minimum(jobs, c) * shares[station][:-1]
            shares[station] = np.concatenate([[max(0.0, 1 - busy.sum())], busy])
    return found


def cache_aside_visits(reads: float, hit_ratio: float) -> tuple[float, float]:
    """Return the visits per request (to the cache, to the database) if writes delete the cached copy.

    >>> cache_aside_visits(reads=1.0, hit_ratio=0.75)
    (1.25, 0.25)
    """
    misses = reads * (1 - hit_ratio)
    return reads + misses + (1 - reads), misses + (1 - reads)
