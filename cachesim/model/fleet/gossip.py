"""How a Redis Cluster notices a crash: its rules (redis 7.0: cluster.c), played without servers and without a network.

Times are in seconds. It is not a closed form: the pings of many nodes have none.
"""

import math
from collections.abc import Callable

from cachesim.errors import BadInput

TICK = 0.1  # seconds between two runs of clusterCron
BEAT = 10  # ticks between two pings to a node chosen at random
CHOSEN = 5  # nodes drawn for it: the one heard from longest ago gets the ping
WARM_UP = 2  # time-outs before the crash, until the pings have their rhythm
ELECTION = 0.5  # seconds before a replica asks for votes, and the length of its random part


class Gossip:
    """The primaries and replicas of a cluster, whose node 0, a primary, crashes.

    Parameters
    ----------
    node_timeout : float
        `cluster-node-timeout`, in seconds.
    primaries, replicas : int
        Primaries, and replicas of each.
    draw : function
        Gives random numbers in [0, 1).
    """

    def __init__(
        self, node_timeout: float, primaries: int, replicas: int, draw: Callable[[], float]
    ) -> None:
        self.node_timeout, self.primaries, self._draw = node_timeout, primaries, draw
        self.count = primaries * (1 + replicas)
        everybody = range(self.count)
        self._heard = [[-draw() * node_timeout / 2 for _ in everybody] for _ in everybody]
        self._phases = [int(draw() * BEAT) for _ in everybody]
        self.suspicions = [math.inf] * self.count  # when each node suspects node 0
        self._begin = -round(WARM_UP * node_timeout / TICK)  # the tick at which it begins
        self._reports: list[set[int]] = [
            set() for _ in everybody
        ]  # primaries whose suspicion it knows

    def failover(self) -> tuple[float, float, float]:
        """Play it. Give the seconds from the crash until node 1 suspects, until FAIL, until promotion."""
        tick = self._begin
        while not self._tick(tick):
            tick += 1
        failed = tick * TICK
        election = math.ceil(ELECTION * (1 + self._draw()) / TICK) + 1  # ticks; one for the votes
        return min(self.suspicions[1], failed), failed, failed + election * TICK

    def isolation(self) -> float:
        """Play a cut of node 0 from all others. Give the seconds until it knows that it has no majority.

        Pings go both ways alike: node 0 suspects another one when that one would suspect node 0.
        """
        needed, tick = self.primaries - self.primaries // 2, self._begin
        others = slice(1, self.primaries)
        while sum(moment < math.inf for moment in self.suspicions[others]) < needed:
            self._tick(tick)
            tick += 1
        return sorted(self.suspicions[others])[needed - 1]

    def _tick(self, tick: int) -> bool:
        """Run clusterCron of every node. True if one of them now knows that node 0 has failed."""
        now, failed = tick * TICK, False
        for node in range(1, self.count):
            for other in self._pings(node, tick, now):
                failed |= self._ping(node, other, now)
        return failed

    def _pings(self, node: int, tick: int, now: float) -> list[int]:
        """Which nodes get a ping: those not heard from for half of the time-out, and one at random."""
        heard = self._heard[node]
        others = [other for other in range(self.count) if other != node]
        found = [other for other in others if now - heard[other] > self.node_timeout / 2]
        if tick % BEAT == self._phases[node]:
            drawn = [int(self._draw() * self.count) for _ in range(CHOSEN)]
            known = [other for other in drawn if other != node and heard[other] < math.inf]
            found += [min(known, key=heard.__getitem__)] if known else []
        return found

    def _ping(self, node: int, other: int, now: float) -> bool:
        """Send a ping. The dead node does not answer; others exchange what they know."""
        if other == 0 and now >= 0:
            self._heard[node][0] = math.inf  # no second ping
            self.suspicions[node] = now + self.node_timeout + TICK
            return False
        self._heard[node][other] = now
        return any([self._tell(node, other, now), self._tell(other, node, now)])

    def _tell(self, speaker: int, listener: int, now: float) -> bool:
        """Report a primary's suspicion. True if the listener now knows of a majority."""
        if speaker >= self.primaries or self.suspicions[speaker] > now:
            return False
        reports = self._reports[listener]
        reports.add(speaker)
        own = {listener} if listener < self.primaries else set()
        return self.suspicions[listener] <= now and len(reports | own) > self.primaries // 2


def failover_times(
    node_timeout: float, primaries: int, replicas: int, draw: Callable[[], float]
) -> tuple[float, float, float]:
    """Draw when a cluster suspects a crashed primary, when it marks it as failed, and when a replica takes over.

    Returns
    -------
    (float, float, float)
        Seconds after the crash: PFAIL as one surviving primary sees it, FAIL, promotion.

    Raises
    ------
    BadInput
        Fewer than three primaries, or no replica: then nobody takes over.

    >>> from random import Random
    >>> [round(moment, 1) for moment in failover_times(5.0, 3, 1, Random(2).random)]
    [7.0, 7.3, 8.1]
    """
    if primaries < 3 or replicas < 1:
        raise BadInput(
            "a Redis Cluster fails over with 3 or more primaries and 1 or more replicas of each, "
            f"got {primaries} and {replicas}; add some"
        )
    return Gossip(node_timeout, primaries, replicas, draw).failover()
