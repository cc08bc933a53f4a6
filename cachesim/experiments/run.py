"""`run`: one scenario, once."""

from collections.abc import Callable
from typing import NamedTuple

from cachesim.engines.base import Engine
from cachesim.experiments.result import Result
from cachesim.measure.history import Recorder, framed
from cachesim.model.access import refused_by
from cachesim.model.choice import system_for
from cachesim.model.saving import contents, snapshots_of
from cachesim.model.system import System
from cachesim.records import ConsumedUnits, LostWrite, RefusedCommands, SlotMove, SnapshotTaken
from cachesim.scenario import Scenario


def run(scenario: Scenario) -> Result:
    """Run a scenario and return its Result; the same scenario always gives the same records.

    >>> result = run(Scenario(duration=2, warmup=1))
    >>> 0 <= result.metrics["hit_ratio"] <= 1
    True
    """
    return run_and_keep(scenario, keeps=False)[0]


class LeftBehind(NamedTuple):
    """What a run leaves behind, as RDB files."""

    file: bytes  # what the cache holds at the end; empty for a Memcached
    backups: dict[tuple[str, float], bytes]  # of SnapshotCache(keep=True): by node and moment


def run_and_keep(
    scenario: Scenario, keeps: bool = True, meter: Callable[[System], object] | None = None
) -> tuple[Result, LeftBehind]:
    """Do the same, and return what the caches hold at the end and what they have kept.

    `meter` gets the system before it runs, to count what the Result has not.
    """
    recorder = Recorder(fleet=scenario.fleet is not None)
    system = system_for(scenario)(scenario, recorder.request, recorder.sample)
    if meter is not None:
        meter(system)
    system.run()
    history = recorder.hand_over(system.db.versions)
    lost = framed(system.lost_writes(), LostWrite._fields)
    moves = framed(system.slot_moves, SlotMove._fields)
    taken = framed(snapshots_of(system.caches), SnapshotTaken._fields)
    refused = framed(refused_by(system.caches), RefusedCommands._fields)
    used = () if system.units is None else system.units.consumed()
    consumed = framed(list(used), ConsumedUnits._fields)
    version = system.cache.engine.version
    result = Result(
        scenario, history, version, recorder.nodes(), lost, moves, taken, refused, consumed
    )
    backups = {(c.name, at): file for c in system.caches for at, file in c.disk.kept.items()}
    return result, LeftBehind(contents(_holders(system)) if keeps else b"", backups)


def _holders(system: System) -> list[Engine]:
    """List the engines in which the rows' keys are."""
    engines = map(system.engine_of, system.blueprint.workload.keys_loaded())
    return [*{id(engine): engine for engine in engines}.values()]
