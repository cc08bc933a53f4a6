"""What every tier is: a queue in front of a server, and the network between it and the clients."""

from collections.abc import Callable, Iterator

from cachesim.model.distributions import Distribution
from cachesim.model.events import Environment, Visit
from cachesim.model.station import Station, sender_to
from cachesim.model.ways import Ways
from cachesim.rng import stream


class Tier:
    """A live tier: its name in `System.tiers`, its station, and the draws of its network legs.

    `kind` names its row in `records.TIERS`. Each tier draws from streams that its name begins.
    """

    kind: str
    station_type: type[Station] = Station
    ways: Ways | None = None  # None: it is equally far from all clients

    def __init__(
        self, env: Environment, name: str, workers: int, leg: Distribution, seed: int
    ) -> None:
        self.env = env
        self.name = name
        self.seed = seed
        self.station = self.station_type(workers)
        self.legs = leg.draws(stream(seed, f"{name} network"))  # seconds, without end
        self.leg = self.legs.__next__

    def sender(self, services: Iterator[float]) -> Callable[..., Visit]:
        """Make the function that sends a command of these service times here: see `sender_to`."""
        if self.ways is None:
            return sender_to(self.env, self.station, services, self.legs)
        return self.ways.sender(lambda legs: sender_to(self.env, self.station, services, legs))

    def go_by(self, ways: Ways) -> None:
        """Be nearer to some clients than to others, from the start of the run."""
        self.ways = ways

    def counters(self, now: float) -> tuple[float, ...]:
        """Read the tier's part of a sample, in the order of `TIERS[kind].counters`."""
        raise NotImplementedError

    def close(self) -> None:
        """Release what the tier holds outside this process."""
        raise NotImplementedError
