"""What runs of our model say of a crash, a cut and a reboot; fidelity_fleet has the real servers beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachesim.anomalies.failovers import OnlyCopy
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.run import run
from cachesim.model.distributions import Constant
from cachesim.model.faults import KillNode, PartitionCache, RebootCache
from cachesim.model.faults.base import Fault
from cachesim.model.fleet import Replicated, Shards
from cachesim.model.fleet.specs import Fleet
from cachesim.model.popularity import Uniform
from cachesim.records import PRIMARY
from cachesim.scenario import Scenario
from cachesim.validate.worlds import arrivals

if TYPE_CHECKING:
    import pandas as pd

AT = 2.0  # seconds: about when the fault happens
LOOK = 0.1  # seconds between two looks at the nodes
WRITES = 50.0  # per second


def promoted(node_timeout: float, seed: int) -> float:
    """Crash a primary of a 3+3 cluster. Give the seconds until its replica leads, looked at every 100 ms.

    The moment of the crash follows from the seed, as that of the real cluster (`live.groups.failover`).
    """
    at = AT + seed % 10 / 10
    kill = KillNode("shard-0 primary", at=at)
    fleet = Shards(3, replicas=1, node_timeout=node_timeout)
    nodes = _nodes(_world(fleet, kill, at + 2 * node_timeout + 6).replace(seed=seed))
    there = nodes[(nodes["node"] == "shard-0 node-1") & (nodes["role"] == PRIMARY)]
    return float(there["begin"].iloc[0]) - at


def refused(patience: int, seed: int) -> float:
    """Cut the only replica off, with min-replicas-to-write 1. Give the seconds until the first NOREPLICAS."""
    at = AT + seed % 10 / 10 + 0.05
    cut = PartitionCache(at=at, duration=60, node="node-1")
    fleet = Replicated(1, min_replicas=1, max_lag=patience)
    scenario = _world(fleet, cut, at + patience + 3).replace(on_cache_error="raise", seed=seed)
    history = run(scenario).history
    return float(history.loc[history["error"] == "CommandError", "begin"].min()) - at


def emptied(down: float) -> float:
    """Reboot a primary without persistence. Give the seconds from its return until its replica is empty, too."""
    reboot = RebootCache(at=AT, duration=down, node="primary")
    patient = Replicated(1, detect=Constant(value=60.0))  # no failover
    scenario = _world(patient, reboot, AT + down + 2).replace(workload__reads=1.0, start="warm")
    nodes = _nodes(scenario)
    gone = nodes[(nodes["node"] == "node-1") & (nodes["items"] == 0)]
    return float(gone["begin"].iloc[0]) - AT - down


def _world(fleet: Fleet, fault: Fault, until: float) -> Scenario:
    fields: dict[str, Any] = {"cache": Redis(), "fleet": fleet, "faults": (fault,)}
    return arrivals(
        OnlyCopy(), rate=WRITES, requests=round(WRITES * until), reads=0.0,
        popularity=Uniform(keys=20), sample_every=LOOK, **fields,
    )  # fmt: skip


def _nodes(scenario: Scenario) -> pd.DataFrame:
    nodes = run(scenario).nodes
    assert nodes is not None
    return nodes
