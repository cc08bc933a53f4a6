"""cachesim: a lab bench for caching, with real engines in a simulated system.

Describe a run with a `Scenario`, `run` it, read its `Result`; `compare` scenarios on the same draws.
"""

import typing as _typing

from cachesim.startup import interruptible as _interruptible

with _interruptible():  # these imports take half a second, in which somebody may press Ctrl-C
    from cachesim import anomalies, errors, live, plots, theory, traces
    from cachesim.clock import ManualClock
    from cachesim.engines import policies
    from cachesim.engines.base import EvictionPolicy
    from cachesim.engines.memcached.engine import Memcached
    from cachesim.engines.redis.engine import Redis
    from cachesim.engines.simple import Simple
    from cachesim.experiments.cloud import Cloud
    from cachesim.experiments.compare import compare
    from cachesim.experiments.run import run
    from cachesim.experiments.sweep import sweep
    from cachesim.grading.desk import exercise
    from cachesim.measure import checks, metrics, statistics
    from cachesim.model import distributions, faults, popularity, routes, strategies
    from cachesim.model.database import Database
    from cachesim.model.fleet import Pool, Replicated, Shards
    from cachesim.model.network import Network
    from cachesim.model.node import Node
    from cachesim.model.resilience import Resilience
    from cachesim.model.strategies.base import Strategy
    from cachesim.model.strategies.lazy import LazyLoading
    from cachesim.model.strategies.through import WriteThrough
    from cachesim.model.trace_workload import TraceReplay
    from cachesim.model.workload import ClosedLoop, OpenLoop, Workload
    from cachesim.planner.plan import plan
    from cachesim.predict.prediction import predict
    from cachesim.replay import replay
    from cachesim.scenario import Scenario
    from cachesim.units import MIB

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022  in groups for a reader, sorted within each
    # describe a run
    "ClosedLoop",
    "Database",
    "LazyLoading",
    "MIB",
    "Memcached",
    "Network",
    "Node",
    "OpenLoop",
    "Pool",
    "Redis",
    "Replicated",
    "Resilience",
    "Scenario",
    "Shards",
    "Simple",
    "TraceReplay",
    "WriteThrough",
    # run it
    "Cloud",
    "compare",
    "exercise",
    "plan",
    "predict",
    "replay",
    "run",
    "sweep",
    # write your own
    "EvictionPolicy",
    "ManualClock",
    "Strategy",
    "Workload",
    # namespaces: parts of a description
    "distributions",
    "faults",
    "live",
    "policies",
    "popularity",
    "routes",
    "strategies",
    "traces",
    # namespaces: what a run says
    "anomalies",
    "checks",
    "errors",
    "metrics",
    "plots",
    "statistics",
    "theory",
]

_MOVED = {  # names of version 0.1 that live in a namespace now
    "BadInput": "errors",
    "CachesimError": "errors",
    "MemcachedServer": "live",
    "RedisServer": "live",
    "hit_ratio": "metrics",
}


if not _typing.TYPE_CHECKING:  # mypy would take every misspelt name for one that is here

    def __getattr__(name: str) -> _typing.NoReturn:
        """Refuse a name that is not here; if it has moved, say where to.

        A name that has moved raises ImportError: `from cachesim import ...` drops the text of an AttributeError.
        """
        if name in _MOVED:
            raise ImportError(
                f"cachesim.{name} is now cachesim.{_MOVED[name]}.{name}; use that name"
            )
        raise AttributeError(f"module 'cachesim' has no attribute {name!r}")
