"""One cache node: a station in front of one engine, and what a client's command costs there."""

from functools import partial
from operator import attrgetter

import simpy

from cachesim.engines.base import EngineSpec
from cachesim.model.distributions import Distribution, Exponential
from cachesim.model.network import Network
from cachesim.model.station import Station
from cachesim.rng import stream, uniform
from cachesim.spec import Spec
from cachesim.units import MS


class Node(Spec):
    """How fast a cache node works.

    >>> round(Node().service.mean * 1e6)
    10
    """

    service: Distribution = Exponential(mean=0.01 * MS)  # 10 µs a command, on one worker


class CacheNode:
    """A live node: an engine, its queue, and the draws of its service times and network legs."""

    def __init__(
        self, env: simpy.Environment, node: Node, cache: EngineSpec, network: Network, seed: int
    ) -> None:
        self.engine = cache.build(partial(attrgetter("_now"), env), uniform(seed, "eviction"))
        self.station = Station(cache.workers)
        self.errors = 0  # commands refused
        self.service = node.service.draws(stream(seed, "cache service")).__next__
        self.leg = network.cache_leg.draws(stream(seed, "cache network")).__next__
