"""Tiers that may fail: up or down, reachable or cut off, fast or slow; and the attempts under way.

Faults turn the switches. Every attempt looks at them when it is sent and when its event fires.
"""

import math
from collections.abc import Callable
from typing import Any

from cachesim.errors import (
    AuthenticationFailed,
    BadInput,
    ConnectionLost,
    ConnectionRefused,
    DatabaseRefused,
    SimulatedFailure,
)
from cachesim.model.cache import CacheTier
from cachesim.model.database import Database, DatabaseTier, QueryTier
from cachesim.model.database_replica import ReplicaTier
from cachesim.model.events import Environment
from cachesim.model.network import Network
from cachesim.model.tier import Tier
from cachesim.model.unreliable.attempt import Attempt
from cachesim.model.unreliable.reception import Reception
from cachesim.model.unreliable.station import VariableStation
from cachesim.rng import stream, uniform

SWITCHES = {  # name -> what the tier does while it is on
    "down": "its process does not run: it refuses connections",
    "refusing": "it refuses connections",
    "locked": "it refuses the clients' password",
    "cut": "every packet to it and from it is lost",
}

GONE = ("down", "refusing", "cut")  # switches of a tier of which its neighbours hear nothing


class UnreliableTier(Tier):
    """A tier with switches. Faults may overlap, so each switch counts how often it is on."""

    station_type = VariableStation
    station: VariableStation
    reception: Reception | None = None  # None: opening a connection takes no time

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.chance = uniform(self.seed, f"{self.name} packet loss")
        self.switches = dict.fromkeys(SWITCHES, 0)
        self.losses: list[float] = []  # shares of packets lost
        self._hidden: Callable[[int], bool] | None = None  # from which users; None: from nobody
        self.factors: list[float] = []  # by which service takes longer; inf: it stands still
        self.last = 0.0  # seconds: when the last command took effect
        self.under_way: dict[Attempt, None] = {}  # in the order in which they were sent

    @property
    def is_gone(self) -> bool:
        """Whether no packet comes from it."""
        return any(self.switches[switch] for switch in GONE)

    @property
    def is_silent(self) -> bool:
        """Whether its neighbours hear nothing of it: it is gone, or stands still."""
        return self.is_gone or not self.station.speed

    # --- for faults

    def turn_on(self, switch: str) -> None:
        """Turn on a switch of SWITCHES once more; it is off when each of its faults has turned it off."""
        self._turn(switch, 1)

    def turn_off(self, switch: str) -> None:
        """Take back one `turn_on`."""
        self._turn(switch, -1)

    def _turn(self, switch: str, step: int) -> None:
        if switch not in SWITCHES:
            raise BadInput(f'a tier has no switch "{switch}"; choose from {", ".join(SWITCHES)}')
        self.switches[switch] += step

    def crash(self) -> None:
        """End the process at once: the work under way is lost, and the clients' connections break."""
        self.turn_on("down")
        if self.reception is not None:
            self.reception.close_all()
        lost, self.under_way = self.under_way, {}
        self.station.clear(self.env.now)
        for attempt in lost:
            if not attempt.served:
                self.forget(attempt)
            attempt.drop(ConnectionLost(f"the {self.name} crashed before it answered"))

    def restart(self) -> None:
        """Let the process run again, once every crash is over."""
        self.turn_off("down")

    def outage(self, alone: float) -> float:
        """Give the seconds until a tier that crashes is back, if it would need `alone` by itself."""
        return alone

    def slow(self, factor: float) -> None:
        """Make every service take `factor` times as long, also for the attempts under way."""
        self.factors.append(factor)
        self._set_speed()

    def recover(self, factor: float) -> None:
        """Take one such factor back."""
        self.factors.remove(factor)
        self._set_speed()

    def _set_speed(self) -> None:
        speed = 1.0
        for factor in self.factors:
            speed /= factor
        if speed != self.station.speed:
            self.station.change(self.env.now, speed)
            for attempt in self.under_way:
                attempt.schedule()

    def hide(self, hidden: Callable[[int], bool] | None) -> None:
        """Let the packets of some users vanish, beside those that the switch "cut" takes; None: of nobody."""
        self._hidden = hidden

    # --- for attempts

    def refusal(self) -> SimulatedFailure | None:
        """Give the error with which the server answers at once; None: it takes the attempt."""
        if self.switches["down"] or self.switches["refusing"]:
            return ConnectionRefused(f"nobody listens at the {self.name}'s port")
        if self.switches["locked"]:
            return AuthenticationFailed(f"the {self.name} does not accept this password")
        return self.full()

    def full(self) -> SimulatedFailure | None:
        """Give the error of a tier that has no room for another attempt; None: it has room."""
        return None

    def is_cut_from(self, user: int) -> bool:
        """Whether every packet between the tier and the user is lost."""
        return self.switches["cut"] > 0 or (self._hidden is not None and self._hidden(user))

    def loses(self, user: int) -> bool:
        """Whether the packet that is sent now is lost."""
        return self.is_cut_from(user) or any(self.chance() < share for share in self.losses)

    def take(self, attempt: Attempt) -> None:
        """Note that an attempt has come in."""
        self.under_way[attempt] = None

    def took_effect(self) -> None:
        """Note that a command takes effect now."""
        self.last = self.env._now

    def forget(self, attempt: Attempt) -> None:
        """Note that an attempt went down with the process."""


class UnreliableCache(UnreliableTier, CacheTier):
    """A cache that may fail."""

    def book(self, now: float, seconds: float) -> float:
        """Let the node stand still from a moment on; return when that is over, at the present speed."""
        return self.station.when(self.station.depart(self.station.work(now), seconds))


class UnreliableQueries(UnreliableTier, QueryTier):
    """A connection pool that may fail. It counts its connections, also those of clients that no longer wait."""

    def full(self) -> SimulatedFailure | None:
        """Refuse if the database has as many queries as it takes."""
        if self.open >= self.limit:
            return DatabaseRefused(f"the {self.name} has {self.limit} queries already")
        return None

    def take(self, attempt: Attempt) -> None:
        """Open a connection; the effect of the attempt closes it."""
        super().take(attempt)
        self.open += 1
        self.queries += 1

    def forget(self, attempt: Attempt) -> None:
        """Close the connection of an attempt whose effect will never come."""
        self.open -= 1


class UnreliableReplica(UnreliableQueries, ReplicaTier):
    """A read replica that may fail."""


class UnreliableDatabase(UnreliableQueries, DatabaseTier):
    """A database that may fail; if it has a standby, that takes over."""

    def __init__(
        self, env: Environment, database: Database, network: Network, seed: int, name: str
    ) -> None:
        super().__init__(env, database, network, seed, name)
        self.has_standby, self.has_replicas = database.standby, database.replicas > 0
        self._takeovers = database.failover.draws(stream(seed, f"{name} failover"))
        if database.accepts < math.inf:
            self.reception = Reception(database.accepts)

    def outage(self, alone: float) -> float:
        """Give the seconds until a crashed database is back: with a standby, until that has taken over."""
        return next(self._takeovers) if self.has_standby else alone
