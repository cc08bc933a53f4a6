"""A fleet with replicas whose links may break: who follows whom, and which primaries do not know that they are none.

While the network is split, a primary that was replaced on the other side goes on for its own side. Here it is
*deposed*: it stays so until it reaches the new primary. Then what it took meanwhile is lost.
"""

from typing import Any, NamedTuple

from cachesim.engines.redis.replication_log import ReplicationLog
from cachesim.model.fleet.failing_node import FailingNode, FailingNodeClient
from cachesim.model.fleet.ghost import Ghost
from cachesim.model.fleet.groups import Shards
from cachesim.model.fleet.lost import lost_in
from cachesim.model.fleet.system import GroupSystem
from cachesim.model.fleet.unreliable import UnreliableFleetSystem
from cachesim.model.journey import Journey
from cachesim.records import PRIMARY, LostWrite


class Counted(NamedTuple):
    """Up to where the losses of a deposed primary are counted."""

    log: ReplicationLog
    offset: int  # bytes


class LinkedGroupSystem(UnreliableFleetSystem, GroupSystem):
    """A fleet whose replicas lose their primaries, and find them again."""

    def __init__(self, *parts: Any) -> None:
        self._lost: list[LostWrite] = []
        self._deposed: dict[int, Counted] = {}  # by place
        super().__init__(*parts)

    def make_cache(self, name: str) -> Any:
        """Make a node that may fail, and that says so."""
        node: Any = self.make_node(FailingNode, name)
        node.tell(self.noticed)
        return node

    def connect_cache(self, tier: Any, journey: Journey) -> Any:
        """Make a client of one node; in a cluster a replica redirects reads that were not meant for it."""
        strict = isinstance(self.fleet, Shards)
        return FailingNodeClient(tier, journey, self.channel_to(tier), strict=strict)

    def noticed(self, node: FailingNode) -> None:
        """Note that the other nodes hear nothing more of a node, or hear of it again."""
        raise NotImplementedError

    def role_of(self, place: int) -> str:
        """Say what a node is now; one that is deposed takes itself for a primary."""
        role = super().role_of(place)
        return PRIMARY if place in self._deposed and not self.caches[place].is_silent else role

    def _group_of(self, place: int) -> int:
        ends = [len(names) for names in self.fleet.groups()]
        return place // ends[0]  # all groups are of one size

    def _members(self, group: int) -> range:
        size = len(self.fleet.groups()[0])
        return range(group * size, (group + 1) * size)

    # --- links break

    def _sever(self, group: int) -> None:
        """Cut the links over which nothing comes; a primary that only stands still has sent what it has."""
        for place in self._members(group):
            node = self.caches[place]
            node.catch_up()  # a copy may be loaded by now
            if node.replica is None or (node.replica.was_cut is not None and not node.replica.copy):
                continue
            source = self._source(node)
            is_split = self.splits.apart(place, source)
            if is_split or node.is_silent or self.caches[source].is_gone:
                node.replica.cut(self.env._now, keeps=is_split)

    def _source(self, node: FailingNode) -> int:
        """Find the place of the node that a replica follows."""
        assert node.replica is not None
        primary = node.replica.primary
        return next(p for p, other in enumerate(self.caches) if other.engine is primary)

    # --- links mend

    def _welcome(self, group: int, place: int) -> None:
        """Connect a node that is back: as the primary that it still is, or as a replica."""
        forgotten = self.caches[place].forgotten()  # of one that was replaced: `promote` has them
        if place in self._deposed:
            self._count_lost(place)
        elif place == self.topology.primaries[group]:
            self._lost += forgotten
        else:
            self._list(group, place)
        self._reunite(group)

    def _list(self, group: int, place: int) -> None:
        """Put a node at the end of the replicas."""
        others = [p for p in self.topology.replicas[group] if p != place]
        primary = self.topology.primaries[group]
        self.change(self.topology.with_group(group, primary, (*others, place)))

    def _reunite(self, group: int) -> None:
        """Let each node of a group follow the primary that it reaches."""
        primary = self.topology.primaries[group]
        for place in [p for p in self._members(group) if p in self._deposed]:
            if not self.caches[place].is_silent and not self.splits.apart(place, primary):
                self._rejoin(group, place)
        for place in self.topology.replicas[group]:
            leader = self._leader_for(group, place)
            if leader is not None and not self.caches[place].is_silent:
                self._connect(self.caches[place], self.caches[leader])

    def _leader_for(self, group: int, place: int) -> int | None:
        """Find the primary that a replica reaches: the present one, else a deposed one; None: neither."""
        deposed = [p for p in self._members(group) if p in self._deposed]
        reached = (self.topology.primaries[group], *deposed)
        return next((p for p in reached if not self.splits.apart(p, place)), None)

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

    # --- two primaries of one group

    def _is_split_from(self, place: int, other: int) -> bool:
        """Whether a node works, but does not reach the other one."""
        return not self.caches[place].is_silent and self.splits.apart(place, other)

    def _ghosts(self, place: int) -> list[Ghost]:
        """Give what a primary will remember of the replicas that it does not reach."""
        followers = [node for node in self.caches if node.replica is not None]
        log = self.caches[place].engine.log
        return [
            Ghost(node.replica)
            for node in followers
            if node.replica.log is log and self.splits.apart(self.caches.index(node), place)
        ]

    def _depose(self, place: int, ghosts: list[Ghost]) -> None:
        """Let a primary go on that was replaced; from now on everything that it takes will be lost."""
        log = self.caches[place].engine.log
        log.readers.extend(ghosts)
        self._deposed[place] = Counted(log, log.offset)

    def _count_lost(self, place: int) -> None:
        """Note as lost what a deposed primary took since the last count; it may have restarted, with another log."""
        node, counted = self.caches[place], self._deposed[place]
        survivor = self.caches[self.topology.primaries[self._group_of(place)]].engine
        self._lost += lost_in(counted.log.after(counted.offset), node.name, survivor)
        log = node.engine.log
        self._deposed[place] = Counted(log, log.offset if log is counted.log else 0)

    def _rejoin(self, group: int, place: int) -> None:
        """Make a deposed primary a replica of the new one: what only it had is lost."""
        self._count_lost(place)
        del self._deposed[place]
        self._list(group, place)
