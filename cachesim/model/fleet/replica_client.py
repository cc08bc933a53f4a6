"""The client of one node in a fleet with replicas, and what `app.cache` of such a fleet adds: readers and `wait`."""

import math
from collections.abc import Callable
from typing import Any, Protocol

import simpy

from cachesim.engines.base import Command
from cachesim.errors import Redirected, SimulatedFailure
from cachesim.model.cache_client import CacheClient
from cachesim.model.events import Visit
from cachesim.model.fleet.client import FleetClient, NodeClients
from cachesim.model.fleet.node import GroupNode
from cachesim.model.journey import Journey
from cachesim.model.unreliable.attempt import at
from cachesim.records import Value

NO_WAIT = "WAIT cannot be used with replica instances"  # redis 7: replication.c, waitCommand


class GroupHost(Protocol):
    """What the clients of a fleet with replicas need of its system; `GroupSystem` is one."""

    caches: list[Any]
    places: Any

    @property
    def fleet(self) -> Any:
        """What the fleet is."""

    @property
    def reads_replicas(self) -> bool:
        """Whether a get that does not say it goes to a replica."""

    def readers(self, key: str, client: int) -> tuple[int, ...]:
        """Give the nodes that may answer a user's read of a replica."""


class GroupNodeClient(CacheClient):
    """The client of one node: what it looks at is as it is now, after the node has caught up."""

    _tier: GroupNode

    def __init__(self, tier: GroupNode, journey: Journey, *parts: Any, **options: Any) -> None:
        super().__init__(tier, journey, *parts, **options)
        if tier.replica is not None:
            self._ask = tier.get

    def _run_execute(self, visit: Visit) -> None:
        command: Command = visit._value
        try:
            visit._value = self._tier.execute(command)
        except SimulatedFailure as error:
            self._refuse(visit, error)

    def wait(self, replicas: int, timeout: float) -> simpy.Event:
        """Wait until `replicas` replicas have what this node has now, for `timeout` seconds at most.

        The value is how many have it then (Redis: WAIT). Each is asked at once, so this takes about one
        round trip.
        """
        return WaitVisit(self._tier, replicas, timeout).sent(self._send, self._journey)


class WaitVisit(Visit):
    """A WAIT: a visit to the primary, and then the time until its replicas have answered.

    It is never in the event queue itself: other events let it fire.
    """

    command = CacheClient._run_wait  # for the sentence about a forgotten yield

    def __init__(self, tier: GroupNode, replicas: int, timeout: float) -> None:
        self.ready(tier.env)
        self._tier, self._replicas, self._timeout = tier, replicas, timeout

    def sent(self, send: Callable[..., Visit], journey: Journey) -> "WaitVisit":
        """Send the command."""
        visit: Any = send(journey, self._run_nothing, None)
        visit.callbacks.append(self._begin)
        journey.note(self)
        return self

    def _run_nothing(self, visit: Visit) -> None:
        """Let the command do nothing by itself."""

    def _begin(self, visit: Visit) -> None:
        """Ask the replicas; or fail, if the primary did not answer."""
        if not visit._ok or self._tier.engine.is_replica:
            self.drop(Redirected(NO_WAIT) if visit._ok else visit._value)
            return
        self._end = self._tier.env._now + self._timeout
        self._offset = self._tier.ask_for_acks()
        self._tier.waiting[self] = None
        self._look()

    def _look(self, event: Any = None) -> None:
        """Answer if enough replicas have it, or if time is up; else look again when they should.

        A replica can be cut off meanwhile, so what was foreseen is looked at once more.
        """
        if self not in self._tier.waiting:
            return
        now, moments = self._tier.env._now, self._tier.acknowledged(self._offset)
        self._value = sum(moment <= now for moment in moments)
        if self._value >= self._replicas or now >= self._end:
            del self._tier.waiting[self]
            self.fire()
            return
        enough = moments[self._replicas - 1] if self._replicas <= len(moments) else math.inf
        at(self._tier.env, min(enough, self._end), self._look)

    def drop(self, failure: SimulatedFailure) -> None:
        """Fail: the primary is gone."""
        self.fail_with(failure)
        self.fire()


class GroupClient(FleetClient):
    """An `app.cache` of a fleet with replicas that never fail."""

    def __init__(self, clients: NodeClients, host: GroupHost, journey: Journey) -> None:
        super().__init__(clients, host)
        self._host, self._journey, self._reads_replicas = host, journey, host.reads_replicas
        self._turn = journey.client  # whose turn it is among the replicas
        self._written = 0  # place of the node that took the last write

    def get(self, key: str, replica: bool | None = None) -> simpy.Event:
        """Ask for a key: the primary, or one replica after the other."""
        if not (self._reads_replicas if replica is None else replica):
            return self._clients[self._places[key]].get(key)
        readers = self._host.readers(key, self._journey.client)
        self._turn += 1
        return self._clients[readers[self._turn % len(readers)]].get(key)

    def set(self, key: str, value: Value, ttl: float = math.inf) -> simpy.Event:
        """Store a value at the key's primary."""
        self._written = place = self._places[key]
        return self._clients[place].set(key, value, ttl)

    def delete(self, key: str) -> simpy.Event:
        """Remove a key from its primary."""
        self._written = self._places[key]
        return super().delete(key)

    def execute(self, *command: Any) -> simpy.Event:
        """Send any command; see `FleetClient.execute`."""
        keys = self._engine.keys_of(command)
        self._written = self._places[keys[0]] if keys else self._written
        return super().execute(*command)

    def wait(self, replicas: int, timeout: float) -> simpy.Event:
        """Wait until replicas have this client's last write; see `GroupNodeClient.wait`."""
        return self._clients[self._written].wait(replicas, timeout)
