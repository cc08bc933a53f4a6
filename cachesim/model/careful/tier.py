"""A tier as its clients find it: up or down, near or cut off, at what speed; and the calls that are under way.

Faults turn its switches; every call looks at them when it is sent and when its event fires.
"""

from cachesim.errors import (
    AuthenticationFailed,
    ConnectionLost,
    ConnectionRefused,
    DatabaseRefused,
    SimulatedFailure,
)
from cachesim.model.careful.call import Call
from cachesim.model.careful.station import WorkStation
from cachesim.model.database import DatabaseTier
from cachesim.model.events import Environment
from cachesim.rng import Draw, uniform


class Tier:
    """One tier and the way to it. Faults may overlap, so switches count and factors are listed."""

    def __init__(
        self, env: Environment, name: str, station: WorkStation, leg: Draw, seed: int
    ) -> None:
        self.env = env
        self.name = name
        self.station = station
        self.leg = leg
        self.chance = uniform(seed, f"{name} packet loss")
        self.down = 0  # crashes that are not over
        self.refusing = 0  # reasons to refuse connections
        self.locked = 0  # reasons to refuse passwords
        self.cut = 0  # partitions
        self.losses: list[float] = []  # shares of packets lost
        self.factors: list[float] = []  # by which service takes longer; inf: it stands still
        self.last = 0.0  # seconds: when the last command took effect
        self.under_way: dict[Call, None] = {}  # in the order in which they were sent

    # --- what faults do

    def crash(self) -> None:
        """End the process at once: what is under way is lost, and its clients' connections break."""
        self.down += 1
        lost, self.under_way = self.under_way, {}
        self.station.clear(self.env.now)
        for call in lost:
            if not call.served:
                self.forget(call)
            call.drop(ConnectionLost(f"the {self.name} crashed before it answered"))

    def restart(self) -> None:
        """Let the process run again, once every crash is over."""
        self.down -= 1

    def slow(self, factor: float) -> None:
        """Make every service take `factor` times as long, that of the calls under way included."""
        self.factors.append(factor)
        self._set_speed()

    def recover(self, factor: float) -> None:
        """Take one such factor away."""
        self.factors.remove(factor)
        self._set_speed()

    def _set_speed(self) -> None:
        speed = 1.0
        for factor in self.factors:
            speed /= factor
        if speed != self.station.speed:
            self.station.change(self.env.now, speed)
            for call in self.under_way:
                call.plan()

    # --- what calls ask

    def refusal(self) -> SimulatedFailure | None:
        """Return what the machine answers at once instead of taking a call, if anything."""
        if self.down or self.refusing:
            return ConnectionRefused(f"nobody listens at the {self.name}'s port")
        if self.locked:
            return AuthenticationFailed(f"the {self.name} does not accept this password")
        return self.full()

    def full(self) -> SimulatedFailure | None:
        """Return why the tier has no room for another call, if it has none."""
        return None

    def loses(self) -> bool:
        """Return whether the packet sent now is lost."""
        return self.cut > 0 or any(self.chance() < share for share in self.losses)

    def take(self, call: Call) -> None:
        """Note that a call has come in."""
        self.under_way[call] = None

    def forget(self, call: Call) -> None:
        """Note that a call went down with the process."""


class DatabaseState(Tier):
    """The database's tier: it counts its connections, those of clients who no longer wait included."""

    def __init__(
        self, env: Environment, live: DatabaseTier, station: WorkStation, seed: int
    ) -> None:
        super().__init__(env, "database", station, live.leg, seed)
        self._live = live

    def full(self) -> SimulatedFailure | None:
        """Return the refusal of a database that has as many queries as it takes."""
        if self._live.open >= self._live.limit:
            return DatabaseRefused(f"the database has {self._live.limit} queries already")
        return None

    def take(self, call: Call) -> None:
        """Open a connection; the call's effect closes it."""
        super().take(call)
        self._live.open += 1
        self._live.queries += 1

    def forget(self, call: Call) -> None:
        """Close the connection of a call whose effect will never come."""
        self._live.open -= 1
