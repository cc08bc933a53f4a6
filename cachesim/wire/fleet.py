"""A fleet of servers in one process: a cluster with one port and one engine per node."""

import asyncio
from collections.abc import Callable

from cachesim.clock import Clock
from cachesim.engines.redis.engine import Redis
from cachesim.rng import uniform
from cachesim.wire.cluster import Cluster, ClusterNode
from cachesim.wire.cluster_conversation import ClusterClients
from cachesim.wire.server import Address, Server, run_all


class Fleet:
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
        self.cluster = Cluster(shards, replicas, uniform(seed, "names of nodes"))
        self.servers = {
            node: self._server(spec, node, number, clock, speed, seed)
            for number, node in enumerate(self.cluster.nodes)
        }

    def _server(
        self, spec: Redis, node: ClusterNode, number: int, clock: Clock, speed: float, seed: int
    ) -> Server:
        """Make the server of a node, with an engine of its own."""
        engine = spec.build(clock, uniform(seed, f"eviction {number}"))
        engine.kept_settings["cluster-enabled"] = "yes"
        return Server(engine, speed, ClusterClients(engine, node), self.ended)

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
            server.engine.kept_settings["port"] = str(node.port)  # type: ignore[attr-defined]
