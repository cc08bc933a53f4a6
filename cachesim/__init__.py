"""cachesim: a lab bench for caching, with real engines in a simulated system.

Describe a run with a `Scenario`, `run` it, read its `Result`; `compare` scenarios on the same draws.
"""

from cachesim.startup import interruptible as _interruptible

with _interruptible():  # these imports take half a second, in which somebody may press Ctrl-C
    from cachesim import anomalies, plots, theory
    from cachesim.clock import ManualClock
    from cachesim.engines import policies
    from cachesim.engines.base import EvictionPolicy
    from cachesim.engines.memcached.engine import Memcached
    from cachesim.engines.redis.engine import Redis
    from cachesim.engines.simple import Simple
    from cachesim.errors import BadInput, CachesimError
    from cachesim.experiments.compare import compare
    from cachesim.experiments.run import run
    from cachesim.experiments.sweep import sweep
    from cachesim.grading.desk import exercise
    from cachesim.live.memcached_server import MemcachedServer
    from cachesim.live.redis_server import RedisServer
    from cachesim.measure import checks, metrics, statistics
    from cachesim.measure.metrics import hit_ratio
    from cachesim.model import distributions, faults, popularity, strategies
    from cachesim.model.database import Database
    from cachesim.model.network import Network
    from cachesim.model.node import Node
    from cachesim.model.resilience import Resilience
    from cachesim.model.strategies.base import Strategy
    from cachesim.model.strategies.lazy import LazyLoading
    from cachesim.model.strategies.through import WriteThrough
    from cachesim.model.trace_workload import TraceReplay
    from cachesim.model.workload import ClosedLoop, OpenLoop, Workload
    from cachesim.predict.prediction import predict
    from cachesim.replay import replay
    from cachesim.scenario import Scenario
    from cachesim.units import MIB

__version__ = "0.1.0"

__all__ = [
    "MIB",
    "BadInput",
    "CachesimError",
    "ClosedLoop",
    "Database",
    "EvictionPolicy",
    "LazyLoading",
    "ManualClock",
    "Memcached",
    "MemcachedServer",
    "Network",
    "Node",
    "OpenLoop",
    "Redis",
    "RedisServer",
    "Resilience",
    "Scenario",
    "Simple",
    "Strategy",
    "TraceReplay",
    "Workload",
    "WriteThrough",
    "anomalies",
    "checks",
    "compare",
    "distributions",
    "exercise",
    "faults",
    "hit_ratio",
    "metrics",
    "plots",
    "policies",
    "popularity",
    "predict",
    "replay",
    "run",
    "statistics",
    "strategies",
    "sweep",
    "theory",
]
