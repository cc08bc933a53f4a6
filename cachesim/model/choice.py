"""Which kind of system a blueprint needs: each part of the answer costs time only where it is asked for."""

from typing import Any

from cachesim.model.blueprint import Blueprint
from cachesim.model.faults.slots import MovesSlots
from cachesim.model.fleet.failover import UnreliableGroupSystem
from cachesim.model.fleet.groups import Groups, Shards
from cachesim.model.fleet.resharding import ReshardingSystem
from cachesim.model.fleet.system import FleetSystem, GroupSystem
from cachesim.model.fleet.unreliable import UnreliableFleetSystem
from cachesim.model.fleet.zones import with_zones
from cachesim.model.resilience import Resilience
from cachesim.model.system import System
from cachesim.model.unreliable.system import UnreliableSystem


def system_for(blueprint: Blueprint) -> type[System]:
    """Choose the class to build: a plain System, unless it has a fleet, a tier may fail or a client may give up."""
    if blueprint.faults or blueprint.resilience != Resilience():
        return failing_system_for(blueprint)
    kind: type[System] = System if blueprint.fleet is None else FleetSystem
    if isinstance(blueprint.fleet, Groups) and blueprint.fleet.replicas:
        kind = GroupSystem  # its nodes write a log; without replicas they are spared it
    found: type[System] = _in_zones(kind, blueprint)
    return found


def failing_system_for(blueprint: Blueprint) -> type[UnreliableSystem]:
    """Choose the class whose tiers may fail."""
    if blueprint.fleet is None:
        return UnreliableSystem
    is_group = isinstance(blueprint.fleet, Groups)
    kind = _of_groups(blueprint) if is_group else UnreliableFleetSystem
    found: type[UnreliableSystem] = _in_zones(kind, blueprint)
    return found


def _of_groups(blueprint: Blueprint) -> type[UnreliableGroupSystem]:
    moves = any(isinstance(fault, MovesSlots) for fault in blueprint.faults)
    return (
        ReshardingSystem if moves and isinstance(blueprint.fleet, Shards) else UnreliableGroupSystem
    )


def _in_zones(kind: Any, blueprint: Blueprint) -> Any:
    is_zoned = blueprint.fleet is not None and blueprint.fleet.is_zoned
    return with_zones(kind) if is_zoned else kind
