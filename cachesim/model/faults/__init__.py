"""What may go wrong in a run: one class per fault, each with a generator `play(system)`.

A new fault is a class in the file of its kind and a line here. Scenario files use its name in kebab case.
`Calls`, `Breaker` and `Eject` say what clients do about a fault: they are parts of a `Resilience` and of a `Pool`.
`FullCopy` says what a replica does after one: it is a part of `Shards` and of `Replicated`.
"""

from cachesim.model.faults.base import Fault
from cachesim.model.faults.clients import HotKey, SkewClocks, Surge
from cachesim.model.faults.credits import ExhaustCredits
from cachesim.model.faults.database import FailOverDatabase, StopReplication
from cachesim.model.faults.fleet import (
    AddNode,
    FailOverCache,
    KillNode,
    KillZone,
    Partition,
    RemoveNode,
)
from cachesim.model.faults.network import (
    DropCachePackets,
    DropDatabasePackets,
    PartitionCache,
    PartitionDatabase,
    RefuseCache,
    RefuseDatabase,
    RejectCacheLogin,
    RejectDatabaseLogin,
)
from cachesim.model.faults.nodes import (
    CrashCache,
    CrashDatabase,
    FlushCache,
    FreezeCache,
    FreezeDatabase,
    RebootCache,
    SlowCache,
    SlowDatabase,
    SnapshotCache,
)
from cachesim.model.faults.slots import AddShard, RemoveShard, Reshard
from cachesim.model.fleet.copying import FullCopy
from cachesim.model.fleet.ejection import Eject
from cachesim.model.resilience import Breaker, Calls

__all__ = [
    "AddNode",
    "AddShard",
    "Breaker",
    "Calls",
    "CrashCache",
    "CrashDatabase",
    "DropCachePackets",
    "DropDatabasePackets",
    "Eject",
    "ExhaustCredits",
    "FailOverCache",
    "FailOverDatabase",
    "Fault",
    "FlushCache",
    "FreezeCache",
    "FreezeDatabase",
    "FullCopy",
    "HotKey",
    "KillNode",
    "KillZone",
    "Partition",
    "PartitionCache",
    "PartitionDatabase",
    "RebootCache",
    "RefuseCache",
    "RefuseDatabase",
    "RejectCacheLogin",
    "RejectDatabaseLogin",
    "RemoveNode",
    "RemoveShard",
    "Reshard",
    "SkewClocks",
    "SlowCache",
    "SlowDatabase",
    "SnapshotCache",
    "StopReplication",
    "Surge",
]
