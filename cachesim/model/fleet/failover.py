"""A fleet with replicas whose nodes may fail: who takes over, and when, and which writes are gone.

A failover costs one event. The moment of the takeover is drawn when the primary falls silent; if it is still
silent then, the replica that has most of the log becomes the primary.
"""

import math
from typing import Any

from cachesim.engines.redis.replication_log import ReplicationLog
from cachesim.model.events import Drive, Steps
from cachesim.model.fleet.failing_node import FailingNode, FailingNodeClient
from cachesim.model.fleet.groups import Shards
from cachesim.model.fleet.lost import judged, lost_in
from cachesim.model.fleet.system import GroupSystem
from cachesim.model.fleet.unreliable import UnreliableFleetSystem
from cachesim.model.journey import Journey
from cachesim.records import PRIMARY, LostWrite
from cachesim.rng import uniform


class UnreliableGroupSystem(UnreliableFleetSystem, GroupSystem):
    """A fleet with replicas and switches for faults."""

    def __init__(self, *parts: Any) -> None:
        self._lost: list[LostWrite] = []
        super().__init__(*parts)
        self._draw = uniform(self.blueprint.seed, "failover")

    def make_cache(self, name: str) -> Any:
        """Make a node that may fail, and that says so."""
        node: Any = self.make_node(FailingNode, name)
        node.tell(self.noticed)
        return node

    def connect_cache(self, tier: Any, journey: Journey) -> Any:
        """Make a client of one node; in a cluster a replica redirects reads that were not meant for it."""
        strict = isinstance(self.fleet, Shards)
        return FailingNodeClient(tier, journey, self.channel_to(tier), strict=strict)

    def cache_named(self, name: str) -> Any:
        """Find a node by its name, or by its role: "shard-0 primary", "primary"."""
        roles = self.roles()
        if name in roles:
            return self.caches[self.topology.primaries[roles.index(name)]]
        return super().cache_named(name)

    def roles(self) -> list[str]:
        """Name the primary of each group: "shard-0 primary", or only "primary"."""
        groups = self.fleet.groups()
        return [f"{names[0].rpartition(' ')[0]} {PRIMARY}".lstrip() for names in groups]

    def known(self) -> str:
        """Name the nodes for a sentence, and a role."""
        return f'{super().known()}, or a role such as "{self.roles()[0]}"'

    def lost_writes(self) -> list[LostWrite]:
        """Give every write that a primary had taken and that is gone, in the order of the losses."""
        gone = [self.caches[place].forgotten() for place in self.topology.primaries]
        self._lost += [lost for each in gone for lost in each]  # of primaries that never came back
        return judged(self._lost, self.db.versions)

    # --- a node falls silent, or is back

    def noticed(self, node: FailingNode) -> None:
        """Note that the other nodes hear nothing more of a node, or hear of it again."""
        place = self.caches.index(node)
        group = self._group_of(place)
        leads = self.topology.primaries[group] == place
        if not node.is_silent:
            self._welcome(group, place, leads=leads)
        elif leads:
            self._cut_followers(group, node)
            Drive(self._take_over(group, place, node.silent_since, node.engine.log))
        elif node.replica is not None:
            node.replica.cut(self.env._now)

    def _group_of(self, place: int) -> int:
        ends = [len(names) for names in self.fleet.groups()]
        return place // ends[0]  # all groups are of one size

    def _cut_followers(self, group: int, node: FailingNode) -> None:
        """Let nothing more arrive at the replicas; a node that only stands still has sent what it has."""
        if node.is_gone:
            for place in self.topology.replicas[group]:
                if (replica := self.caches[place].replica) is not None:
                    replica.cut(self.env._now)

    def _welcome(self, group: int, place: int, *, leads: bool) -> None:
        """Connect a node that is back: as the primary that it still is, or as a replica."""
        forgotten = self.caches[place].forgotten()  # of one that was replaced: `promote` has them
        if leads:
            self._lost += forgotten
            followers = [p for p in self.topology.replicas[group] if not self.caches[p].is_silent]
        else:
            followers = [place]
            others = [p for p in self.topology.replicas[group] if p != place]
            self.change(
                self.topology.with_group(group, self.topology.primaries[group], (*others, place))
            )
        for follower in followers:
            self._connect(self.caches[follower], self.caches[self.topology.primaries[group]])

    def _connect(self, node: FailingNode, primary: FailingNode) -> None:
        """Let a replica go on where it was, or copy the primary; it waits for a primary that is silent."""
        link = node.replica
        node.let_copies_cost(self.fleet.copy)
        if primary.is_silent:
            node.demote()
        elif link is None or link.log is not primary.engine.log:
            node.stop_following()
            self.let_follow(node, primary)
        elif link.was_cut is not None and not link.heal(self.env._now):
            link.resync(self.env._now)

    # --- failover

    def _take_over(self, group: int, place: int, since: float, log: ReplicationLog) -> Steps:
        """Promote a replica that followed this log, if the primary is still silent when it is noticed."""
        delay = self.fleet.takeover(self._draw)
        if delay == math.inf:
            return
        yield self.until(since + delay)
        node = self.caches[place]
        still = node.is_silent and node.silent_since == since
        able = [p for p in self.topology.replicas[group] if self.caches[p].can_replace(log)]
        if still and able and self.topology.primaries[group] == place:
            self.promote(group, max(able, key=lambda p: (self.caches[p].received(), -p)))

    def promote(self, group: int, place: int) -> None:
        """Make a replica the primary of its group; what it never got is lost."""
        old, new = self.caches[self.topology.primaries[group]], self.caches[place]
        self._lost += lost_in(new.lead(), old.name, new.engine)
        others = [p for p in self.topology.replicas[group] if p != place]
        self.change(self.topology.with_group(group, place, others))
        for other in others:
            if not self.caches[other].is_silent:
                self._connect(self.caches[other], new)
        if old.is_silent:
            old.demote()  # calls that it still works on find no primary
        else:  # a planned failover
            self._welcome(group, self.caches.index(old), leads=False)
