"""A planned fleet as a scenario of the model, so that a run can show whether the plan keeps its promises."""

import math
from typing import Any

from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
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
    """Describe a run of a fleet under its load. Its nodes and clients are in one zone.

    Raises
    ------
    BadInput
        Clients read from the nearest of several nodes.

    >>> from cachesim.planner.load import Load
    >>> from cachesim.planner.node_types import NodeType
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
        fleet=Shards(fleet.shards, **_copies(fleet)),
        node=load.node,
        database=_database(fleet),
        workload=workload,
        start="warm",
    )


def _copies(fleet: Candidate) -> dict[str, Any]:
    """Name what a fleet has beyond its shards; zones are not in the model."""
    if not fleet.replicas:
        return {}
    if fleet.load.read_from == "nearest":
        raise BadInput(
            'the nodes of a run have no zones, so none is nearest; plan with read_from="replica" '
            "for a scenario"
        )
    return {"replicas": fleet.replicas, "reads": fleet.load.read_from}


def _database(fleet: Candidate) -> Database:
    """Make a database with as many connections as the reads that it can serve, and the writes, keep busy."""
    load, usual = fleet.load, Database()
    reads = load.database or load.rate * load.reads
    busy = reads * usual.read_mean + load.rate * load.writes * usual.commit.mean
    return usual.replace(connections=math.ceil(busy) + 1)
