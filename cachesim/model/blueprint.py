"""What a system is built from."""

from typing import Any, Protocol

from cachesim.engines.base import EngineSpec
from cachesim.model.database import Database
from cachesim.model.fleet.specs import Fleet
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.resilience import Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import Workload


class Blueprint(Protocol):
    """What a system is built from; `Scenario` is one and explains each field."""

    @property
    def strategy(self) -> Strategy: ...  # noqa: D102
    @property
    def cache(self) -> EngineSpec: ...  # noqa: D102
    @property
    def fleet(self) -> Fleet | None: ...  # noqa: D102
    @property
    def node(self) -> Node: ...  # noqa: D102
    @property
    def database(self) -> Database: ...  # noqa: D102
    @property
    def network(self) -> Network: ...  # noqa: D102
    @property
    def workload(self) -> Workload: ...  # noqa: D102
    @property
    def duration(self) -> float: ...  # noqa: D102
    @property
    def warmup(self) -> float: ...  # noqa: D102
    @property
    def sample_every(self) -> float: ...  # noqa: D102
    @property
    def start(self) -> str: ...  # noqa: D102
    @property
    def on_cache_error(self) -> str: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def faults(self) -> tuple[Any, ...]: ...  # noqa: D102
    @property
    def resilience(self) -> Resilience: ...  # noqa: D102
