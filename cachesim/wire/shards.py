"""The nodes of one shard behind ports: which of them leads, which is down, which is new.

All of it runs in the thread of `ServedNodes`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cachesim.engines.base import EngineSpec
from cachesim.engines.redis.engine import RedisEngine
from cachesim.engines.redis.rdb_load import install, keys_in
from cachesim.engines.redis.rdb_reader import RdbReader
from cachesim.engines.redis.slots import slot_of
from cachesim.rng import uniform
from cachesim.wire.clients import Clients
from cachesim.wire.cluster import Cluster, ClusterNode
from cachesim.wire.cluster_conversation import ClusterClients
from cachesim.wire.nodes import ServedNode, ServedNodes


class ServedShard:
    """The nodes of a shard; one without replicas has one node.

    Parameters
    ----------
    nodes : ServedNodes
        The thread.
    spec : EngineSpec
        Of each node.
    part : ClusterNode, optional
        The part of a cluster that the shard is; it is the first node's place in it.
    """

    def __init__(
        self, nodes: ServedNodes, spec: EngineSpec, part: ClusterNode | None = None
    ) -> None:
        self.thread, self.spec, self.part = nodes, spec, part
        self.nodes: dict[str, ServedNode] = {}
        self.places: dict[str, ClusterNode] = {}  # of the nodes in a cluster
        self.leader = ""

    async def follow(
        self, names: Sequence[str], leader: str, down: Mapping[str, float], now: float
    ) -> None:
        """Be as the service says: these nodes, this leader; some go down until a moment, in seconds."""
        before = self._picture()
        for name in [name for name in self.nodes if name not in names]:
            self.nodes.pop(name).close()
        for name in down.keys() & self.nodes.keys():
            self.nodes[name].close()
            self.nodes[name].back = down[name]
        self.leader = leader
        for name in sorted(names, key=lambda name: name != leader):  # the leader first
            node = self.nodes.setdefault(name, ServedNode(name))
            if node.server is None and node.back <= now:
                await self._open(node)
        if self._picture() != before:
            self.take_roles()

    def _picture(self) -> list[Any]:
        return [self.leader, *((name, node.server) for name, node in self.nodes.items())]

    async def _open(self, node: ServedNode) -> None:
        """Start a node: as a copy of the leader, if that is another one and up."""
        head = self.nodes.get(self.leader)
        copied = None if node is head or head is None or not head.server else head.engine
        if copied is not None and copied.is_replica:
            copied.promote()
        draw = uniform(0, f"{node.name} eviction")
        engine = self.thread.engine(self.spec, draw, copied)
        clients = None
        if isinstance(engine, RedisEngine):
            clients = Clients(engine) if self.part is None else self._in_cluster(node, engine)
        await node.open(engine, clients)
        if node.name in self.places:
            self.places[node.name].port = node.port

    def _in_cluster(self, node: ServedNode, engine: Any) -> Clients:
        assert self.part is not None
        part, cluster = self.part, self.part.cluster
        place = self.places.get(node.name)
        if place is None and not self.places:
            place = part
        elif place is None:
            name = "".join(f"{int(uniform(0, node.name + str(n))() * 16):x}" for n in range(40))
            place = ClusterNode(cluster, name, part.epoch, part.slots)
            cluster.nodes.append(place)
        place.engine = engine
        self.places[node.name] = place
        return ClusterClients(engine, place)

    def take_roles(self) -> None:
        """Let the leader, if it is up, lead all others that are."""
        head = self.nodes.get(self.leader)
        if head is None or not head.server or not isinstance(head.engine, RedisEngine):
            return
        up = [each for each in self.nodes.values() if each is not head and each.server]
        head.lead(up)
        if self.part is None:
            return
        new, old = self.places[head.name], self.part
        cluster = new.cluster
        cluster.primaries[cluster.primaries.index(old)] = self.part = new
        new.primary = None
        new.replicas = [self.places[each.name] for each in up]
        shown = [new, *new.replicas]
        cluster.nodes[:] = [
            each for each in cluster.nodes if each in shown or each not in self.places.values()
        ] + [each for each in shown if each not in cluster.nodes]
        for each in new.replicas:
            each.primary, each.replicas = new, []


def parts_of(shards: int, seed: int) -> list[ClusterNode]:
    """Make a cluster without nodes yet; return the part of each of its shards."""
    return list(Cluster(shards, 0, uniform(seed, "names of nodes")).primaries)


def put_keys(shards: Sequence[ServedShard], file: bytes) -> None:
    """Let the leaders of the shards hold the keys of an RDB file, each its own, and nothing else."""
    leaders = {id(shard.part): shard.nodes[shard.leader].engine for shard in shards}
    for engine in leaders.values():
        engine.flush()
    for shard in shards:
        shard.take_roles()  # the replicas hear of that before the new keys are there
    first = next(iter(leaders.values()))
    for each in keys_in(RdbReader(file[9:]), first):
        part = shards[0].part
        owner = None if part is None else part.cluster.owner_of(slot_of(each.key.encode()))
        install(leaders[id(owner)], each)
    for shard in shards:
        for name, node in shard.nodes.items():
            if name != shard.leader and node.server:
                node.engine.applied = 0  # it must copy everything
        shard.take_roles()
