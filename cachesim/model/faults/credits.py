"""CPU credits: small (T-family) cache nodes are fast only as long as they have some."""

from typing import Literal, NamedTuple

from cachesim.model.events import Steps
from cachesim.model.faults.base import Fault
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.spec import Delay, Span

NodeType = Literal[
    "cache.t2.micro", "cache.t2.small", "cache.t2.medium", "cache.t3.micro", "cache.t3.small",
    "cache.t3.medium", "cache.t4g.micro", "cache.t4g.small", "cache.t4g.medium",
]  # fmt: skip
FULL = 24  # hours of earnings that a node's bank holds


class Earning(NamedTuple):
    """What a node type has and earns; one credit is one vCPU for one minute."""

    vcpu: int
    per_hour: float  # credits

    @property
    def baseline(self) -> float:
        """The vCPUs that its earnings pay for without end."""
        return self.per_hour / 60


# Amazon ElastiCache User Guide, "Supported node types", T2, T3 and T4g: credits earned an hour.
EARNINGS = {
    "cache.t2.micro": Earning(1, 6), "cache.t2.small": Earning(1, 12), "cache.t2.medium": Earning(2, 24),
    "cache.t3.micro": Earning(2, 12), "cache.t3.small": Earning(2, 24), "cache.t3.medium": Earning(2, 24),
    "cache.t4g.micro": Earning(2, 12), "cache.t4g.small": Earning(2, 24), "cache.t4g.medium": Earning(2, 24),
}  # fmt: skip


class ExhaustCredits(Fault):
    """The cache node is of the T family, and has `balance` CPU credits left at `at`.

    Working it spends a credit a vCPU-minute, and it earns some all the time; once none is left it works at
    its baseline: 1/(vCPU · baseline) times as slowly for one busy thread, 10 times on a cache.t2.micro, 5
    times on a cache.t3.micro. SIMPLIFIED: it falls to the baseline in one step.

    >>> ExhaustCredits(node_type="cache.t3.micro").slowdown(workers=1)
    5.0

    References
    ----------
    Amazon ElastiCache User Guide, "Burstable instances": T nodes run in standard mode, never unlimited.
    """

    node_type: NodeType = "cache.t3.micro"
    balance: Delay = 0.0  # credits
    every: Span = 1.0  # seconds between two looks at the balance

    @property
    def lasts(self) -> float:
        """For good."""
        return float("inf")

    def slowdown(self, workers: int) -> float:
        """Return the factor by which service takes longer without credits, all workers being busy."""
        earning = EARNINGS[self.node_type]
        return max(1.0, min(workers, earning.vcpu) / earning.baseline)

    def hours_until_empty(self, utilization: float) -> float:
        """Return after how many hours the balance is gone if so many vCPUs are busy; inf if it never is.

        >>> ExhaustCredits(node_type="cache.t3.micro", balance=48).hours_until_empty(0.6)
        2.0
        """
        spent = 60 * utilization - EARNINGS[self.node_type].per_hour  # credits an hour
        return self.balance / spent if spent > 0 else float("inf")

    def play(self, system: UnreliableSystem) -> Steps:
        """Keep the balance; slow down when it is gone, recover when it lasts for another look."""
        yield system.until(self.at)
        tier, earning, balance = system.cache, EARNINGS[self.node_type], self.balance
        factor = self.slowdown(len(tier.station.free))
        burst = (
            (factor - 1) * earning.baseline * self.every / 60
        )  # credits that a fast interval costs
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
