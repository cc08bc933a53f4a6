"""A node of a group that may fail, and its client: MOVED, READONLY, LOADING, and the engine that restarts empty."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import simpy

from cachesim.engines.base import Command
from cachesim.engines.redis import rdb
from cachesim.engines.redis.arguments import argument
from cachesim.engines.redis.command import find
from cachesim.engines.redis.replication_log import ReplicationLog
from cachesim.errors import CommandError, ConnectionLost, Redirected, SimulatedFailure
from cachesim.model.events import Visit
from cachesim.model.fleet.arrivals import Depart
from cachesim.model.fleet.copying import LOADING, CopyingReplica, FullCopy, Terms
from cachesim.model.fleet.lost import all_held, held
from cachesim.model.fleet.node import GroupNode
from cachesim.model.fleet.replica_client import GroupNodeClient
from cachesim.model.journey import Journey
from cachesim.model.unreliable.attempt import at
from cachesim.model.unreliable.call import Channel
from cachesim.model.unreliable.clients import ResilientCacheClient
from cachesim.model.unreliable.station import VariableStation
from cachesim.model.unreliable.tiers import UnreliableCache
from cachesim.records import LostWrite
from cachesim.units import GIB

ASK_ANOTHER = ("READONLY", "LOADING")  # errors after which the client asks another node
DURING_LOADING = (
    "loading",
    "write",
)  # flags of commands that LOADING does not refuse: READONLY comes first

CLUSTERDOWN = "CLUSTERDOWN The cluster is down"  # redis 7: cluster.c, clusterRedirectClient
UNBLOCKED = (  # redis 7: blocked.c, disconnectAllBlockedClients
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"
)


class FailingNode(GroupNode, UnreliableCache):
    """A node of a group that may fail; it says when it falls silent, and when it is back."""

    station: VariableStation
    replica: CopyingReplica | None
    full_copy: FullCopy | None = None  # None: a full copy takes no time, as before the run begins

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.service = self.caught_up().__next__
        self.silent_since = math.inf  # seconds; inf: it is not silent
        self._notice: Callable[[FailingNode], None] = lambda node: None
        self._forgotten: list[LostWrite] = []
        self._troubles: set[str] = set()  # why its cluster is down

    def tell(self, notice: Callable[["FailingNode"], None]) -> None:
        """Call `notice` with the node whenever it falls silent or is back."""
        self._notice = notice

    @property
    def depart(self) -> Depart:
        """The function that books work at the present speed."""
        return self._depart

    def _depart(self, arrival: float, seconds: float) -> float:
        return self.station.when(self.station.depart(self.station.work(arrival), seconds))

    def _turn(self, switch: str, step: int) -> None:
        super()._turn(switch, step)
        self._look()

    def _set_speed(self) -> None:
        self.catch_up()  # what has arrived is worked on at the speed of its time; frozen, it would never end
        super()._set_speed()
        self._look()

    def _look(self) -> None:
        if self.is_silent != (self.silent_since < math.inf):
            self.silent_since = self.env._now if self.is_silent else math.inf
            self._notice(self)

    def trouble(self, why: str) -> None:
        """Refuse every command from now on: its cluster is down."""
        self._troubles.add(why)

    @property
    def is_in_trouble(self) -> bool:
        """Whether its cluster is down."""
        return bool(self._troubles)

    def relieve(self, why: str) -> None:
        """Take one such reason back."""
        self._troubles.discard(why)

    def refusal(self) -> SimulatedFailure | None:
        """Give the error with which the server answers at once; None: it takes the attempt."""
        found = super().refusal()
        return CommandError(CLUSTERDOWN) if found is None and self._troubles else found

    def received(self) -> int:
        """Give the offset up to which it has its primary's log, in bytes."""
        self.catch_up()
        return 0 if self.replica is None else self.replica.received

    def can_replace(self, primary: ReplicationLog) -> bool:
        """Whether it may be promoted: it is there, and has followed the log of the primary that is gone."""
        self.catch_up()
        link = self.replica
        return not self.is_silent and link is not None and link.log is primary and link.copy is None

    # --- a full copy

    def let_copies_cost(self, spec: FullCopy) -> None:
        """Let its full copies take their time from now on."""
        self.full_copy = spec

    def make_replica(
        self, primary: "FailingNode", lags: Iterator[float], **options: Any
    ) -> CopyingReplica:
        """Make what follows a node, and may have to copy it."""
        link = CopyingReplica(
            primary.engine, self.engine, lags,
            copies=lambda moment: self._terms(primary, moment),
            closed=lambda moment: at(self.env, moment, lambda event: self._reconnect(link, primary)),
            **options,
        )  # fmt: skip
        return link

    def _terms(self, primary: "FailingNode", moment: float) -> Terms | None:
        """Let a primary fork; give what its copy takes."""
        spec, engine = self.full_copy, primary.engine
        if spec is None:
            return None
        forked = primary.depart(moment, spec.fork * engine.memory / GIB)
        size = rdb.size(engine)
        arrives = forked + size / spec.bandwidth
        return Terms(arrives, arrives + size / spec.load, spec.output_buffer)

    def _reconnect(self, link: CopyingReplica, primary: "FailingNode") -> None:
        """Connect again after the output buffer was full, unless something else has happened meanwhile."""
        if self.replica is link and not self.is_silent and not primary.is_silent:
            link.heal(self.env._now) or link.resync(self.env._now)

    def get(self, key: str) -> bytes | None:
        """Look a key up, as the node has it now."""
        self.catch_up()
        if self.replica is not None and self.replica.is_loading:
            raise CommandError(LOADING)
        return self.engine.get(key)

    def execute(self, command: Command) -> Any:
        """Run a command on what the node has now."""
        self.catch_up()
        if self.replica is not None and self.replica.is_loading:
            row = find(self.engine.commands, [argument(part) for part in command])
            if not any(flag in row.flags for flag in DURING_LOADING):
                raise CommandError(LOADING)
        return self.engine.execute(command)

    # --- other roles

    def demote(self) -> None:
        """Refuse writes: another node is the primary now. A replica does so already."""
        self.engine.step_down()
        if not self.is_silent:
            self.unblock(CommandError(UNBLOCKED))

    def stop_following(self) -> None:
        """Be no replica for now."""
        if self.replica is not None:
            self.replica.leave()
            self.replica = None

    def crash(self) -> None:
        """End the process at once: clients that wait for its replicas lose their connections, too."""
        super().crash()
        self.unblock(ConnectionLost(f"the {self.name} crashed before its replicas answered"))

    def unblock(self, failure: SimulatedFailure) -> None:
        """Let every client that waits for its replicas fail."""
        waiting, self.waiting = self.waiting, {}
        for visit in waiting:
            visit.drop(failure)

    def follow(self, *parts: Any) -> None:
        """Become a replica of a node. One that was a primary lets no client wait any longer."""
        self.unblock(CommandError(UNBLOCKED))
        super().follow(*parts)

    def flush(self) -> None:
        """Do what FLUSHALL asks; a replica answers READONLY."""
        if not self.engine.is_replica:
            super().flush()

    def restart_engine(self) -> None:
        """Restart: nothing in memory survives, but what the last snapshot has."""
        had = all_held(self.engine, self.env._now, self.name) if self.replica is None else []
        self.stop_following()
        super().restart_engine()
        entries = self.engine.table.entries
        again = {
            each.key
            for each in had
            if each.key in entries and held(self.engine, each.key) == each.write
        }
        self._forgotten += [each for each in had if each.key not in again]

    def forgotten(self) -> list[LostWrite]:
        """Take the list of what it lost in its last restart as a primary."""
        lost, self._forgotten = self._forgotten, []
        return lost


class FailingNodeClient(GroupNodeClient, ResilientCacheClient):
    """The client of one node that may fail, or may no longer be the primary."""

    _tier: FailingNode

    def __init__(
        self, tier: FailingNode, journey: Journey, channel: Channel, *, strict: bool
    ) -> None:
        super().__init__(tier, journey, channel, raises=True)
        self._ask = tier.get  # its role may change
        self._strict = strict  # whether a replica redirects reads that were not meant for it
        self._replica_got = self._run_get_replica

    def get(self, key: str, replica: bool | None = None) -> simpy.Event:
        """Ask for a key; with `replica` the connection is READONLY."""
        effect = self._replica_got if replica else self._got
        return self._send(self._journey, effect, key, self._per_byte * self._held_bytes(key))

    def _run_get(self, visit: Visit) -> None:
        if self._strict and self._tier.engine.is_replica:
            visit.fail_with(Redirected("MOVED: this node is a replica now"))
        else:
            super()._run_get(visit)

    def _run_get_replica(self, visit: Visit) -> None:
        super()._run_get(visit)

    def _refuse(self, visit: Visit, error: SimulatedFailure) -> None:
        if isinstance(error, CommandError) and str(error).startswith(ASK_ANOTHER):
            visit.fail_with(Redirected(str(error)))
        else:
            super()._refuse(visit, error)
