"""Which kind of system a blueprint needs: each part of the answer costs time only where it is asked for."""

from cachesim.model.blueprint import Blueprint
from cachesim.model.fleet.system import FleetSystem
from cachesim.model.fleet.unreliable import UnreliableFleetSystem
from cachesim.model.resilience import Resilience
from cachesim.model.system import System
from cachesim.model.unreliable.system import UnreliableSystem


def system_for(blueprint: Blueprint) -> type[System]:
    """Choose the class to build: a plain System, unless it has a fleet, a tier may fail or a client may give up."""
    may_fail = blueprint.faults or blueprint.resilience != Resilience()
    if blueprint.fleet is not None:
        return UnreliableFleetSystem if may_fail else FleetSystem
    return UnreliableSystem if may_fail else System
