"""What `yield app.cache.get(key)` waits for in a fleet that may fail: calls to one node after the other."""

import math
from collections.abc import Mapping
from typing import Any, Protocol

import simpy

from cachesim.errors import (
    ConnectionLost,
    ConnectionRefused,
    Redirected,
    SimulatedFailure,
    TimedOut,
)
from cachesim.model.app import App
from cachesim.model.cache_client import CacheClient
from cachesim.model.events import Environment, Visit
from cachesim.model.fleet.client import Dirty, NodeClients, check_together
from cachesim.model.fleet.topology import View
from cachesim.model.fleet.warming import PASSED_ON, Warming
from cachesim.model.unreliable.clients import UNREACHABLE
from cachesim.records import Value

NO_ANSWER = (TimedOut, ConnectionLost, ConnectionRefused)  # the node may be gone
WRITES = ("set", "delete", "execute")  # a WAIT that follows is about their node
HOPS = 5  # times that a command is sent to another node, at most: redis-py follows 16


class RoutedHost(Protocol):
    """What a client of a fleet needs of its system; `UnreliableFleetSystem` is one."""

    env: Environment
    blueprint: Any
    caches: list[Any]
    places: Mapping[str, int]

    @property
    def fleet(self) -> Any:
        """What the fleet is."""

    @property
    def reads_replicas(self) -> bool:
        """Whether a get that does not say it goes to a replica."""

    def view_of(self, client: int) -> View:
        """Give what the process that serves a user knows of the fleet."""


class Routed(Visit):
    """One command of a client: it fires once, with the answer or the failure of the last node asked.

    Like a Call it is never in the event queue itself.
    """

    def __init__(
        self,
        client: "RoutedClient",
        name: str,
        key: str | None,
        arguments: tuple[Any, ...],
        turn: int | None = None,
    ) -> None:
        self.ready(client.env)
        self.client, self.name, self.key, self.arguments = client, name, key, arguments
        self.turn = turn  # which of the replicas may answer; None: only the primary
        self.command = getattr(
            CacheClient, f"_run_{name}"
        )  # for the sentence about a forgotten yield
        self.hops = 0
        self.first = client.journey.lookup is None  # whether it is the request's first lookup

    def ask(self) -> "Routed":
        """Send the command to the node that the client's process holds for the right one."""
        view = self.client.view()
        self.node = 0 if self.key is None else view.node_of(self.key, self.turn)
        arguments = view.arguments(self.node, self.name, self.arguments)
        if self.turn is not None:
            arguments = *arguments, True
        visit: Any = getattr(self.client.clients[self.node], self.name)(*arguments)
        visit.callbacks.append(self._ended)
        return self

    def _ended(self, visit: Visit) -> None:
        if not visit._ok:
            self._failed(visit._value)
            return
        view = self.client.view()
        view.answered(self.node)
        self._value = visit._value
        is_done = self.name not in PASSED_ON or (self.name == "get" and self._value is not None)
        former = None if is_done or self.key is None else view.former(self.key, self.node)
        if former is None:
            self.fire()
        else:
            Warming(self, former)

    def _failed(self, failure: SimulatedFailure) -> None:
        """Ask another node, if the process now knows of one; else end."""
        view = self.client.view()
        if isinstance(failure, NO_ANSWER):
            view.failed(self.node)
        worth = isinstance(failure, (Redirected, *NO_ANSWER)) and self.hops < HOPS
        asked_another = self.turn is not None and self.node != view.node_of(self.key or "")
        self.turn = None  # the primary is asked next
        if worth and (view.refresh() or asked_another):
            self.hops += 1
            self.client.journey.count_hop()
            self.ask()
            return
        self._value = None
        self.client.give_up(self, failure)
        self.fire()


class RoutedClient:
    """An `app.cache` that finds the node of each key in what its process knows of the fleet."""

    kind = Routed  # of what its commands are

    def __init__(self, app: App, host: RoutedHost, clients: NodeClients, *, raises: bool) -> None:
        self.env, self.journey, self.clients = host.env, app.journey, clients
        self._app, self.host, self._raises = app, host, raises
        self._turn = app.client  # whose turn it is among the replicas
        self._written: str | None = None  # the key of the last write
        self.dirty = Dirty(host)

    def view(self) -> View:
        """Give what the process of the present user knows."""
        return self.host.view_of(self._app.client)

    def get(self, key: str, replica: bool | None = None) -> simpy.Event:
        """Ask for a key; see `CacheClient.get`."""
        turn = None
        if self.host.reads_replicas if replica is None else replica:
            turn = self._turn = self._turn + 1
        return self._routed("get", key, key, turn=turn)

    def set(self, key: str, value: Value, ttl: float = math.inf) -> simpy.Event:
        """Store a value; see `CacheClient.set`."""
        return self._routed("set", key, key, value, ttl)

    def delete(self, key: str) -> simpy.Event:
        """Remove a key; see `CacheClient.delete`."""
        return self._routed("delete", key, key)

    def execute(self, *command: Any) -> simpy.Event:
        """Send any command to the node of its keys; see `FleetClient.execute`."""
        keys = self.host.caches[0].engine.keys_of(command)
        if len(keys) > 1:
            check_together(command[0], keys, self.host.places, self.host.fleet)
        return self._routed("execute", keys[0] if keys else None, *command)

    def note(self, key: str, outcome: str | None = None) -> None:
        """Write into the record how a lookup ended; see `CacheClient.note`."""
        self.clients[self.view().node_of(key)].note(key, outcome)

    def wait(self, replicas: int, timeout: float) -> simpy.Event:
        """Wait for replicas of the last written key; see `CacheClient.wait`."""
        return self._routed("wait", self._written, replicas, timeout)

    def _routed(
        self, name: str, key: str | None, *arguments: Any, turn: int | None = None
    ) -> Routed:
        if name in WRITES:
            self._written = key
        routed = self.kind(self, name, key, arguments, turn).ask()
        self.journey.note(routed)
        return routed

    def give_up(self, routed: Routed, failure: SimulatedFailure) -> None:
        """Go on as if the key were absent, or fail, as the scenario says."""
        if self._raises:
            routed.fail_with(failure)
        elif routed.name == "get" and self.journey.lookup is None:
            self.journey.lookup = UNREACHABLE
