"""One cache node: a station in front of one engine, and what a client's command costs there."""

from functools import partial
from operator import attrgetter

from cachesim.engines.base import Command, EngineSpec
from cachesim.model.distributions import Distribution, Exponential
from cachesim.model.events import Environment
from cachesim.model.network import Network
from cachesim.model.station import Station, line_to
from cachesim.records import Value
from cachesim.rng import stream, uniform
from cachesim.spec import Delay, Spec
from cachesim.units import MS


class Node(Spec):
    """How fast a cache node works: what a command costs one worker, by its kind and its bytes.

    A command takes a draw of `service`, `per_byte` for each byte of a value that goes in or comes out (a
    hash: its fields and values), and `per_key` for each key beyond the first that it looks at (KEYS: all).
    Measure your own server and put its figures here.

    >>> round(Node().service.mean * 1e6)
    10
    """

    service: Distribution = Exponential(mean=0.01 * MS)  # 10 µs a command, on one worker
    per_byte: Delay = 1e-9  # seconds
    per_key: Delay = 4e-8  # seconds


class CacheNode:
    """A live node: an engine, its queue, and the draws of its service times and network legs."""

    def __init__(
        self, env: Environment, node: Node, cache: EngineSpec, network: Network, seed: int
    ) -> None:
        self.engine = cache.build(partial(attrgetter("_now"), env), uniform(seed, "eviction"))
        self.station = Station(cache.workers)
        self.errors = 0  # commands refused
        # What a strategy that writes behind has not written yet, by key: kept beside the engine, so that no
        # eviction drops it; a crash of the node does.
        self.dirty: dict[str, list[Value]] = {}
        self.services = node.service.draws(stream(seed, "cache service"))  # seconds, for ever
        self.service = self.services.__next__
        self.per_byte, self.per_key = node.per_byte, node.per_key
        self.legs = network.cache_leg.draws(stream(seed, "cache network"))
        self.leg = self.legs.__next__
        self.send = line_to(env, self.station, self.services, self.legs)

    def restart(self) -> None:
        """Start anew: of the content survives what the engine says, and nothing that was not written behind."""
        self.engine.restart()
        self.dirty.clear()

    def cost(self, command: Command) -> float:
        """Return what a command costs beyond a draw of the service time, in seconds."""
        work = self.engine.work(command)
        return self.per_byte * work.bytes + self.per_key * (work.keys - 1)
