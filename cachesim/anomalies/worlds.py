"""Small worlds in which an anomaly has a formula: everything else takes a microsecond.

It does not take zero time, because a diagram needs different moments.
"""

from __future__ import annotations

from typing import Any

from cachesim.engines.simple import Simple
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Distribution
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Uniform
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from cachesim.spec import MOST
from cachesim.units import US

SOON = Constant(value=US)
CONNECTIONS = 500  # so many that hardly any query waits


def world(
    *,
    cache_leg: Distribution = SOON,
    load: float = US,
    commit: float = US,
    keys: int = 1,
    reads: float = 0.0,
    writes: float = 0.0,
    **fields: Any,
) -> Scenario:
    """Return a scenario with these delays and rates; `fields` are further fields of the scenario.

    Parameters
    ----------
    cache_leg : Distribution
        Seconds to the cache and back.
    load, commit : float
        Seconds of the database for a read and for a write.
    keys : int
        Number of keys; all have the same rates.
    reads, writes : float
        Reads and writes of each key per second, both Poisson.

    >>> world(keys=2, reads=30, writes=10).workload
    OpenLoop(reads=0.75, popularity=Uniform(keys=2), rate=80.0)
    """
    per_key = reads + writes
    given: dict[str, Any] = {
        "cache": Simple(),
        "node": Node(service=Constant(value=0.0), per_byte=0, per_key=0),
        "network": Network(in_zone=cache_leg, cross_zone=SOON, database_in_zone=False),
        "database": Database(
            connections=CONNECTIONS,
            waiting=MOST,
            buffer_hit_ratio=1.0,
            buffer_read=Constant(value=load),
            commit=Constant(value=commit),
        ),
        "workload": OpenLoop(
            rate=keys * per_key, reads=reads / per_key, popularity=Uniform(keys=keys)
        ),
        "sample_every": 1e9,
    }
    return Scenario(**{**given, **fields})
