"""A system whose cache is a fleet: the parts of `System`, many nodes, and records that name them."""

from collections.abc import Mapping
from typing import Any

from cachesim.engines.base import Engine
from cachesim.model.app import App
from cachesim.model.cache import CacheTier
from cachesim.model.client import Client
from cachesim.model.fleet.client import FleetClient, NodeClients
from cachesim.model.fleet.specs import Fleet
from cachesim.model.fleet.topology import Places
from cachesim.model.system import System
from cachesim.records import Record, Sink


class FleetSystem(System):
    """A system with a fleet of cache nodes."""

    places: Mapping[str, int]  # where each key is now: place of its node in `caches`

    @property
    def fleet(self) -> Fleet:
        """The description of the fleet."""
        return self.blueprint.fleet  # type: ignore[return-value] # system_for asks for it

    def make_caches(self) -> list[CacheTier]:
        """Make the nodes, and the table that says where each key is."""
        groups = self.fleet.groups()
        names = [name for group in groups for name in group]
        firsts = [names.index(group[0]) for group in groups]
        find = self.fleet.finder()
        self.places = Places(lambda key: firsts[find(key)])
        return [self.make_cache(name) for name in (*names, *self.fleet.spares())]

    def cache_client(self, app: App) -> Any:
        """Make the `app.cache` of a view: it has a client per node."""
        return FleetClient(
            NodeClients(lambda place: self.connect_cache(self.caches[place], app.journey)), self
        )

    def engine_of(self, key: str) -> Engine:
        """Find the engine that holds a key."""
        return self.caches[self.places[key]].engine

    def sink_of(self, client: Client) -> Sink:
        """Make the function that takes a client's records: it adds the columns FLEET_REQUEST."""
        sink = super().sink_of(client)

        def note(record: Record) -> None:
            journey = client.app.journey
            sink((*record, journey.node, journey.hops))
            journey.node, journey.hops = None, 0

        return note

    def counters(self, now: float) -> tuple[float, ...]:
        """Read the counters of all nodes together: sums, and the mean of the busy times."""
        nodes = [tier.counters(now) for tier in self.caches]
        *sums, busy = map(sum, zip(*nodes, strict=True))
        return (*sums, busy / len(nodes), *self.db.counters(now))

    def node_samples(self, now: float) -> list[Record]:
        """Sample each node, in the order of NODE_SAMPLE."""
        return [(now, tier.name, *tier.counters(now), 0.0) for tier in self.caches]
