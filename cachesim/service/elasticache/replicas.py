"""More or fewer replicas of a group, and what becomes of its members one by one."""

from functools import partial
from itertools import count
from typing import Any

from cachesim.service.elasticache.checks import identifier, only, range_checked
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.failover import shard_of
from cachesim.service.elasticache.groups import MOST_MEMBERS, ReplicationGroup, Shard
from cachesim.service.elasticache.modify import Modifications
from cachesim.service.faults import refuse_if

ASKED = "ReplicationGroupId NewReplicaCount ReplicaConfiguration ApplyImmediately ReplicasToRemove"
Wanted = list[tuple[Shard, int, list[str]]]  # a shard, its number of replicas, zones


class Replicas(Modifications):
    """The operations on the replicas of groups."""

    def IncreaseReplicaCount(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to add replicas: new nodes copy their primary, and then they serve."""
        group, wanted = self._wanted(request)
        for shard, number, _ in wanted:
            range_checked("NewReplicaCount", number, 0, MOST_MEMBERS - 1)
            refuse_if(
                number < len(shard.replicas()), "fewer replicas", shard.id, len(shard.replicas())
            )
        new = [
            (shard, zone)
            for shard, number, zones in wanted
            for zone in self._zones_for(shard, number, zones)
        ]
        self.check_room(len(new))
        self._add(group, [self._new_member(group, *each) for each in new])
        return {"ReplicationGroup": group.shown()}

    def _wanted(self, request: dict[str, Any]) -> tuple[ReplicationGroup, Wanted]:
        """Return the group of a request, and the numbers of replicas; refuse one that changes nothing."""
        only(request, ASKED.split())
        group = self.groups.ready(request["ReplicationGroupId"])
        refuse_if(not request["ApplyImmediately"], "replicas later")
        ways = [w for w in ("NewReplicaCount", "ReplicaConfiguration") if w in request]
        refuse_if(len(ways) > 1 or not (ways or "ReplicasToRemove" in request), "count or shards")
        every: Wanted = [
            (s, request.get("NewReplicaCount", len(s.replicas())), []) for s in group.shards
        ]
        wanted: Wanted = [
            (shard_of(group, each["NodeGroupId"]), each["NewReplicaCount"],
             each.get("PreferredAvailabilityZones", []))
            for each in request.get("ReplicaConfiguration", [])
        ] or every  # fmt: skip
        is_same = all(number == len(shard.replicas()) for shard, number, _ in wanted)
        refuse_if(is_same and "ReplicasToRemove" not in request, "same replicas")
        return group, wanted

    def _zones_for(self, shard: Shard, number: int, zones: list[str]) -> list[str]:
        """Return the zones of the new members of a shard; `zones` names those of all its members."""
        known, now = self.account.zones(), len(shard.members)
        unknown = [zone for zone in zones if zone not in known]
        refuse_if(unknown, "no zone", *unknown[:1])
        refuse_if(zones and len(zones) != number + 1, "all zones", number + 1, len(zones))
        return zones[now:] if zones else [known[n % len(known)] for n in range(now, number + 1)]

    def _new_member(
        self, group: ReplicationGroup, shard: Shard, zone: str, name: str = ""
    ) -> CacheCluster:
        """Make a member of a shard, with the settings of the group; nobody knows it yet."""
        prefix = f"{group.id}-{shard.id}-" if group.is_sharded else f"{group.id}-"
        names = [*self.clusters.held, *(each.id for each in shard.members)]
        name = name or next(f"{prefix}{n:03}" for n in count(1) if f"{prefix}{n:03}" not in names)
        arn = self.account.arn("elasticache", f"cluster:{name}")
        date = self.account.calendar.date
        made = CacheCluster(name, group.engine, group.settings, [zone], date, arn, group.id)
        made.pending = group.pending
        shard.members.append(made)
        return made

    def check_room(self, nodes: int) -> None:
        """Refuse more nodes than an account can have, before any is made."""
        most = int(self.clusters.kind.most)
        refuse_if(len(self.clusters) + nodes > most, "most nodes", most)

    def _add(self, group: ReplicationGroup, made: list[CacheCluster]) -> None:
        for member in made:
            self.clusters.add(member)
        self.tell("replicas asked", group.id, group.id, topic=group.topic)
        up = self.account.timings.draw("new nodes")
        for member in made:
            self.account.calendar.at(up, partial(self.order, member.id, "join", 0.0))
        copied = up + self.account.timings.draw("full copy")
        self.busy(group, copied, self._added, group, made)

    def _added(self, group: ReplicationGroup, made: list[CacheCluster]) -> None:
        for member in made:
            self.opened(member)
        self.tell("replicas added", group.id, group.id, topic=group.topic)

    def DecreaseReplicaCount(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to remove replicas: nobody reads from them any more, and minutes later they are gone."""
        group, wanted = self._wanted(request)
        leave = [
            self.clusters.find(name) for name in request.get("ReplicasToRemove", [])
        ] or [
            member for shard, number, _ in wanted
            for member in shard.replicas()[self._fewer(shard, number):]
        ]  # fmt: skip
        self._check_leaving(group, leave)
        self._leave(group, leave)
        return {"ReplicationGroup": group.shown()}

    def _fewer(self, shard: Shard, number: int) -> int:
        refuse_if(
            not 0 <= number <= len(shard.replicas()),
            "more replicas",
            shard.id,
            len(shard.replicas()),
        )
        return number

    def _check_leaving(self, group: ReplicationGroup, leave: list[CacheCluster]) -> None:
        for member in leave:
            refuse_if(member not in group.members, "no member", member.id, group.id)
            refuse_if(member is self.shard_with(member).primary, "primary leaves", member.id)
        emptied = [s for s in group.shards if all(r in leave for r in s.replicas())]
        refuse_if(
            emptied and group.failover and (group.zones or not group.is_sharded), "last replica"
        )

    def _leave(self, group: ReplicationGroup, leave: list[CacheCluster]) -> None:
        for member in leave:
            member.status = "deleting"
        self.busy(group, self.account.timings.draw("remove replicas"), self._left, group, leave)

    def _left(self, group: ReplicationGroup, leave: list[CacheCluster]) -> None:
        for member in leave:
            self.cancel_replacement(member.id)
            self.shard_with(member).members.remove(member)
            self.closed(member)
        self.tell("replicas removed", group.id, group.id, topic=group.topic)

    # one member

    def CreateCacheCluster(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to make a cluster, or a replica if the request names a replication group."""
        if "ReplicationGroupId" not in request:
            return super().CreateCacheCluster(request)
        only(request, ["ReplicationGroupId", "CacheClusterId", "PreferredAvailabilityZone"])
        group = self.groups.ready(request["ReplicationGroupId"])
        name = identifier(request["CacheClusterId"], "CacheClusterId")
        refuse_if(group.is_sharded, "sharded grows")
        shard = group.shards[0]
        range_checked("The number of members", len(shard.members) + 1, 1, MOST_MEMBERS)
        wanted = request.get("PreferredAvailabilityZone")
        there = [member.zones[0] for member in shard.members]
        chosen = [*there, wanted] if wanted else []
        (zone,) = self._zones_for(shard, len(shard.members), chosen)
        self.clusters.check_new(name)
        made = self._new_member(group, shard, zone, name)
        self._add(group, [made])
        return {"CacheCluster": made.shown()}

    def DeleteCacheCluster(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to remove a cluster with its data, or a replica of a group."""
        found = self.clusters.ready(request["CacheClusterId"], "restore-failed")
        if not found.group:
            return super().DeleteCacheCluster(request)
        group = self.groups.ready(found.group)
        shard = self.shard_with(found)
        refuse_if(
            group.is_sharded
            or found is shard.primary
            or ((group.zones or group.failover) and shard.replicas() == [found]),
            "member deleted",
            found.id,
        )
        self._leave(group, [found])
        return {"CacheCluster": found.shown()}

    def DeleteReplicationGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to remove a group; with RetainPrimaryCluster its primary goes on alone."""
        group = self.groups.ready(request["ReplicationGroupId"], "create-failed")
        keeps = request.get("RetainPrimaryCluster", False)
        refuse_if(keeps and group.is_sharded, "sharded retained")
        found = super().DeleteReplicationGroup(request)
        if keeps:
            group.shards[0].primary.status = "available"
        return found

    def _closed(self, group: ReplicationGroup) -> None:
        primary = group.shards[0].primary
        if primary.status != "deleting":  # it was retained
            content = self.account.plane.content(group)
            group.shards[0].members.remove(primary)
            primary.group, primary.settings, primary.pending = "", dict(group.settings), {}
            self.account.plane.put(primary, content)
        super()._closed(group)
