"""A planned fleet as a scenario of the model, so that a run can show whether the plan keeps its promises."""

import math
from typing import Any

from cachesim.engines.redis.engine import Redis
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.fleet import Shards
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import OpenLoop
from cachesim.planner.search import Candidate
from cachesim.records import STAMP_SIZE
from cachesim.scenario import Scenario


def scenario(fleet: Candidate) -> Scenario:
    """Describe a run of a fleet under its load.

    >>> from cachesim.planner.load import Load
    >>> from cachesim.node_types import NodeType
    >>> scenario(Candidate(Load(), NodeType(), 4, 0)).fleet
    Shards(shards=4)
    """
    load = fleet.load
    workload = OpenLoop(
        rate=load.rate,
        reads=load.reads,
        popularity=Zipf(keys=load.keys, skew=load.skew),
        size=Constant(value=max(STAMP_SIZE, load.value_size)),
        key_size=load.key_size,
    )
    return Scenario(
        strategy=WriteThrough(),
        cache=Redis(memory=fleet.kind.usable),
        fleet=Shards(fleet.shards, **_beyond_shards(fleet)),
        node=load.node,
        database=_database(fleet),
        workload=workload,
        start="warm",
    )


def _beyond_shards(fleet: Candidate) -> dict[str, Any]:
    """Name what a fleet has beyond its shards. There is a process of the application in each zone."""
    load = fleet.load
    found: dict[str, Any] = {}
    if fleet.replicas:
        found = {"replicas": fleet.replicas, "reads": load.read_from}
    if load.zones > 1:
        found |= {"zones": load.zones, "processes": load.zones}
    return found


def _database(fleet: Candidate) -> Database:
    """Make a database with as many connections as the reads that it can serve, and the writes, keep busy."""
    load, usual = fleet.load, Database()
    reads = load.database or load.rate * load.reads
    busy = reads * usual.read_mean + load.rate * load.writes * usual.commit.mean
    return usual.replace(connections=math.ceil(busy) + 1)
