"""A system whose cache is a fleet: the parts of `System`, many nodes, and records that name them."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from cachesim.engines.base import Engine
from cachesim.model.app import App
from cachesim.model.cache import CacheTier
from cachesim.model.cache_client import CacheClient
from cachesim.model.client import Client
from cachesim.model.fleet.client import FleetClient, NodeClients
from cachesim.model.fleet.groups import Groups
from cachesim.model.fleet.node import GroupNode
from cachesim.model.fleet.replica_client import GroupClient, GroupNodeClient
from cachesim.model.fleet.specs import Fleet
from cachesim.model.fleet.topology import Places, Topology
from cachesim.model.journey import Journey
from cachesim.model.system import System
from cachesim.records import FOLLOWER, PRIMARY, SPARE, Record, Sink


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
        names, number = [name for group in groups for name in group], count()
        places = [[next(number) for _ in group] for group in groups]
        self._topology = Topology(
            Places(self.fleet.finder()),
            [first for first, *_ in places],
            [rest for _, *rest in places],
            [self.fleet.zone_of(name) for name in names],
        )
        self.places = self._topology.nodes
        return [self.make_cache(name) for name in (*names, *self.fleet.spares())]

    @property
    def topology(self) -> Topology:
        """The present state of the fleet."""
        return self._topology

    @property
    def reads_replicas(self) -> bool:
        """Whether a get that does not say it goes to a replica."""
        return False

    def cache_client(self, app: App) -> Any:
        """Make the `app.cache` of a view: it has a client per node."""
        return FleetClient(self.node_clients(app), self)

    def node_clients(self, app: App) -> NodeClients:
        """Make the clients of the nodes for a view, each when it is first needed."""
        return NodeClients(lambda place: self.connect_cache(self.caches[place], app.journey))

    def engine_of(self, key: str) -> Engine:
        """Find the engine that holds a key."""
        return self.caches[self.places[key]].engine

    def sink_of(self, client: Client) -> Sink:
        """Make the function that takes a client's records: it adds the columns FLEET_REQUEST."""
        sink = super().sink_of(client)

        def note(record: Record) -> None:
            journey = client.app.journey
            sink(record + (journey.node, journey.hops))  # noqa: RUF005 # faster than a star
            journey.node, journey.hops = None, 0

        return note

    def counters(self, now: float) -> tuple[float, ...]:
        """Read the counters of all nodes together: sums, and the mean of the busy times."""
        nodes = [tier.counters(now) for tier in self.caches]
        *sums, busy = map(sum, zip(*nodes, strict=True))
        return (*sums, busy / len(nodes), *self.db.counters(now))

    def node_samples(self, now: float) -> list[Record]:
        """Sample each node, in the order of NODE_SAMPLE."""
        return [
            (
                now,
                tier.name,
                self.role_of(place),
                *tier.counters(now),
                self.lag_of(tier),
                tier.crossed,
            )
            for place, tier in enumerate(self.caches)
        ]

    def lag_of(self, node: Any) -> float:
        """Give the seconds that a node is behind its primary: it is one."""
        return 0.0

    def role_of(self, place: int) -> str:
        """Say what a node is now: one of records.ROLES."""
        topology = self.topology
        if place in topology.primaries:
            return PRIMARY
        return FOLLOWER if any(place in group for group in topology.replicas) else SPARE


class GroupSystem(FleetSystem):
    """A system whose fleet has replicas."""

    @property
    def fleet(self) -> Groups:
        """The description of the fleet."""
        return self.blueprint.fleet  # type: ignore[return-value] # system_for asks for it

    @property
    def reads_replicas(self) -> bool:
        """Whether a get that does not say it goes to a replica."""
        return self.fleet.reads != "primary"

    def readers(self, key: str, client: int) -> tuple[int, ...]:
        """Give the nodes that may answer a user's read of a replica."""
        return self._topology.readers(key)

    def _load(self) -> None:
        """Load the rows; then let the replicas follow their primaries, warm if these are."""
        super()._load()
        for node in self.caches:
            node.require(self.fleet.min_replicas, self.fleet.max_lag)  # type: ignore[attr-defined]
        for group, primary in enumerate(self._topology.primaries):
            for place in self._topology.replicas[group]:
                self.let_follow(self.caches[place], self.caches[primary])

    def let_follow(self, replica: Any, primary: Any) -> None:
        """Let a node follow another one from now on."""
        of = self.blueprint
        replica.follow(primary, self.fleet.lag, of.node.service.mean, of.network.cache_leg.mean / 2)

    def make_cache(self, name: str) -> CacheTier:
        """Make a node that can be a primary or a replica."""
        return self.make_node(GroupNode, name)

    def make_node(self, kind: type[GroupNode], name: str) -> GroupNode:
        """Make a node of this kind."""
        of = self.blueprint
        parts = (self.env, of.cache, of.node, of.network, of.seed, name)
        return kind(self.fleet.backlog, *parts)

    def connect_cache(self, tier: Any, journey: Journey) -> CacheClient:
        """Make a client of one node."""
        return GroupNodeClient(tier, journey, raises=self.raises)

    def cache_client(self, app: App) -> Any:
        """Make the `app.cache` of a view: its gets may go to replicas."""
        return GroupClient(self.node_clients(app), self, app.journey)

    def lag_of(self, node: Any) -> float:
        """Give the seconds that a node is behind its primary."""
        return float(node.lag())
