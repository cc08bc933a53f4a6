"""More or fewer shards of a group: slots move one by one while the group serves."""

from typing import Any

from cachesim.service.elasticache.checks import only
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.failover import shard_of
from cachesim.service.elasticache.groups import MOST_SHARDS, SLOTS, ReplicationGroup, Shard
from cachesim.service.elasticache.replicas import Replicas
from cachesim.service.faults import ServiceFault, bad_combination, bad_value

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
        group.status = "modifying"
        if wanted > now:
            zones = [each.get("PreferredAvailabilityZones", []) for each in
                     request.get("ReshardingConfiguration", [])] or [[]] * (wanted - now)  # fmt: skip
            self._grow(group, zones)
        else:
            self._shrink(group, leave)
        return {"ReplicationGroup": group.shown()}

    def _check_shards(self, group: ReplicationGroup, wanted: int, request: dict[str, Any]) -> None:
        if not group.is_sharded:
            raise bad_combination("Only a group with cluster mode enabled has shards to change.")
        if not request["ApplyImmediately"]:
            raise bad_combination("ApplyImmediately must be true: shards do not wait for a window.")
        if wanted > MOST_SHARDS:
            raise ServiceFault(
                "NodeGroupsPerReplicationGroupQuotaExceededFault",
                f"A replication group can have at most {MOST_SHARDS} node groups, got {wanted}.",
            )
        if wanted < 1 or wanted == len(group.shards):
            raise bad_value(f"NodeGroupCount must be another number from 1 on, got {wanted}.")
        zones = request.get("ReshardingConfiguration", [])
        if zones and len(zones) != wanted - len(group.shards):
            raise bad_value("ReshardingConfiguration must name each new node group, and no other.")

    # more

    def _grow(self, group: ReplicationGroup, zones: list[list[str]]) -> None:
        """Make shards with as many nodes as the smallest one; then let them take their part of the slots."""
        members = min(len(shard.members) for shard in group.shards)
        made = []
        for number, wanted in enumerate(zones, 1 + max(int(shard.id) for shard in group.shards)):
            shard = Shard(f"{number:04}", [], None)  # type: ignore[arg-type] # it follows at once
            for zone in self._zones_for(shard, members - 1, wanted):
                self._new_member(group, shard, zone)
            shard.primary = shard.members[0]
            made.append(shard)
        for member in [member for shard in made for member in shard.members]:
            self.clusters.add(member)
        self.account.calendar.at(
            self.account.timings.draw("new nodes"), lambda: self._fill(group, made)
        )

    def _fill(self, group: ReplicationGroup, made: list[Shard]) -> None:
        moves = SLOTS * len(made) // (len(group.shards) + len(made))
        lasts = self._moving_time(group, moves)
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
        if len(ways) != 1:
            raise bad_combination("Give either NodeGroupsToRemove or NodeGroupsToRetain.")
        named = [shard_of(group, name) for name in request[ways[0]]]
        leave = [s for s in group.shards if (s in named) == (ways[0] == "NodeGroupsToRemove")]
        if len(group.shards) - len(leave) != wanted:
            raise bad_value(f"NodeGroupCount is {wanted}, but {ways[0]} does not leave so many.")
        held = self.held_by_each(group)
        free = wanted * (group.node_type.usable - held)
        if free < ROOM * held * len(leave):
            raise bad_combination(
                f"The node groups that stay need {ROOM:g} times the memory that leaves; choose more."
            )
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
        calendar.at(lasts, lambda: self._moved_all(group, leave))

    def _moved_all(self, group: ReplicationGroup, leave: list[Shard]) -> None:
        del group.pending["Resharding"]
        group.shards = [shard for shard in group.shards if shard not in leave]
        gone: list[CacheCluster] = [member for shard in leave for member in shard.members]
        for member in gone:
            self.forget(group, f"replacement of {member.id} 0001")
            self.closed(member)
        deal(group.shards)
        group.status = "available"
        self.tell("shards changed", group.id, group.id, topic=group.topic)


def deal(shards: list[Shard]) -> None:
    """Give all slots to these shards. SIMPLIFIED: in equal runs."""
    for number, shard in enumerate(shards):
        begin, end = (SLOTS * edge // len(shards) for edge in (number, number + 1))
        shard.slots = f"{begin}-{end - 1}"
