"""A node of a group that may fail, and its client: MOVED, READONLY, and the engine that restarts empty."""

import math
from collections.abc import Callable
from typing import Any

import simpy

from cachesim.engines.redis.replication_log import ReplicationLog
from cachesim.errors import CommandError, ConnectionLost, Redirected, SimulatedFailure
from cachesim.model.events import Visit
from cachesim.model.fleet.lost import all_held
from cachesim.model.fleet.node import GroupNode
from cachesim.model.fleet.replica import Depart
from cachesim.model.fleet.replica_client import GroupNodeClient
from cachesim.model.journey import Journey
from cachesim.model.unreliable.call import Channel
from cachesim.model.unreliable.clients import ResilientCacheClient
from cachesim.model.unreliable.station import VariableStation
from cachesim.model.unreliable.tiers import UnreliableCache
from cachesim.records import LostWrite


class FailingNode(GroupNode, UnreliableCache):
    """A node of a group that may fail; it says when it falls silent, and when it is back."""

    station: VariableStation

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.service = self.caught_up().__next__
        self.silent_since = math.inf  # seconds; inf: it is not silent
        self._notice: Callable[[FailingNode], None] = lambda node: None
        self._forgotten: list[LostWrite] = []

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
        super()._set_speed()
        self._look()

    def _look(self) -> None:
        if self.is_silent != (self.silent_since < math.inf):
            self.silent_since = self.env._now if self.is_silent else math.inf
            self._notice(self)

    def received(self) -> int:
        """Give the offset up to which it has its primary's log, in bytes."""
        self.catch_up()
        return 0 if self.replica is None else self.replica.received

    def can_replace(self, primary: ReplicationLog) -> bool:
        """Whether it may be promoted: it is there, and has followed the log of the primary that is gone."""
        return not self.is_silent and self.replica is not None and self.replica.log is primary

    def demote(self) -> None:
        """Refuse writes: another node is the primary now. A replica does so already."""
        self.engine.step_down()

    def stop_following(self) -> None:
        """Be no replica for now."""
        if self.replica is not None:
            self.replica.leave()
            self.replica = None

    def crash(self) -> None:
        """End the process at once: clients that wait for its replicas lose their connections, too."""
        super().crash()
        waiting, self.waiting = self.waiting, {}
        for visit in waiting:
            visit.drop(ConnectionLost(f"the {self.name} crashed before its replicas answered"))

    def restart_engine(self) -> None:
        """Restart: nothing in memory survives."""
        if self.replica is None:
            self._forgotten += all_held(self.engine, self.env._now, self.name)
        self.stop_following()
        super().restart_engine()

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
        if isinstance(error, CommandError) and str(error).startswith("READONLY"):
            visit.fail_with(Redirected(str(error)))
        else:
            super()._refuse(visit, error)
