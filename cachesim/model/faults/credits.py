"""CPU credits: small cache nodes (the T family) are fast only while they have credits."""

from typing import Literal, NamedTuple

from cachesim.model.events import Steps
from cachesim.model.faults.base import OfCache
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.spec import Delay, Span

NodeType = Literal[
    "cache.t2.micro", "cache.t2.small", "cache.t2.medium", "cache.t3.micro", "cache.t3.small",
    "cache.t3.medium", "cache.t4g.micro", "cache.t4g.small", "cache.t4g.medium",
]  # fmt: skip
FULL = 24  # hours of earnings that a node can save


class Earning(NamedTuple):
    """The vCPUs of a node type and its credits per hour; one credit is one vCPU for one minute."""

    vcpu: int
    per_hour: float  # credits

    @property
    def baseline(self) -> float:
        """How many vCPUs its earnings pay for, without end."""
        return self.per_hour / 60


# Amazon ElastiCache User Guide, "Supported node types", T2, T3 and T4g: credits earned per hour.
EARNINGS = {
    "cache.t2.micro": Earning(1, 6), "cache.t2.small": Earning(1, 12), "cache.t2.medium": Earning(2, 24),
    "cache.t3.micro": Earning(2, 12), "cache.t3.small": Earning(2, 24), "cache.t3.medium": Earning(2, 24),
    "cache.t4g.micro": Earning(2, 12), "cache.t4g.small": Earning(2, 24), "cache.t4g.medium": Earning(2, 24),
}  # fmt: skip


class ExhaustCredits(OfCache):
    """The cache node is of the T family, and has `balance` CPU credits left at `at`.

    A busy vCPU spends one credit per minute, and the node earns credits all the time. Without credits it
    works at its baseline: one busy thread then takes 10 times as long on a cache.t2.micro, and 5 times on
    a cache.t3.micro. SIMPLIFIED: it falls to the baseline in one step.

    >>> ExhaustCredits(node_type="cache.t3.micro").slowdown(workers=1)
    5.0

    References
    ----------
    Amazon ElastiCache User Guide, "Burstable instances": T nodes run in standard mode, never unlimited.
    """

    node_type: NodeType = "cache.t3.micro"
    balance: Delay = 0.0  # credits
    every: Span = 1.0  # seconds between two checks of the balance

    @property
    def lasts(self) -> float:
        """Without end."""
        return float("inf")

    def slowdown(self, workers: int) -> float:
        """Compute the factor by which service takes longer without credits, if all workers are busy."""
        earning = EARNINGS[self.node_type]
        return max(1.0, min(workers, earning.vcpu) / earning.baseline)

    def hours_until_empty(self, utilization: float) -> float:
        """Compute after how many hours the balance is gone, if so many vCPUs are busy; inf: never.

        >>> ExhaustCredits(node_type="cache.t3.micro", balance=48).hours_until_empty(0.6)
        2.0
        """
        spent = 60 * utilization - EARNINGS[self.node_type].per_hour  # credits per hour
        return self.balance / spent if spent > 0 else float("inf")

    def play(self, system: UnreliableSystem) -> Steps:
        """Keep the balance; slow down when it is gone, recover when it lasts until the next check."""
        yield system.until(self.at)
        tier, earning, balance = self.struck(system), EARNINGS[self.node_type], self.balance
        factor = self.slowdown(len(tier.station.free))
        # credits that one interval at full speed costs
        burst = (factor - 1) * earning.baseline * self.every / 60
        worked, slow = tier.station.worked(system.env.now), False
        while system.env.now < system.blueprint.duration:
            before = worked
            yield system.until(system.env.now + self.every)
            worked = tier.station.worked(system.env.now)
            balance += (earning.baseline * self.every - (worked - before)) / 60
            balance = min(FULL * earning.per_hour, balance)
            if not slow and balance <= 0:
                tier.slow(factor)
                slow, balance = True, 0.0
            elif slow and balance >= burst:
                tier.recover(factor)
                slow = False
