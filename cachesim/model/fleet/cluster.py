"""When a Redis Cluster refuses everything: on a side without a majority, or while a shard has no primary.

SIMPLIFIED: all nodes on one side know the same at the same moment; a node that starts does not wait for 2 s.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from cachesim.model.events import Environment, Steps, Visit
from cachesim.model.fleet.groups import Shards
from cachesim.model.fleet.splits import Side, Splits
from cachesim.rng import Draw

SHORTEST, LONGEST = 0.5, 5.0  # seconds that a primary waits after healing (redis 7: cluster.c)
FORGIVEN = (
    2  # time-outs after which a primary that is back loses its FAIL (CLUSTER_FAIL_UNDO_TIME_MULT)
)
MINORITY, COVERAGE = "minority", "coverage"  # why a node refuses everything


class ClusterHost(Protocol):
    """What a cluster needs of its system; `UnreliableGroupSystem` is one."""

    env: Environment
    splits: Splits
    caches: list[Any]

    def believers(self) -> Iterable[tuple[int, int]]:
        """Give the group and the place of each node that works and takes itself for a primary."""

    def until(self, moment: float) -> Visit:
        """Wait until a moment."""


class ClusterState:
    """What the nodes of a Redis Cluster know of their majority and of the shards without a primary.

    References
    ----------
    redis 7.0, cluster.c: clusterUpdateState.
    """

    def __init__(self, host: ClusterHost, shards: Shards, draw: Draw) -> None:
        self._host, self._shards, self._draw = host, shards, draw
        self._alone: dict[int, float] = {}  # place -> since when its side has no majority
        self._failed: dict[int, float] = {}  # shard -> since when it has FAIL and no primary
        self._rest = min(max(shards.node_timeout, SHORTEST), LONGEST)

    # --- majorities

    def look(self) -> list[Any]:
        """See which sides have a majority now; give what happens because of that, to be driven."""
        found = list(self._host.believers())
        sides = {place: self._host.splits.of_node(place) for place in range(len(self._host.caches))}
        alone = {
            place for place, side in sides.items() if not self._is_majority(side, found, sides)
        }
        left, joined = alone - self._alone.keys(), self._alone.keys() - alone
        now = self._host.env._now
        self._alone = {place: self._alone.get(place, now) for place in sorted(alone)}
        return [
            *([self._refuse(sorted(left), now)] if left else []),
            *(self._serve(place) for place in sorted(joined)),
        ]

    def _is_majority(
        self, side: Side, found: list[tuple[int, int]], sides: dict[int, Side]
    ) -> bool:
        served = {group for group, place in found if sides[place] == side}
        return len(served) > self._shards.shards // 2

    def _refuse(self, places: list[int], since: float) -> Steps:
        """Let the nodes refuse everything, as soon as they know that they have lost the others."""
        yield self._host.until(since + self._shards.isolation(self._draw))
        for place in places:
            if self._alone.get(place) == since:
                self._host.caches[place].trouble(MINORITY)

    def _serve(self, place: int) -> Steps:
        """Let a node serve again: a replica at once, a primary after a rest."""
        node, now = self._host.caches[place], self._host.env._now
        if node.is_in_trouble and not node.engine.is_replica:
            yield self._host.until(now + self._rest)
        if place not in self._alone:
            node.relieve(MINORITY)

    # --- shards without a primary

    def fail(self, shard: int) -> None:
        """Note that a shard has FAIL, and no primary."""
        self._failed[shard] = self._host.env._now
        if self._shards.full_coverage:
            for node in self._host.caches:
                node.trouble(COVERAGE)

    def cover(self, shard: int) -> None:
        """Note that a shard has a primary again."""
        self._failed.pop(shard, None)
        if not self._failed:
            for node in self._host.caches:
                node.relieve(COVERAGE)

    def forgive(self, shard: int) -> Steps:
        """Note that the old primary of a shard is back: it still counts as failed for a while."""
        since = self._failed.get(shard)
        if since is not None:
            yield self._host.until(since + FORGIVEN * self._shards.node_timeout)
            is_back = any(group == shard for group, _ in self._host.believers())
            if is_back and self._failed.get(shard) == since:
                self.cover(shard)
