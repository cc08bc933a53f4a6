"""Nodes of a managed service that come and go: servers in a thread of their own, and ports that follow.

Everything here but `ServedNodes.do` runs in that thread.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from cachesim.clock import Clock
from cachesim.engines.base import EngineSpec, Random
from cachesim.engines.counters import Counters, counters
from cachesim.engines.memcached.engine import MemcachedEngine
from cachesim.engines.redis.engine import MOST_TICKS, RedisEngine
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.wire.addresses import Address
from cachesim.wire.clients import Clients
from cachesim.wire.primary import Primary
from cachesim.wire.served_cluster import facts_of_replica
from cachesim.wire.server import Server

HOST = "127.0.0.1"
OLD_KEY = "AmazonElastiCache:cluster"  # where clients of memcached before 1.4.14 look
BLOCK = 65536  # bytes of one read
T = TypeVar("T")


class PatientEngine(ReplicatedEngine):
    """A Redis whose cron skips what is long past, when simulated time has jumped."""

    def _cron(self, tick: int) -> None:
        self._tick = max(self._tick, tick - MOST_TICKS)
        super()._cron(tick)


class ServedNode:
    """One node: an engine, its server, and the port that it keeps for its whole life."""

    host = HOST

    def __init__(self, name: str) -> None:
        self.name, self.port = name, 0
        self.engine: Any = None
        self.server: Server | None = None  # None: it is down
        self.owner = self  # the node that it follows; itself: none
        self.back = 0.0  # seconds: when it is up again
        self.came = 0  # connections so far

    @property
    def offset(self) -> int:
        """How far it is in the replication stream, in bytes."""
        found: int = self.engine.offset
        return found

    async def open(self, engine: Any, clients: Clients | None = None) -> None:
        """Serve an engine, at the port that it had before."""
        self.engine, self.owner = engine, self
        self.server = Server(engine, 1, clients)
        if isinstance(engine, RedisEngine):
            engine.settings["cluster-enabled"] = "yes" if hasattr(clients, "node") else "no"
        conversation = self.server.conversation

        def join(peer: str, here: str) -> Any:
            self.came += 1
            return conversation(peer, here)

        self.server.conversation = join  # type: ignore[method-assign]
        await self.server.open(Address(HOST, self.port))
        self.port = self.server.names()[0][1]

    def close(self) -> None:
        """Be down: nobody listens, and all clients are cut off."""
        if self.server is not None:
            self.server.close()
            self.server = None

    def lead(self, others: list["ServedNode"]) -> None:
        """Be the primary of other nodes that are up, each with an engine that follows this one."""
        assert self.server is not None
        if self.engine.is_replica:
            self.engine.promote()
        clients = self.server.clients
        clients.primary = clients.primary or Primary(self.engine)
        self.owner = self
        clients.primary.spread()  # what was written before must not come a second time
        clients.primary.copies = [other.obey(self) for other in others]

    def obey(self, head: "ServedNode") -> tuple[Callable[[], tuple[str, int]], Any]:
        """Follow a primary; return where this node is, and its engine."""
        self.engine.follow(head.engine)
        self.owner = head
        self.engine.about_replicas = lambda: facts_of_replica(self)  # type: ignore[arg-type]
        return lambda: (self.host, self.port), self.engine

    def let_in(self, rules: Iterable[str]) -> None:
        """Have these users, a line of an ACL each, and no others; a Memcached has none.

        Who is connected has the new rights at once. SIMPLIFIED: IAM and TLS are not known here.
        """
        if isinstance(self.engine, RedisEngine):
            users, lines = self.engine.users, {name: rest for name, *rest in map(str.split, rules)}
            for name in lines:
                users.put(users.changed(name, lines[name]))
            for name in users.by_name.keys() - lines.keys():
                users.delete(name)

    def counted(self) -> Counters:
        """Return the counters of its engine, of what users were refused, and of its connections."""
        connected = 0 if self.server is None else len(self.server.connections)
        refused = self.engine.users.refused if isinstance(self.engine, RedisEngine) else {}
        denied = {f"refused_{reason}": count for reason, count in refused.items()}
        own = {"connected": self.came, "connections": connected}
        return {**counters(self.engine), **denied, **own}


class Forward:
    """A port whose new connections go to the port that `target` names then; None: nobody is there."""

    def __init__(self, target: Callable[[], int | None]) -> None:
        self.target = target
        self.port = 0
        self.pipes: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen at a free port."""
        self.server = await asyncio.start_server(self._join, HOST, 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Listen no more, and cut all connections."""
        self.server.close()
        for pipe in self.pipes:
            pipe.cancel()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.pipes.add(task)
        try:
            port = self.target()
            if port is not None:
                there, back = await asyncio.open_connection(HOST, port)
                both = _pour(reader, back), _pour(there, writer)
                await asyncio.gather(*both, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # the client finds its connection closed
        finally:
            self.pipes.discard(task)
            writer.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send on what comes, until one of the two sides ends."""
    with suppress(ConnectionError):
        while data := await reader.read(BLOCK):
            writer.write(data)
            await writer.drain()
    with suppress(ConnectionError, RuntimeError):
        writer.close()


class ServedNodes:
    """The thread of the servers, and the clock of their engines (unix seconds less those of 2020)."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        """Run something in the thread, and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(what, self.loop).result()

    def end(self) -> None:
        """End the thread; close the servers before."""
        self.do(_all_ended())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def engine(self, spec: EngineSpec, draw: Random, primary: Any = None) -> Any:
        """Make the engine of a node, as a copy of its primary's if it has one."""
        if spec.speaks == "memcached":
            return spec.build(self.clock, draw)
        if primary is not None:
            return primary.copy(self.clock, draw)
        return PatientEngine(spec, self.clock, draw)  # type: ignore[arg-type] # a Redis


async def _all_ended() -> None:
    """Wait until nothing else runs in this thread."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # transports that were closed say goodbye


def tell_members(engine: MemcachedEngine, version: int, ports: list[int]) -> None:
    """Tell a Memcached the nodes of its cluster; old clients read them under a key."""
    members = " ".join(f"{HOST}|{HOST}|{port}" for port in ports)
    text = f"{version}\n{members}\n"
    engine.host.configs["cluster"] = text
    item = engine.items.get(OLD_KEY)  # a client may have overwritten it
    if item is None or item.value != text.encode():
        engine.set(OLD_KEY, text.encode())
