"""A node of a fleet with replicas: it may be a primary, or follow one."""

import math
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from cachesim.clock import Clock
from cachesim.engines.base import Command, Random
from cachesim.engines.redis.protected import ProtectedNode, ProtectedRedis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.replication_log import FRAME, Held
from cachesim.model.cache import CacheTier
from cachesim.model.events import Visit
from cachesim.model.fleet.arrivals import Depart
from cachesim.model.fleet.replica import LazyReplica
from cachesim.rng import stream, uniform

NOREPLICAS = "NOREPLICAS Not enough good replicas to write."


class GroupNode(CacheTier):
    """A node that executes its primary's log, if it follows one, before anybody looks at it."""

    engine: ReplicatedEngine

    def __init__(self, backlog: int, *parts: Any) -> None:
        self.backlog = backlog  # bytes of the log for replicas that were away
        super().__init__(*parts)
        self.replica: LazyReplica | None = None  # None: it is a primary
        self._links = 0  # how often it has followed a node: each link has lags of its own
        self.waiting: dict[Any, None] = {}  # clients that WAIT for its replicas
        self._required = 0, 0  # min-replicas-to-write, min-replicas-max-lag
        self._looked, self._good = -2.0, 0  # when it looked last, and the good replicas then
        self._phase = uniform(self.seed, f"{self.name} acknowledgements")()

    def make_engine(self, cache: Any, clock: Clock, random: Random) -> ReplicatedEngine:
        """Make an engine that can be a primary or a replica."""
        kind = ProtectedNode if isinstance(cache, ProtectedRedis) else ReplicatedEngine
        return kind(cache, clock, random, backlog=self.backlog)

    @cached_property
    def send(self) -> Callable[..., Visit]:
        """Send a command. If nothing fails, a node keeps the role that it has when it is first asked."""
        return self.sender(self.services if self.replica is None else self.caught_up())

    def caught_up(self) -> Iterator[float]:
        """Yield the service times; a command joins the line behind what has arrived before it."""
        for service in self.services:
            self.catch_up()
            yield service

    def catch_up(self) -> None:
        """Execute what has arrived by now."""
        if self.replica is not None:
            self.replica.catch_up(self.env._now)

    def get(self, key: str) -> bytes | None:
        """Look a key up, as the node has it now."""
        self.catch_up()
        return self.engine.get(key)

    def execute(self, command: Command) -> Any:
        """Run a command on what the node has now."""
        self.catch_up()
        return self.engine.execute(command)

    def snapshot(self) -> None:
        """Begin to write a snapshot of what has arrived by now."""
        self.catch_up()
        super().snapshot()

    def save(self) -> bytes:
        """Return a snapshot of what has arrived by now."""
        self.catch_up()
        return super().save()

    def follow(self, primary: "GroupNode", lag: Any, work: float, back: float) -> None:
        """Become a replica of a node, from now on; `work` is what an entry costs, `back` the way of an ACK."""
        self._links += 1
        lags = lag.draws(stream(self.seed, f"{self.name} follows {primary.name}, {self._links}"))

        def seconds(entry: Held) -> float:
            return 0.0 if entry[3] == FRAME else work

        self.replica = self.make_replica(
            primary, lags, depart=self.depart, seconds=seconds, back=back, phase=self._phase
        )

    def make_replica(self, primary: Any, lags: Iterator[float], **options: Any) -> LazyReplica:
        """Make what follows a node; a subclass may have another one."""
        return LazyReplica(primary.engine, self.engine, lags, **options)

    def lead(self) -> list[Any]:
        """Become a primary; return the entries of the old log that never came here."""
        replica, self.replica = self.replica, None
        lost = [] if replica is None else replica.promote(self.env._now)
        self.require(*self._required)
        return lost

    def require(self, replicas: int, max_lag: int) -> None:
        """As a primary, take no writes without so many replicas whose last word is `max_lag` seconds old at most."""
        self._required = replicas, max_lag
        if replicas and self.replica is None:
            self.engine.refuse_writes(self._too_few)

    def _too_few(self) -> str | None:
        """Give the error of a primary with too few good replicas; None: it has enough."""
        wanted, max_lag = self._required
        now, phase = self.env._now, self._phase
        look = math.floor(now - phase) + phase
        if look > self._looked:  # the server looks once per second, when it would send an ACK
            links: Any = self.engine.log.readers
            self._looked = look
            self._good = sum(link.is_good(now, max_lag, look) for link in links)
        return None if self._good >= wanted else NOREPLICAS

    def ask_for_acks(self) -> int:
        """Ask all replicas for an ACK at once; return the offset that they will have then, in bytes."""
        return self.engine.request_acks()

    def acknowledged(self, offset: int) -> list[float]:
        """Give when each replica will have answered that it has the log up to `offset`, the first one first."""
        followers: Any = self.engine.log.readers
        for follower in followers:
            follower.catch_up(self.env._now)  # else each WAIT walks through the whole log
        return sorted(follower.acknowledges(offset) for follower in followers)

    @property
    def depart(self) -> Depart:
        """The function that books work on the station, and returns when it is done."""
        return self.station.depart

    def lag(self) -> float:
        """Give the seconds that it is behind its primary."""
        self.catch_up()
        return 0.0 if self.replica is None else self.replica.lag_at(self.env._now)

    def counters(self, now: float) -> tuple[float, ...]:
        """Read the counters, as they are now."""
        self.catch_up()
        return super().counters(now)
