"""A fleet with replicas whose nodes may fail: who takes over, and when, and which writes are gone.

A failover costs one event or two. The moment of the takeover is drawn when the primary falls silent; if nobody
hears it then, the replica that has most of the log becomes the primary.
"""

import math
from collections.abc import Iterator
from typing import Any

from cachesim.engines.redis.replication_log import ReplicationLog
from cachesim.errors import BadInput
from cachesim.model.events import Drive, Steps
from cachesim.model.fleet.cluster import ClusterState
from cachesim.model.fleet.failing_node import FailingNode
from cachesim.model.fleet.groups import Shards
from cachesim.model.fleet.linked import LinkedGroupSystem
from cachesim.model.fleet.lost import all_held, held, judged, lost_in, with_held
from cachesim.records import PRIMARY, LostWrite
from cachesim.rng import uniform


class UnreliableGroupSystem(LinkedGroupSystem):
    """A fleet with replicas and switches for faults."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._draw = uniform(self.blueprint.seed, "failover")
        self._unheard: dict[int, float] = {}  # place of a primary -> since when nobody hears it
        self._cluster: ClusterState | None = None
        if isinstance(self.fleet, Shards):
            self._cluster = ClusterState(self, self.fleet, uniform(self.blueprint.seed, "majority"))

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
        for place in self._deposed:
            self._count_lost(place)
        gone_for_good = [each for each in self._lost if not self._is_there(each)]
        return judged(gone_for_good, self.db.versions)

    def _is_there(self, lost: LostWrite) -> bool:
        """Whether a client has sent a value again, and it stands now."""
        return (
            lost.write is not None and held(self.engine_of(str(lost.key)), lost.key) == lost.write
        )

    # --- a node falls silent, or is back; the network is cut, or heals

    def noticed(self, node: FailingNode) -> None:
        """Note that the other nodes hear nothing more of a node, or hear of it again."""
        place = self.caches.index(node)
        if node.is_silent:
            self._sever(self._group_of(place))
        else:
            self._welcome(self._group_of(place), place)
        self._judge()

    def after_split(self) -> None:
        """Let the two sides go on, each with what it can reach."""
        super().after_split()
        for group in range(len(self.topology.primaries)):
            self._sever(group)
            self._reunite(group)
        self._judge()

    def _judge(self) -> None:
        """See which primaries are heard by those who decide, and which processes hear of their decisions."""
        side = self._leading()
        for number, view in enumerate(self.views):
            view.stick(bool(self.splits) and self.splits.of_process(number) != side)
        for group, place in enumerate(self.topology.primaries):
            if self._is_heard(place):
                if self._unheard.pop(place, None) is not None and self._cluster is not None:
                    Drive(self._cluster.forgive(group))
            elif place not in self._unheard:
                self._unheard[place] = self.env._now
                Drive(self._take_over(group, place, self.caches[place].engine.log))
        for steps in self._cluster.look() if self._cluster is not None else ():
            Drive(steps)

    def _leading(self) -> Any:
        """Give the side of those who decide who is a primary; None: nobody can."""
        working = [p for p in self.topology.primaries if not self.caches[p].is_silent]
        return self.fleet.leading([self.splits.of_node(p) for p in working], self.splits.rest)

    def _is_heard(self, place: int) -> bool:
        reached = not self.splits or self.splits.of_node(place) == self._leading()
        return reached and not self.caches[place].is_silent

    def believers(self) -> Iterator[tuple[int, int]]:
        """Give the group and the place of each node that works and takes itself for a primary."""
        for place in (*self.topology.primaries, *self._deposed):
            if not self.caches[place].is_silent:
                yield self._group_of(place), place

    # --- failover

    def fail_over(self, node: FailingNode) -> None:
        """Let the best replica of a primary take over now; nothing happens if none is there."""
        place = self.caches.index(node)
        group = self._group_of(place)
        if self.topology.primaries[group] != place or not self.fleet.replicas:
            raise BadInput(
                f'"{node.name}" is no primary with replicas; name one, such as "primary"'
            )
        if able := self._able(group, node.engine.log):
            self._promote_best(group, able)

    def take_over(self, node: FailingNode) -> None:
        """Let the best replica lead in the place of a primary that is silent, without asking any node.

        Nothing happens if another one leads already, or if no replica is there.
        """
        place = self.caches.index(node)
        group = self._group_of(place)
        able = [p for p in self.topology.replicas[group] if self._follows(p)]
        if able and node.is_silent and self.topology.primaries[group] == place:
            self._promote_best(group, able)

    def _follows(self, place: int) -> bool:
        node = self.caches[place]
        return node.replica is not None and node.can_replace(node.replica.log)

    def _take_over(self, group: int, place: int, log: ReplicationLog) -> Steps:
        """Promote a replica that followed this log, if nobody hears the primary; try again while there is none."""
        since = self.env._now
        failed, promoted = self.fleet.takeover(self._draw)
        if self._cluster is not None and failed < math.inf:
            yield self.until(since + failed)
            if self._is_missed(group, place, since):
                self._cluster.fail(group)
        end = max(self.blueprint.duration, since + promoted)
        while since + promoted <= end < math.inf:
            yield self.until(since + promoted)
            if not self._is_missed(group, place, since):
                return
            if (able := self._able(group, log)) and self._leading() is not None:
                self._promote_best(group, able)
                return
            promoted += self.fleet.again(self._draw)

    def _is_missed(self, group: int, place: int, since: float) -> bool:
        """Whether a node is still the primary, and nobody has heard it since then."""
        return self.topology.primaries[group] == place and self._unheard.get(place) == since

    def _able(self, group: int, log: ReplicationLog) -> list[int]:
        """Give the replicas that those who decide can hear, and that followed this log."""
        heard = [p for p in self.topology.replicas[group] if self._is_heard(p)]
        return [p for p in heard if self.caches[p].can_replace(log)]

    def _promote_best(self, group: int, able: list[int]) -> None:
        self.promote(group, max(able, key=lambda p: (self.caches[p].received(), -p)))

    def _replace(self, old: FailingNode, new: FailingNode) -> None:
        """Let a replica lead in the place of its primary, and count what it never got."""
        new.catch_up()
        link: Any = new.replica
        has_restarted = not old.is_silent and link.log is not old.engine.log
        is_short = has_restarted or link.received < link.log.start  # the log does not tell all
        before = old.forgotten() or all_held(old.engine, self.env._now, old.name)
        lost = lost_in(new.lead(), old.name, new.engine)
        self._lost += with_held(lost, before, new.engine) if is_short else lost

    def promote(self, group: int, place: int) -> None:
        """Make a replica the primary of its group; what it never got is lost."""
        former = self.topology.primaries[group]
        old, new = self.caches[former], self.caches[place]
        is_split = self._is_split_from(former, place)
        ghosts = self._ghosts(former) if is_split else []
        self._replace(old, new)
        others = [p for p in self.topology.replicas[group] if p != place]
        self.change(self.topology.with_group(group, place, others))
        if is_split:
            self._depose(former, ghosts)
        for other in others:
            if not self.caches[other].is_silent and not self.splits.apart(other, place):
                self._connect(self.caches[other], new)
        if old.is_silent:
            old.demote()  # calls that it still works on find no primary
        elif not is_split:  # a planned failover
            self._welcome(group, former)
        self._unheard.pop(former, None)
        if self._cluster is not None:
            self._cluster.cover(group)
        self._judge()
