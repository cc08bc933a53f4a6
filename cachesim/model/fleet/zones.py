"""Fleets in several zones: how far a node is depends on who asks, and bytes between two zones are counted.

SIMPLIFIED: the database stays where `Network` says, and copies from a primary to its replicas count no bytes.
"""

import functools
import math
from collections.abc import Callable
from itertools import count
from typing import Any

import simpy

from cachesim.model.cache_client import CacheClient
from cachesim.model.client import Client
from cachesim.model.fleet.system import FleetSystem, GroupSystem
from cachesim.model.journey import Journey
from cachesim.model.ways import Ways
from cachesim.model.workload import TimedRequest
from cachesim.records import Value
from cachesim.rng import stream
from cachesim.theory.capacity import HEADER


class CountingClient:
    """The client of one node; it counts the bytes that a command and its reply take between two zones.

    These are the key, the value, and the headers of two packets.
    SIMPLIFIED: the words of the protocol, and the packets that a call sends again, do not count.
    """

    def __init__(self, client: CacheClient, tier: Any, journey: Journey) -> None:
        self._client, self._journey = client, journey
        self._engine, self._ways = tier.engine, tier.ways

    def __getattr__(self, name: str) -> Any:
        """Do the rest as the client does."""
        return getattr(self._client, name)

    def _count(self, size: int) -> None:
        self._ways.count(self._journey.client, size + 2 * HEADER)

    def get(self, key: str, replica: bool | None = None) -> simpy.Event:
        """Ask for a key."""
        self._count(len(key) + self._engine.held_bytes(key))
        return self._client.get(key, replica)

    def set(self, key: str, value: Value, ttl: float = math.inf) -> simpy.Event:
        """Store a value."""
        visit = self._client.set(key, value, ttl)  # it may refuse the value
        self._count(len(key) + len(value))
        return visit

    def delete(self, key: str) -> simpy.Event:
        """Remove a key."""
        self._count(len(key))
        return self._client.delete(key)

    def execute(self, *command: Any) -> simpy.Event:
        """Send any command."""
        self._count(self._engine.work(command).bytes)
        return self._client.execute(*command)


class DealtClient(Client):
    """A client of an open loop: its requests come from all processes in turn, as a load balancer deals them.

    Without that, the first clients would serve nearly all requests, all from their own zones.
    """

    system: Any

    def __init__(self, system: Any, number: int, rest: Callable[[Client], None]) -> None:
        super().__init__(system, number, rest)
        self._place = number

    def serve(self, request: TimedRequest) -> None:
        """Serve a request now, as a user of the process whose turn it is."""
        processes = self.system.fleet.processes
        # No other client has this number, so one user's requests never overlap.
        self.number = self._place * processes + next(self.system.turns) % processes
        self.app.belong_to(self.number)
        super().serve(request)


class ZonedFleetSystem(FleetSystem):
    """A fleet whose nodes and clients have zones."""

    client_type = DealtClient

    def __init__(self, *parts: Any) -> None:
        self.turns = count()  # of the processes, in an open loop
        super().__init__(*parts)

    def make_cache(self, name: str) -> Any:
        """Make a node in its zone."""
        tier, fleet, of = super().make_cache(name), self.fleet, self.blueprint
        homes = map(fleet.zone_of_process, range(fleet.processes))
        far = of.network.cross_zone.draws(stream(of.seed, f"{name} network between zones"))
        tier.go_by(Ways(tier.legs, far, [home != fleet.zone_of(name) for home in homes]))
        return tier

    def connect_cache(self, tier: Any, journey: Journey) -> Any:
        """Make a client of one node that counts bytes."""
        return CountingClient(super().connect_cache(tier, journey), tier, journey)

    def connect_asking(self, place: int, journey: Journey) -> Any:
        """Make a client of a node of a cluster whose slots move; it says ASKING, and counts bytes."""
        tier, kind = self.caches[place], super()
        return CountingClient(kind.connect_asking(place, journey), tier, journey)  # type: ignore[attr-defined]


class ZonedGroupSystem(ZonedFleetSystem, GroupSystem):
    """A fleet with replicas whose nodes and clients have zones."""

    def readers(self, key: str, client: int) -> tuple[int, ...]:
        """Give the nodes that may answer a user's read of a replica: near ones, if the fleet says so."""
        return self.topology.readers(key, self.fleet.read_zone(client))


@functools.cache
def with_zones(kind: type[FleetSystem]) -> type[FleetSystem]:
    """Make the class of such a system whose nodes and clients have zones.

    >>> with_zones(GroupSystem).__name__
    'ZonedGroupSystem'
    """
    zoned = ZonedGroupSystem if issubclass(kind, GroupSystem) else ZonedFleetSystem
    return type(f"Zoned{kind.__name__}", (zoned, kind), {})
