"""A fleet whose nodes may fail, come and go: its clients know what their process has learned so far."""

import json
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from cachesim.errors import BadInput
from cachesim.model.app import App
from cachesim.model.fleet.routed import RoutedClient
from cachesim.model.fleet.specs import Pool
from cachesim.model.fleet.splits import Cut, Side, Splits
from cachesim.model.fleet.system import FleetSystem
from cachesim.model.fleet.topology import Places, Topology, Truth, View
from cachesim.model.journey import Journey
from cachesim.model.unreliable.clients import ResilientCacheClient
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.unreliable.tiers import UnreliableTier
from cachesim.records import CACHE, SILENT
from cachesim.rng import uniform

SHOWN = 3  # nodes at each end of a long list, in a sentence


class UnreliableFleetSystem(FleetSystem, UnreliableSystem):
    """A fleet with switches for faults."""

    caches: list[Any]  # tiers that may fail

    def make_caches(self) -> list[Any]:
        """Make the nodes, the truth about the fleet, and what each process knows of it."""
        caches = super().make_caches()
        self.splits = Splits()
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
            raise BadInput(f"a fleet has several caches; name one: node=..., of {self.known()}")
        if name not in self.tiers:
            raise BadInput(f"this fleet has no node {json.dumps(name)}; choose from {self.known()}")
        return super().tier(name)

    def known(self) -> str:
        """Name the nodes for a sentence; of many the first and the last ones."""
        names = [tier.name for tier in self.caches]
        middle = ["..."] if len(names) > 2 * SHOWN else names[SHOWN:-SHOWN]
        return ", ".join([*names[:SHOWN], *middle, *names[SHOWN:][-SHOWN:]])

    def foresee(self, fault: Any) -> None:
        """Refuse a fault of a node that is not there, and that no fault will add."""
        first = len(self.fleet.groups())
        coming = [f"node-{first + n}" for n in range(sum(f.adds for f in self.blueprint.faults))]
        if getattr(fault, "node", None) not in coming:
            super().foresee(fault)

    def split(self, cause: Hashable, nodes: Sequence[str], processes: Sequence[int]) -> None:
        """Cut these nodes, named as faults name them, and these processes off from all others."""
        places = {self.caches.index(self.cache_named(name)) for name in nodes}
        self.splits.begin(cause, Cut(places, frozenset(processes)))
        self.after_split()

    def heal(self, cause: Hashable) -> None:
        """Take a cut back."""
        self.splits.end(cause)
        self.after_split()

    def after_split(self) -> None:
        """Let each node be hidden from the processes that no longer reach it."""
        sides = [self.splits.of_process(number) for number in range(len(self.views))]
        for place, node in enumerate(self.caches):
            node.hide(hidden_from(self.splits.of_node(place), sides))

    def add_node(self, warm: float = 0.0) -> None:
        """Let an empty node join the pool; a miss asks the key's old node too, for `warm` seconds."""
        former = self.truth.now
        members = self.members("AddNode")
        name = f"node-{sum(tier.name.startswith('node-') for tier in self.caches)}"
        tier = self.make_cache(name)
        self.caches.append(tier)
        self.tiers[name] = tier
        self.after_split()
        self._regroup((*members, len(self.caches) - 1))
        if warm:
            self.truth.warm(former, warm)

    def remove_node(self, tier: UnreliableTier) -> None:
        """Let a node leave the pool."""
        place, members = self.caches.index(tier), self.members("RemoveNode")
        if place not in members:
            there = ", ".join(self.caches[member].name for member in members)
            raise BadInput(f'"{tier.name}" is not in the pool; RemoveNode takes one of {there}')
        left = tuple(member for member in members if member != place)
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


def hidden_from(side: Side, processes: Sequence[Side]) -> Callable[[int], bool] | None:
    """Make the function that says whether a user's process stands on another side; None: no process does.

    >>> hidden_from((True,), [(True,), (False,)])(3)
    True
    """
    if all(each == side for each in processes):
        return None
    return lambda user: processes[user % len(processes)] != side
