"""Which kind of system a blueprint needs: each part of the answer costs time only where it is asked for."""

from cachesim.model.blueprint import Blueprint
from cachesim.model.faults.slots import MovesSlots
from cachesim.model.fleet.failover import UnreliableGroupSystem
from cachesim.model.fleet.groups import Groups, Shards
from cachesim.model.fleet.resharding import ReshardingSystem
from cachesim.model.fleet.system import FleetSystem, GroupSystem
from cachesim.model.fleet.unreliable import UnreliableFleetSystem
from cachesim.model.resilience import Resilience
from cachesim.model.system import System
from cachesim.model.unreliable.system import UnreliableSystem


def system_for(blueprint: Blueprint) -> type[System]:
    """Choose the class to build: a plain System, unless it has a fleet, a tier may fail or a client may give up."""
    if blueprint.faults or blueprint.resilience != Resilience():
        return failing_system_for(blueprint)
    if isinstance(blueprint.fleet, Groups) and blueprint.fleet.replicas:
        return GroupSystem  # its nodes write a log; without replicas they are spared it
    return System if blueprint.fleet is None else FleetSystem


def failing_system_for(blueprint: Blueprint) -> type[UnreliableSystem]:
    """Choose the class whose tiers may fail."""
    if isinstance(blueprint.fleet, Groups):
        moves = any(isinstance(fault, MovesSlots) for fault in blueprint.faults)
        moves = moves and isinstance(blueprint.fleet, Shards)
        return ReshardingSystem if moves else UnreliableGroupSystem
    return UnreliableSystem if blueprint.fleet is None else UnreliableFleetSystem
