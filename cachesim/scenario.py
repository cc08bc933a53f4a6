"""`Scenario`: one frozen description of one run; every field has a default."""

from typing import Literal

from cachesim.engines.base import EngineSpec
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.model.database import Database
from cachesim.model.faults.base import Fault
from cachesim.model.fleet.specs import Fleet
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.resilience import Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import OpenLoop, Workload
from cachesim.spec import Delay, Seed, Span, Spec
from cachesim.units import MIB


class Scenario(Spec):
    """The description of a run: strategy, cache, database, requests, duration, seed.

    >>> Scenario(seed=2).replace(strategy__ttl=5, duration=100)
    Scenario(strategy=LazyLoading(ttl=5.0), duration=100.0, seed=2)
    """

    strategy: Strategy = LazyLoading(ttl=10)
    cache: EngineSpec = Redis(memory=MIB)
    fleet: Fleet | None = None  # the cache is one node, or a fleet of such nodes
    node: Node = Node()
    database: Database = Database()
    network: Network = Network()
    workload: Workload = OpenLoop()
    duration: Span = (
        70.0  # seconds in which requests arrive; requests in progress at the end are finished
    )
    warmup: Delay = 20.0  # seconds at the start that metrics leave out
    sample_every: Span = 1.0  # seconds between two samples of the tiers' counters
    start: Literal["cold", "warm"] = "cold"  # the cache starts empty, or as after a long run
    on_cache_error: Literal["miss", "raise"] = (
        "miss"  # if the cache refuses a command: go on, or fail
    )
    faults: tuple[Fault, ...] = ()  # what fails, and when
    resilience: Resilience = Resilience()  # what clients do if a tier does not answer
    seed: Seed = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.warmup >= self.duration:
            raise BadInput(
                f"Scenario.warmup must be shorter than the duration ({self.duration:g} s), got {self.warmup:g}; "
                "nothing would be left to measure"
            )
        if self.fleet is not None:
            self.fleet.check(self.cache)
            self._check_zones(self.fleet)
        for fault in self.faults:
            if not isinstance(fault, Fault):
                raise BadInput(f"Scenario.faults must hold faults (cs.faults.X), got {fault!r}")
            if fault.at >= self.duration:
                raise BadInput(
                    f"{type(fault).__name__}.at must be before the end of the run ({self.duration:g} s), "
                    f"got {fault.at:g}"
                )

    def _check_zones(self, fleet: Fleet) -> None:
        if fleet.zones > 1 and not self.network.cache_in_zone:
            raise BadInput(
                "Network.cache_in_zone=False puts the whole cache into another zone, but with "
                f"{type(fleet).__name__}.zones={fleet.zones} each node has its own; leave one of the two out"
            )
