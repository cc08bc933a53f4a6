"""A fleet of servers in one process: a cluster with one port and one engine per node."""

import asyncio
from collections.abc import Callable
from functools import partial

from cachesim.clock import Clock
from cachesim.engines.base import Random
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.rng import uniform
from cachesim.wire.addresses import Address
from cachesim.wire.cluster import Cluster, ClusterNode
from cachesim.wire.cluster_conversation import ClusterClients
from cachesim.wire.server import Server, run_all


def facts_of_replica(node: ClusterNode) -> dict[str, object]:
    """Give a replica's section of INFO about replication (redis 7: server.c, genRedisInfoString)."""
    return {
        "role": "slave",
        "master_host": node.owner.host,
        "master_port": node.owner.port,
        "master_link_status": "up",
        "master_last_io_seconds_ago": 0,
        "master_sync_in_progress": 0,
        "slave_read_repl_offset": node.offset,
        "slave_repl_offset": node.offset,
        "slave_priority": 100,
        "slave_read_only": 1,
        "replica_announced": 1,
        "connected_slaves": 0,
        "master_repl_offset": node.offset,
    }


class ServedCluster:
    """The servers of a cluster.

    Parameters
    ----------
    spec : Redis
        Of every node; so `memory` is per node.
    shards, replicas : int
        The number of primaries, and of replicas of each.
    clock : callable
        The time of all engines in seconds.
    speed : float
        Simulated seconds per second.
    seed : int
        Of the nodes' names and of each engine's draws.
    """

    def __init__(
        self, spec: Redis, shards: int, replicas: int, clock: Clock, speed: float, seed: int
    ) -> None:
        self.ended = asyncio.Event()
        self.clock, self.speed = clock, speed
        self.cluster = Cluster(shards, replicas, uniform(seed, "names of nodes"))
        self.servers: dict[ClusterNode, Server] = {}
        for number, node in enumerate(self.cluster.nodes):
            draw = uniform(seed, f"eviction {number}")
            self.servers[node] = self._server(node, self._engine(spec, node, draw))

    def _engine(self, spec: Redis, node: ClusterNode, draw: Random) -> RedisEngine:
        """Make the engine of a node. A replica's primary comes before it."""
        if node.primary:
            assert node.primary.engine is not None
            node.engine = node.primary.engine.copy(self.clock, draw)
            return node.engine
        if node.replicas or self.speed == 1:  # a real server can be a replica, too
            node.engine = ReplicatedEngine(spec, self.clock, draw)
            return node.engine
        return spec.build(self.clock, draw)

    def _server(self, node: ClusterNode, engine: RedisEngine) -> Server:
        """Make the server of a node; a replica is added to its primary's."""
        engine.settings["cluster-enabled"] = "yes"
        clients = ClusterClients(engine, node)
        if clients.primary is not None:
            clients.primary.has_real_time = self.speed == 1
        if node.primary and isinstance(engine, ReplicatedEngine):
            engine.about_replicas = partial(facts_of_replica, node)
            primary = self.servers[node.primary].clients.primary
            assert primary is not None
            primary.copies.append((lambda: (node.host, node.port), engine))
        return Server(engine, self.speed, clients, self.ended)

    async def run(self, host: str, port: int, ready: Callable[[str], None]) -> None:
        """Serve until the end, each node at the next port; port 0: each at any that is free.

        `ready` is called with the addresses in the order of the nodes. Raises BadInput.
        """
        places = {
            server: Address(host, port and port + number)
            for number, server in enumerate(self.servers.values())
        }

        def opened() -> None:
            self._note_addresses()
            ready(" ".join(server.shown for server in self.servers.values()))

        await run_all(places, self.ended, opened)

    def _note_addresses(self) -> None:
        for node, server in self.servers.items():
            node.host, node.port = server.names()[0][:2]
            server.engine.settings["port"] = node.port  # type: ignore[attr-defined]
