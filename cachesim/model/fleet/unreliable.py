"""A fleet whose nodes may fail, come and go: its clients know what their process has learned so far."""

from typing import Any

from cachesim.errors import BadInput
from cachesim.model.app import App
from cachesim.model.fleet.routed import RoutedClient
from cachesim.model.fleet.specs import Pool
from cachesim.model.fleet.system import FleetSystem
from cachesim.model.fleet.topology import Places, Topology, Truth, View
from cachesim.model.journey import Journey
from cachesim.model.unreliable.clients import ResilientCacheClient
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.unreliable.tiers import UnreliableTier
from cachesim.records import CACHE, SILENT
from cachesim.rng import uniform


class UnreliableFleetSystem(FleetSystem, UnreliableSystem):
    """A fleet with switches for faults."""

    caches: list[Any]  # tiers that may fail

    def make_caches(self) -> list[Any]:
        """Make the nodes, the truth about the fleet, and what each process knows of it."""
        caches = super().make_caches()
        self.truth = Truth(lambda: self.env._now, self._topology)
        draw = uniform(self.blueprint.seed, "views of the fleet")
        self.views = [self.fleet.view(self.truth, draw) for _ in range(self.fleet.processes)]
        for process, view in enumerate(self.views):
            view.read_in(self.fleet.read_zone(process))
        return caches

    def cache_client(self, app: App) -> Any:
        """Make the `app.cache` of a view: it asks what its process knows."""
        return RoutedClient(app, self, self.node_clients(app), raises=self.raises)

    def connect_cache(self, tier: Any, journey: Journey) -> Any:
        """Make a client of one node; it fails where the node fails, and a RoutedClient decides what follows."""
        return ResilientCacheClient(tier, journey, self.channel_to(tier), raises=True)

    def view_of(self, client: int) -> View:
        """Give what the process that serves a user knows of the fleet."""
        return self.views[client % len(self.views)]

    def role_of(self, place: int) -> str:
        """Say what a node is now; nobody hears of one that is silent."""
        return SILENT if self.caches[place].is_silent else super().role_of(place)

    # --- for faults

    def change(self, topology: Topology) -> None:
        """Let the fleet be in another state from now on."""
        self.truth.change(topology)
        self._topology, self.places = topology, topology.nodes

    def tier(self, name: str) -> UnreliableTier:
        """Find a tier by its name; a fleet has several caches."""
        if name == CACHE:
            nodes = ", ".join(tier.name for tier in self.caches)
            raise BadInput(f"a fleet has several caches; name one: node=..., of {nodes}")
        return super().tier(name)

    def add_node(self, warm: float = 0.0) -> None:
        """Let an empty node join the pool; a miss asks the key's old node too, for `warm` seconds."""
        former = self.truth.now
        members = self.members("AddNode")
        name = f"node-{sum(tier.name.startswith('node-') for tier in self.caches)}"
        tier = self.make_cache(name)
        self.caches.append(tier)
        self.tiers[name] = tier
        self._regroup((*members, len(self.caches) - 1))
        if warm:
            self.truth.warm(former, warm)

    def remove_node(self, tier: UnreliableTier) -> None:
        """Let a node leave the pool."""
        place = self.caches.index(tier)
        left = tuple(member for member in self.members("RemoveNode") if member != place)
        if not left:
            raise BadInput(f'"{tier.name}" is the last node of the pool; it cannot leave')
        self._regroup(left)
        self.caches[place].engine.flush()

    def members(self, asked_by: str) -> tuple[int, ...]:
        """Give the places of the pool's nodes; BadInput if the fleet is no pool."""
        if not isinstance(self.fleet, Pool):
            raise BadInput(f"{asked_by} changes a Pool, and this fleet is {self.fleet!r}")
        return self.truth.now.primaries

    def _regroup(self, members: tuple[int, ...]) -> None:
        """Let the route choose among these nodes: each is a group of its own."""
        owner = self.fleet.ring(members)  # type: ignore[attr-defined] # a Pool
        self.change(Topology(Places(lambda key: members.index(owner[key])), members))
