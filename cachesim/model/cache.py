"""The live cache: a station in front of one engine, and what a client's command costs there."""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from operator import attrgetter

from cachesim.clock import Clock
from cachesim.engines.base import Command, Engine, EngineSpec, Random
from cachesim.errors import CommandError
from cachesim.model.events import Environment, Visit
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.saving import (
    NodeDisk,
    check,
    let_save,
    loaded,
    make_engine,
    restamp,
    saved,
    shut_down,
)
from cachesim.model.tier import Tier
from cachesim.records import CACHE, SnapshotTaken, Value
from cachesim.rng import stream, uniform


class CacheTier(Tier):
    """A live cache: an engine, its queue, and the draws of its service times."""

    kind = CACHE

    def __init__(
        self,
        env: Environment,
        cache: EngineSpec,
        node: Node,
        network: Network,
        seed: int,
        name: str = CACHE,
    ) -> None:
        super().__init__(env, name, cache.workers, network.cache_leg, seed)
        draws = "eviction" if name == CACHE else f"{name} eviction"
        self.engine = self.make_engine(
            cache, partial(attrgetter("_now"), env), uniform(seed, draws)
        )
        self.disk = NodeDisk(name, self.engine.clock, self.book, node.fork, node.disk)
        let_save(self.engine, self.disk)
        self.errors = 0  # commands refused
        # Values that write-behind has not yet written to the database, by key. They are kept beside the
        # engine, so that no eviction drops them; a crash of the server does.
        self.dirty: dict[str, list[Value]] = {}
        self.services = node.service.draws(stream(seed, f"{name} service"))  # seconds, without end
        self.service = self.services.__next__
        self.per_byte, self.per_key = node.per_byte, node.per_key

    def make_engine(self, cache: EngineSpec, clock: Clock, random: Random) -> Engine:
        """Make the engine; a subclass may have another one."""
        return make_engine(cache, clock, random)

    @cached_property
    def send(self) -> Callable[..., Visit]:
        """Send a command: see `sender_to`."""
        return self.sender(self.services)

    def cost(self, command: Command) -> float:
        """Compute what a command costs beyond a draw of the service time, in seconds."""
        work = self.engine.work(command)
        return self.per_byte * work.bytes + self.per_key * (work.keys - 1)

    def count_error(self) -> None:
        """Count a command that was refused, or never answered."""
        self.errors += 1

    def flush(self) -> None:
        """Do what FLUSHALL asks: lose all keys."""
        self.engine.flush()

    def restart_engine(self) -> None:
        """Restart. The engine decides what content survives; values not yet written behind are lost."""
        self.engine.restart()
        restamp(self.engine)
        self.dirty.clear()

    def shut_down(self) -> None:
        """End in order: what a restart must find is written."""
        shut_down(self.engine)

    # Snapshots

    def book(self, now: float, seconds: float) -> float:
        """Let the node stand still from a moment on, behind the work that it has; return when that is over."""
        return self.station.depart(now, seconds)

    def snapshot(self) -> None:
        """Begin to write a snapshot, if none is being written. Raises BadInput."""
        engine = check(self.engine)
        with suppress(CommandError):  # one is being written
            engine.execute(("BGSAVE",))

    def save(self) -> bytes:
        """Return a snapshot of this moment, an RDB file; it takes no time. Raises BadInput."""
        return saved(self.engine)

    def load(self, file: bytes) -> int:
        """Store the keys of a snapshot; return how many. Raises BadInput, and then nothing is stored."""
        return loaded(self.engine, file)

    def snapshots(self) -> list[SnapshotTaken]:
        """List the snapshots that it has begun so far."""
        self.disk.look(self.engine)
        return self.disk.taken

    def counters(self, now: float) -> tuple[float, ...]:
        """Read memory, items, evictions, expirations, errors and busy time."""
        engine, busy = self.engine, self.station.busy(now)
        return (engine.memory, len(engine), engine.evictions, engine.expirations, self.errors, busy)

    @property
    def crossed(self) -> int:
        """The bytes that have come from other zones, or gone there, so far."""
        return 0 if self.ways is None else self.ways.crossed

    def close(self) -> None:
        """Close the engine."""
        self.engine.close()
