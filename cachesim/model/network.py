"""How far the tiers are from the application: each visit has a random leg, the time there and back.

Legs are random by default, because races need random legs. If all legs were equal, all commands would
keep their order: a prototype then showed not one stale set in 100,000 reads.
"""

from cachesim.model.distributions import Distribution, Lognormal
from cachesim.spec import Spec
from cachesim.units import MS


class Network(Spec):
    """Round trips between the application and the two tiers, in seconds.

    >>> Network(cache_in_zone=False).cache_leg.mean > Network().cache_leg.mean
    True
    """

    in_zone: Distribution = Lognormal(median=0.19 * MS, sigma=0.3)  # within one zone
    cross_zone: Distribution = Lognormal(median=0.75 * MS, sigma=0.4)  # to another zone
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
