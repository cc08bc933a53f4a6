"""How far the tiers are from the application: a random leg, there and back, on every visit.

Legs are random by default because races need them: with constant legs every command of every client
keeps its order, and a prototype showed no stale set at all in 100,000 reads.
"""

from cachesim.model.distributions import Distribution, Lognormal
from cachesim.spec import Spec
from cachesim.units import MS


class Network(Spec):
    """Round trips between the application's zone and the two tiers.

    >>> Network(cache_in_zone=False).cache_leg.mean > Network().cache_leg.mean
    True
    """

    in_zone: Distribution = Lognormal(median=0.19 * MS, sigma=0.3)  # round trip within one zone
    cross_zone: Distribution = Lognormal(median=0.75 * MS, sigma=0.4)  # round trip to another zone
    cache_in_zone: bool = True
    database_in_zone: bool = True

    @property
    def cache_leg(self) -> Distribution:
        """The round trip to the cache node."""
        return self.in_zone if self.cache_in_zone else self.cross_zone

    @property
    def database_leg(self) -> Distribution:
        """The round trip to the database."""
        return self.in_zone if self.database_in_zone else self.cross_zone
