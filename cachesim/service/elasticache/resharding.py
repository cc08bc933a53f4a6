"""More or fewer shards of a group: slots move one by one while the group serves."""

from typing import Any

from cachesim.service.elasticache.checks import only
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.failover import shard_of
from cachesim.service.elasticache.groups import MOST_SHARDS, SLOTS, ReplicationGroup, Shard
from cachesim.service.elasticache.replicas import Replicas
from cachesim.service.faults import refuse_if

ASKED = (
    "ReplicationGroupId NodeGroupCount ApplyImmediately ReshardingConfiguration NodeGroupsToRemove "
    "NodeGroupsToRetain"
)
ROOM = 1.5  # times of what leaves must be free in the shards that stay (User Guide)
RATE = 25 * 2**20  # bytes per second that move: an assumption


class Resharding(Replicas):
    """The operation ModifyReplicationGroupShardConfiguration."""

    def ModifyReplicationGroupShardConfiguration(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to add shards, or to remove some; each slot moves with its keys."""
        only(request, ASKED.split())
        group = self.groups.ready(request["ReplicationGroupId"])
        wanted, now = request["NodeGroupCount"], len(group.shards)
        self._check_shards(group, wanted, request)
        leave = self._leaving(group, wanted, request) if wanted < now else []
        if wanted > now:
            zones = [each.get("PreferredAvailabilityZones", []) for each in
                     request.get("ReshardingConfiguration", [])] or [[]] * (wanted - now)  # fmt: skip
            self._grow(group, zones)
        else:
            self._shrink(group, leave)
        return {"ReplicationGroup": group.shown()}

    def _check_shards(self, group: ReplicationGroup, wanted: int, request: dict[str, Any]) -> None:
        refuse_if(not group.is_sharded, "no shards")
        refuse_if(not request["ApplyImmediately"], "shards later")
        refuse_if(wanted > MOST_SHARDS, "most shards", MOST_SHARDS, wanted)
        refuse_if(wanted < 1 or wanted == len(group.shards), "same shards", wanted)
        zones = request.get("ReshardingConfiguration", [])
        refuse_if(zones and len(zones) != wanted - len(group.shards), "new shards")

    # more

    def _grow(self, group: ReplicationGroup, zones: list[list[str]]) -> None:
        """Make shards with as many nodes as the smallest one; then let them take their part of the slots."""
        members = min(len(shard.members) for shard in group.shards)
        self.check_room(members * len(zones))
        made = []
        for number, wanted in enumerate(zones, 1 + max(int(shard.id) for shard in group.shards)):
            shard = Shard(f"{number:04}", [], None)  # type: ignore[arg-type] # it follows at once
            for zone in self._zones_for(shard, members - 1, wanted):
                self._new_member(group, shard, zone)
            shard.primary = shard.members[0]
            made.append(shard)
        for member in [member for shard in made for member in shard.members]:
            self.clusters.add(member)
        group.coming = made
        self.busy(group, self.account.timings.draw("new nodes"), self._fill, group, made)

    def _fill(self, group: ReplicationGroup, made: list[Shard]) -> None:
        moves = SLOTS * len(made) // (len(group.shards) + len(made))
        lasts = self._moving_time(group, moves)
        group.coming = []
        for shard in made:
            group.shards.append(shard)
            for member in shard.members:
                self.opened(member)
            joins = tuple(member.id for member in shard.members)
            self.order(group.shards[0].primary.id, "add shard", lasts / len(made), joins=joins,
                       amount=moves / len(made))  # fmt: skip
        deal(group.shards)
        self._until_moved(group, lasts, [])

    def _moving_time(self, group: ReplicationGroup, moves: int) -> float:
        """Return the seconds in which so many slots move with their content."""
        held = self.held_by_each(group) * len(group.shards)
        return self.account.timings.draw("move slots") + held * moves / SLOTS / RATE

    # fewer

    def _leaving(
        self, group: ReplicationGroup, wanted: int, request: dict[str, Any]
    ) -> list[Shard]:
        ways = [w for w in ("NodeGroupsToRemove", "NodeGroupsToRetain") if w in request]
        refuse_if(len(ways) != 1, "remove or retain")
        named = [shard_of(group, name) for name in request[ways[0]]]
        leave = [s for s in group.shards if (s in named) == (ways[0] == "NodeGroupsToRemove")]
        refuse_if(len(group.shards) - len(leave) != wanted, "shards left", wanted, ways[0])
        held = self.held_by_each(group)
        free = wanted * (group.node_type.usable - held)
        refuse_if(free < ROOM * held * len(leave), "no room", ROOM)
        return leave

    def _shrink(self, group: ReplicationGroup, leave: list[Shard]) -> None:
        moves = SLOTS * len(leave) // len(group.shards)
        lasts = self._moving_time(group, moves)
        for shard in leave:
            shard.leaves = True
            self.order(
                shard.primary.id, "remove shard", lasts / len(leave), amount=moves / len(leave)
            )
        self._until_moved(group, lasts, leave)

    # both

    def _until_moved(self, group: ReplicationGroup, lasts: float, leave: list[Shard]) -> None:
        calendar, begin = self.account.calendar, self.account.calendar.now
        group.pending["Resharding"] = lambda: {
            "ProgressPercentage": min(100.0, 100 * (calendar.now - begin) / max(lasts, 1e-9))
        }
        self.busy(group, lasts, self._moved_all, group, leave)

    def _moved_all(self, group: ReplicationGroup, leave: list[Shard]) -> None:
        del group.pending["Resharding"]
        group.shards = [shard for shard in group.shards if shard not in leave]
        gone: list[CacheCluster] = [member for shard in leave for member in shard.members]
        for member in gone:
            self.forget(group, f"replacement of {member.id} 0001")
            self.closed(member)
        deal(group.shards)
        self.tell("shards changed", group.id, group.id, topic=group.topic)


def deal(shards: list[Shard]) -> None:
    """Give all slots to these shards. SIMPLIFIED: in equal runs."""
    for number, shard in enumerate(shards):
        begin, end = (SLOTS * edge // len(shards) for edge in (number, number + 1))
        shard.slots = f"{begin}-{end - 1}"
