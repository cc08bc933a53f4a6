"""How many nodes a group has: replicas that come and go, and shards that do while slots move."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

from cachesim.service.checks import identifier, in_range, in_turn
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import (
    MOST_MEMBERS,
    MOST_SHARDS,
    SLOTS,
    ReplicationGroup,
    Shard,
    member_name,
)
from cachesim.service.elasticache.modify import Modifications
from cachesim.service.faults import only, refuse_if

Request = dict[str, Any]
Wanted = list[tuple[Shard, int, list[str]]]  # a shard, its number of replicas, zones
JOINS = ("ReplicationGroupId", "CacheClusterId", "PreferredAvailabilityZone")
ROOM = 1.5  # times of what leaves must be free in the shards that stay (User Guide)
RATE = 25 * 2**20  # bytes per second that move: an assumption


class Replicas(Modifications):
    """The operations on the replicas of groups."""

    def IncreaseReplicaCount(self, request: Request) -> Request:
        """Begin to add replicas: new nodes copy their primary, and then they serve."""
        group, wanted = self._wanted(request)
        for shard, number, _ in wanted:
            in_range("NewReplicaCount", number, 0, MOST_MEMBERS - 1)
            now = len(shard.replicas())
            refuse_if(number < now, "fewer replicas", shard.id, now)
        new = []
        for shard, number, named in wanted:
            zones = self._zones_for(group, number + 1, named)[len(shard.members) :]
            names = self._free_names(group, shard)
            new += [(shard, next(names), zone) for zone in zones]
        self._add(group, new)
        return {"ReplicationGroup": group.shown()}

    def _wanted(self, request: Request) -> tuple[ReplicationGroup, Wanted]:
        """Return the group of a request, and the numbers of replicas; refuse one that changes nothing."""
        group = self.groups.ready(request["ReplicationGroupId"])
        refuse_if(not request["ApplyImmediately"], "replicas later")
        ways = [w for w in ("NewReplicaCount", "ReplicaConfiguration") if w in request]
        refuse_if(len(ways) > 1 or not (ways or "ReplicasToRemove" in request), "count or shards")
        wanted: Wanted = [
            (s, request.get("NewReplicaCount", len(s.replicas())), []) for s in group.shards
        ]
        if "ReplicaConfiguration" in request:
            wanted = [
                (group.shard(each["NodeGroupId"]), each["NewReplicaCount"],
                 each.get("PreferredAvailabilityZones", []))
                for each in request["ReplicaConfiguration"]
            ]  # fmt: skip
        once = len({shard.id for shard, *_ in wanted}) == len(wanted)
        refuse_if(not once, "shard twice")
        is_same = all(number == len(shard.replicas()) for shard, number, _ in wanted)
        refuse_if(is_same and "ReplicasToRemove" not in request, "same replicas")
        return group, wanted

    def _zones_for(self, group: ReplicationGroup, members: int, zones: list[str]) -> list[str]:
        """Return the zones of all members of a shard, those that a request names if it does."""
        known = self.zones_of(group)
        for zone in zones:
            refuse_if(zone not in known, "no zone", zone)
        refuse_if(zones and len(zones) != members, "all zones", members, len(zones))
        return zones or in_turn(known, members)

    def _free_names(self, group: ReplicationGroup, shard: Shard) -> Iterator[str]:
        names = (f"{member_name(group, shard.id)}{number:03}" for number in count(1))
        return (name for name in names if name not in self.clusters)

    def _add(self, group: ReplicationGroup, new: list[tuple[Shard, str, str]]) -> None:
        """Begin to add members to shards, each with a name and a zone."""
        made = [self.new_member(group, name, zone) for _, name, zone in new]
        self.enter(made)
        for (shard, *_), member in zip(new, made, strict=True):
            shard.members.append(member)
        self.tell("replicas asked", group.id, group.id, topic=group.topic)
        up = self.draw("new nodes")
        for member in made:
            self.account.calendar.at(up, partial(self.order, member.id, "join"))
        self.busy(group, up + self.draw("full copy"), self._added, group, made)

    def _added(self, group: ReplicationGroup, made: list[CacheCluster]) -> None:
        for member in made:
            self.opened(member)
        self.tell("replicas added", group.id, group.id, topic=group.topic)

    def DecreaseReplicaCount(self, request: Request) -> Request:
        """Begin to remove replicas: nobody reads from them any more, and minutes later they are gone."""
        group, wanted = self._wanted(request)
        leave = [*map(self.clusters.find, dict.fromkeys(request.get("ReplicasToRemove", [])))]
        for shard, number, _ in wanted if not leave else []:
            now = len(shard.replicas())
            refuse_if(not 0 <= number <= now, "more replicas", shard.id, now)
            leave += shard.replicas()[number:]
        for member in leave:
            refuse_if(member not in group.members, "no member", member.id, group.id)
            refuse_if(self.leads(member), "primary leaves", member.id)
        emptied = [s for s in group.shards if all(r in leave for r in s.replicas())]
        needs = group.failover and (group.zones or not group.is_sharded)
        refuse_if(emptied and needs, "last replica")
        self._leave(group, leave)
        return {"ReplicationGroup": group.shown()}

    def _leave(self, group: ReplicationGroup, leave: list[CacheCluster]) -> None:
        for member in leave:
            member.status = "deleting"
        self.busy(group, self.draw("remove replicas"), self._left, group, leave)

    def _left(self, group: ReplicationGroup, leave: list[CacheCluster]) -> None:
        for member in leave:
            group.shard_with(member).members.remove(member)
            self.let_go(member)
        self.tell("replicas removed", group.id, group.id, topic=group.topic)

    def let_go(self, member: CacheCluster) -> None:
        """Let a member of a group be gone; nobody needs to replace it."""
        self.cancel_replacement(member.id)
        self.closed(member)

    # one member

    def CreateCacheCluster(self, request: Request) -> Request:
        """Begin to make a cluster, or a replica if the request names a replication group."""
        if "ReplicationGroupId" not in request:
            return super().CreateCacheCluster(request)
        only(request, JOINS)
        group = self.groups.ready(request["ReplicationGroupId"])
        name = identifier(request["CacheClusterId"], "CacheClusterId")
        refuse_if(group.is_sharded, "sharded grows")
        shard, wanted = group.shards[0], request.get("PreferredAvailabilityZone")
        in_range("The number of members", len(shard.members) + 1, 1, MOST_MEMBERS)
        chosen = [*(m.zones[0] for m in shard.members), wanted] if wanted else []
        zones = self._zones_for(group, len(shard.members) + 1, chosen)
        self._add(group, [(shard, name, zones[-1])])
        return {"CacheCluster": shard.members[-1].shown()}

    def DeleteCacheCluster(self, request: Request) -> Request:
        """Begin to remove a cluster with its data, or a replica of a group."""
        found = self.clusters.ready(request["CacheClusterId"], "restore-failed")
        if not found.group:
            return super().DeleteCacheCluster(request)
        group = self.groups.ready(found.group)
        is_last = group.shard_with(found).replicas() == [found]
        needed = self.leads(found) or ((group.zones or group.failover) and is_last)
        refuse_if(group.is_sharded or needed, "member deleted", found.id)
        self._leave(group, [found])
        return {"CacheCluster": found.shown()}


class Resharding(Replicas):
    """The operation ModifyReplicationGroupShardConfiguration."""

    def ModifyReplicationGroupShardConfiguration(self, request: Request) -> Request:
        """Begin to add shards, or to remove some; each slot moves with its keys."""
        group, wanted = self.groups.ready(request["ReplicationGroupId"]), request["NodeGroupCount"]
        zones, now = request.get("ReshardingConfiguration", []), len(group.shards)
        refuse_if(not group.is_sharded, "no shards")
        refuse_if(not request["ApplyImmediately"], "shards later")
        refuse_if(wanted > MOST_SHARDS, "most shards", MOST_SHARDS, wanted)
        refuse_if(wanted < 1 or wanted == now, "same shards", wanted)
        refuse_if(zones and len(zones) != wanted - now, "new shards")
        if wanted > now:
            self._grow(group, zones or [{}] * (wanted - now))
        else:
            self._shrink(group, self._leaving(group, wanted, request))
        return {"ReplicationGroup": group.shown()}

    def _grow(self, group: ReplicationGroup, new: list[Request]) -> None:
        """Make shards with as many nodes as the smallest one; then let them take their part of the slots."""
        members = min(len(shard.members) for shard in group.shards)
        first = 1 + max(int(shard.id) for shard in group.shards)
        zones = [
            self._zones_for(group, members, each.get("PreferredAvailabilityZones", []))
            for each in new
        ]
        made = [self.new_shard(group, number, own) for number, own in enumerate(zones, first)]
        self.enter([member for shard in made for member in shard.members])
        group.coming = made
        self.busy(group, self.draw("new nodes"), self._fill, group)

    def _fill(self, group: ReplicationGroup) -> None:
        made, group.coming = group.coming, []
        moves = SLOTS * len(made) // (len(group.shards) + len(made))
        each = {"lasts": self._moving_time(group, moves) / len(made), "amount": moves / len(made)}
        for shard in made:
            group.shards.append(shard)
            for member in shard.members:
                self.opened(member)
            joins = tuple(member.id for member in shard.members)
            self.order(group.shards[0].primary.id, "add shard", joins=joins, **each)
        group.deal()
        self._until_moved(group, each["lasts"] * len(made), [])

    def _moving_time(self, group: ReplicationGroup, moves: int) -> float:
        """Return the seconds in which so many slots move with their content."""
        held = self.held_by_each(group) * len(group.shards)
        return self.draw("move slots") + held * moves / SLOTS / RATE

    def _leaving(self, group: ReplicationGroup, wanted: int, request: Request) -> list[Shard]:
        ways = [w for w in ("NodeGroupsToRemove", "NodeGroupsToRetain") if w in request]
        refuse_if(len(ways) != 1, "remove or retain")
        named = [group.shard(name) for name in request[ways[0]]]
        leave = [s for s in group.shards if (s in named) == (ways[0] == "NodeGroupsToRemove")]
        refuse_if(len(group.shards) - len(leave) != wanted, "shards left", wanted, ways[0])
        held = self.held_by_each(group)
        free = wanted * (group.node_type.usable - held)
        refuse_if(free < ROOM * held * len(leave), "no room", ROOM)
        return leave

    def _shrink(self, group: ReplicationGroup, leave: list[Shard]) -> None:
        moves = SLOTS * len(leave) // len(group.shards)
        lasts, amount = self._moving_time(group, moves), moves / len(leave)
        for shard in leave:
            shard.leaves = True
            self.order(shard.primary.id, "remove shard", lasts / len(leave), amount=amount)
        self._until_moved(group, lasts, leave)

    def _until_moved(self, group: ReplicationGroup, lasts: float, leave: list[Shard]) -> None:
        begin, least = self.now, max(lasts, 1e-9)
        group.pending["Resharding"] = lambda: {
            "ProgressPercentage": min(100.0, 100 * (self.now - begin) / least)
        }
        self.busy(group, lasts, self._moved_all, group, leave)

    def _moved_all(self, group: ReplicationGroup, leave: list[Shard]) -> None:
        del group.pending["Resharding"]
        group.shards = [shard for shard in group.shards if shard not in leave]
        for member in [member for shard in leave for member in shard.members]:
            self.let_go(member)
        group.deal()
        self.tell("shards changed", group.id, group.id, topic=group.topic)
