"""A cluster whose slots may move: what its nodes answer meanwhile, and what a failover does to a slot on its way.

SIMPLIFIED: a replica that is promoted knows which slots are on their way, and removes at once what had
left for another shard. (Redis 7.0 forgets the first, and leaves the second to `redis-cli --cluster fix`.)
"""

from collections.abc import Sequence
from typing import Any

from cachesim.engines.base import Engine
from cachesim.engines.redis.moving import living, take_away
from cachesim.engines.redis.slots import dealt
from cachesim.errors import BadInput, CommandError, Redirected, SimulatedFailure
from cachesim.model.app import App
from cachesim.model.fleet.failing_node import FailingNode
from cachesim.model.fleet.failover import UnreliableGroupSystem
from cachesim.model.fleet.groups import Shards
from cachesim.model.fleet.migration import Operator
from cachesim.model.fleet.slot_client import SlotNodeClient, SlotRoutedClient
from cachesim.model.fleet.slot_table import Passage, SlotTable
from cachesim.model.fleet.topology import Topology
from cachesim.model.journey import Journey
from cachesim.records import SILENT, SPARE, SlotMove

TRYAGAIN = "TRYAGAIN Multiple keys request during rehashing of slot"  # redis 7: cluster.c


class ReshardingSystem(UnreliableGroupSystem):
    """A cluster with switches for faults whose slots may move."""

    fleet: Shards  # system_for asks for it

    def make_caches(self) -> list[Any]:
        """Make the nodes, and the table of the slots."""
        self.shards = [list(names) for names in self.fleet.groups()]  # shard -> its nodes
        self.table = SlotTable(dealt(self.fleet.shards, self.fleet.weights))
        self.left: set[int] = set()  # shards that have left the cluster
        self.slot_moves: list[SlotMove] = []  # so far
        self.operator = Operator(self)
        caches = super().make_caches()
        self.truth.states.clear()
        self.change(self._with_slots(self._topology))
        return caches

    def _with_slots(self, known: Topology) -> Topology:
        """Make a state with the same nodes, and the slots as they are now."""
        return Topology(self.table.state(), known.primaries, known.replicas, known.zones)

    # --- the clients

    def cache_client(self, app: App) -> Any:
        """Make the `app.cache` of a view: it follows ASK, too."""
        return SlotRoutedClient(app, self, self.node_clients(app), raises=self.raises)

    def connect_cache(self, tier: Any, journey: Journey) -> SlotNodeClient:
        """Make a client of one node."""
        return SlotNodeClient(self, tier, journey, self.channel_to(tier))

    def connect_asking(self, place: int, journey: Journey) -> SlotNodeClient:
        """Make a client that says ASKING before each command."""
        tier = self.caches[place]
        return SlotNodeClient(self, tier, journey, self.channel_to(tier), asking=True)

    def place_of(self, name: str) -> int:
        """Find the place of a node by its name."""
        return next(place for place, node in enumerate(self.caches) if node.name == name)

    def engine_of(self, key: str) -> Engine:
        """Find the engine that holds a key, or would take it."""
        engine: Engine = self.primary(self.table.holder(key)).engine
        return engine

    # --- what a node answers

    def refusal(
        self, node: FailingNode, keys: Sequence[str], *, asking: bool, readonly: bool
    ) -> SimulatedFailure | None:
        """Give the error of a node that may not execute a command with these keys, all of one slot.

        References
        ----------
        redis 7: cluster.c, getNodeByQuery.
        """
        if not keys:
            return None
        slot = self.table.slots[keys[0]]
        owner, passage = self.table.owners[slot], self.table.passages.get(slot)
        shard, is_primary = self._group_of(self.caches.index(node)), not node.engine.is_replica
        if is_primary and passage is not None and shard == passage.source:
            return self._at_source(node, keys, slot, passage)
        if is_primary and passage is not None and shard == passage.target and asking:
            several = len(set(keys)) > 1
            return CommandError(TRYAGAIN) if several and missing(node, keys) else None
        if shard == owner and (is_primary or readonly):
            return None
        return Redirected(f"MOVED {slot} {self.primary(owner).name}")

    def _at_source(
        self, node: FailingNode, keys: Sequence[str], slot: int, passage: Passage
    ) -> SimulatedFailure | None:
        """Serve keys that are still here; for others, send the client to the target."""
        gone = missing(node, keys)
        if not gone:
            return None
        if len(gone) < len(keys):
            return CommandError(TRYAGAIN)
        target = self.primary(passage.target)
        passage.away.update(gone)
        for key in gone:
            self._explain(key, node, target)
        return Redirected(f"ASK {slot} {target.name}")

    def _explain(self, key: str, source: FailingNode, target: FailingNode) -> None:
        """Let the target know why a key is not there: the reason of a miss moves, too."""
        why = source.engine.databases[0].gone.pop(key, None)
        if why is not None and key not in target.engine.table.entries:
            target.engine.databases[0].gone.setdefault(key, why)

    # --- slots and shards

    def primary(self, shard: int) -> Any:
        """Find the primary of a shard."""
        return self.caches[self.topology.primaries[shard]]

    def shard_named(self, name: str) -> int:
        """Find a shard of the cluster by its name, such as "shard-1"."""
        known = {f"shard-{shard}": shard for shard in self.present()}
        if name not in known:
            raise BadInput(f'this cluster has no shard "{name}"; choose from {", ".join(known)}')
        return known[name]

    def present(self) -> list[int]:
        """Give the shards that have not left."""
        return [shard for shard in range(len(self.shards)) if shard not in self.left]

    def cache_named(self, name: str) -> Any:
        """Find a node by its name, or by its role in a shard, also in one that joined."""
        shard, _, role = name.rpartition(" ")
        if role == "primary" and shard in {names[0].rpartition(" ")[0] for names in self.shards}:
            return self.primary(int(shard.rpartition("-")[2]))
        return super().cache_named(name)

    def foresee(self, fault: Any) -> None:
        """Refuse a fault of a node that is not there, and whose shard will not join."""
        first, joins = len(self.shards), sum(each.adds for each in self.blueprint.faults)
        coming = [f"shard-{first + number}" for number in range(joins)]
        if getattr(fault, "node", "").partition(" ")[0] not in coming:
            super().foresee(fault)

    def hand_over(self, slot: int, passage: Passage) -> None:
        """Make the target the owner of a slot that has no keys left at the source."""
        del self.table.passages[slot]
        source, target = self.primary(passage.source), self.primary(passage.target)
        source.engine.begin()
        for key in self.table.keys[slot]:
            source.engine.find(key)  # a dead one is removed
            self._explain(key, source, target)
            if key in source.dirty:
                target.dirty[key] = source.dirty.pop(key)
        self.table.give(slot, passage.target)
        self.change(self._with_slots(self.topology))
        moved = SlotMove(self.env._now, slot, source.name, target.name, passage.moved)
        self.slot_moves.append(moved)

    def add_shard(self) -> int:
        """Let an empty shard with its replicas join; it owns no slot yet. Return its number."""
        shard, first = len(self.shards), len(self.caches)
        names = [f"shard-{shard} node-{n}" for n in range(1 + self.fleet.replicas)]
        self.shards.append(names)
        for name in names:
            self.caches.append(self.make_cache(name))
            self.tiers[name] = self.caches[-1]
        now, replicas = self.topology, range(first + 1, len(self.caches))
        zones = (*now.zones, *map(self.fleet.zone_of, names))
        primaries, followers = (*now.primaries, first), (*now.replicas, tuple(replicas))
        self.change(Topology(now.groups, primaries, followers, zones))
        for node in self.caches[first:]:
            node.require(self.fleet.min_replicas, self.fleet.max_lag)
        for place in replicas:
            self.let_follow(self.caches[place], self.caches[first])
        return shard

    def role_of(self, place: int) -> str:
        """Say what a node is now; one whose shard has left has no keys."""
        role = super().role_of(place)
        return SPARE if role != SILENT and self._group_of(place) in self.left else role

    # --- failover

    def promote(self, group: int, place: int) -> None:
        """Make a replica the primary of its shard; what had left the shard is neither lost nor there."""
        before, holder, engine = len(self._lost), self.table.holder, self.caches[place].engine
        super().promote(group, place)
        self._lost[before:] = [
            each for each in self._lost[before:] if each.key is None or holder(each.key) == group
        ]
        for key in [key for key in engine.table.entries if holder(key) != group]:
            take_away(key, engine)


def missing(node: FailingNode, keys: Sequence[str]) -> list[str]:
    """Name the keys that a node does not have now."""
    return [key for key in keys if living(node.engine, key) is None]
