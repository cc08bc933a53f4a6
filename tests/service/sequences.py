"""Random sequences of calls: whatever is called in whatever order, the account stays in order.

`test_sequences.py` plays some through boto3; `python -m tests.service.sequences 10000` plays many at the desks.
"""

import sys
from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault

STATES = {
    "creating", "available", "modifying", "snapshotting", "rebooting cluster nodes", "deleting",
    "restore-failed", "incompatible-network", "create-failed",
}  # fmt: skip
UNBORN = ("creating", "restore-failed", "incompatible-network", "create-failed")
SLOTS = 16384
DAY = 24 * 60  # minutes; the calendar begins at 8 o'clock
GROUPS, CLUSTERS = st.sampled_from(["a", "b"]), st.sampled_from(["m", "n"])
SNAPSHOTS = st.sampled_from(["s", "t"])
TYPES = st.sampled_from(["cache.t3.micro", "cache.t3.small", "cache.m6g.large"])


class Sequences(RuleBasedStateMachine):
    """An account whose operations are called in a random order."""

    def __init__(self):
        super().__init__()
        self.cloud = Cloud(seed=1, scale=1 / 1000)
        self.desk = self.cloud.desk("elasticache")
        self.gone = {}  # id of what was deleted -> second at which it must be gone

    def call(self, operation, **request):
        """Call an operation; return its answer, or None if it was refused."""
        try:
            return getattr(self.desk, operation)(request)
        except ServiceFault:
            return None

    @initialize()
    def begin(self):
        """Begin with what is there in most accounts."""
        self.create_group("a", 3, 0, True, "cache.t3.small")
        self.create_group("b", 2, 2, True, "cache.t3.small")
        self.create_cluster("m", 2)
        self.cloud.advance(30)

    @rule(
        name=GROUPS,
        members=st.integers(1, 4),
        shards=st.sampled_from([0, 0, 2, 3]),
        failover=st.booleans(),
        kind=TYPES,
    )
    def create_group(self, name, members, shards, failover, kind):
        """Create a group with or without shards."""
        sizes = (
            {"NumNodeGroups": shards, "ReplicasPerNodeGroup": members - 1}
            if shards
            else {"NumCacheClusters": members, "AutomaticFailoverEnabled": failover}
        )
        if self.call(
            "CreateReplicationGroup", ReplicationGroupId=name, ReplicationGroupDescription="d",
            CacheNodeType=kind, **sizes,
        ):  # fmt: skip
            self.gone = {n: when for n, when in self.gone.items() if not n.startswith(name)}

    @rule(name=CLUSTERS, nodes=st.integers(1, 3))
    def create_cluster(self, name, nodes):
        """Create a Memcached cluster."""
        if self.call(
            "CreateCacheCluster", CacheClusterId=name, Engine="memcached", NumCacheNodes=nodes
        ):
            self.gone.pop(name, None)

    @rule(name=GROUPS)
    def delete_group(self, name):
        """Delete a group, with all of its members."""
        if found := self.call("DeleteReplicationGroup", ReplicationGroupId=name):
            members = found["ReplicationGroup"]["MemberClusters"]
            over = self.cloud.account.calendar.now + 3600
            self.gone.update(dict.fromkeys([name, *members], over))

    @rule(name=CLUSTERS)
    def delete_cluster(self, name):
        """Delete a cluster."""
        if self.call("DeleteCacheCluster", CacheClusterId=name):
            self.gone[name] = self.cloud.account.calendar.now + 3600

    @rule(name=GROUPS, shard=st.sampled_from(["0001", "0002"]))
    def fail_over(self, name, shard):
        """Fail a shard over."""
        self.call("TestFailover", ReplicationGroupId=name, NodeGroupId=shard)

    @rule(
        name=st.sampled_from(["m", "n", "a-001", "a-002", "b-001"]),
        node=st.sampled_from(["0001", "0002"]),
    )
    def reboot(self, name, node):
        """Restart a node."""
        self.call("RebootCacheCluster", CacheClusterId=name, CacheNodeIdsToReboot=[node])

    @rule(name=GROUPS, kind=TYPES, at_once=st.booleans())
    def scale(self, name, kind, at_once):
        """Give a group other nodes, now or in its window."""
        self.call(
            "ModifyReplicationGroup",
            ReplicationGroupId=name, CacheNodeType=kind, ApplyImmediately=at_once,
        )  # fmt: skip

    @rule(name=GROUPS, way=st.sampled_from(["Increase", "Decrease"]), replicas=st.integers(0, 3))
    def replicas(self, name, way, replicas):
        """Give each shard more or fewer replicas."""
        self.call(
            f"{way}ReplicaCount",
            ReplicationGroupId=name, NewReplicaCount=replicas, ApplyImmediately=True,
        )  # fmt: skip

    @rule(name=GROUPS, shards=st.integers(1, 4), keeps=st.sampled_from(["0001", "0002", "0003"]))
    def reshard(self, name, shards, keeps):
        """Give a group more shards; or fewer, and the one that stays is named."""
        named = {"NodeGroupsToRetain": [keeps]} if shards == 1 else {}
        self.call(
            "ModifyReplicationGroupShardConfiguration",
            ReplicationGroupId=name, NodeGroupCount=shards, ApplyImmediately=True, **named,
        )  # fmt: skip

    @rule(
        name=SNAPSHOTS,
        of=st.sampled_from(
            [{"CacheClusterId": "a-001"}, *({"ReplicationGroupId": g} for g in "ab")]
        ),
    )
    def save(self, name, of):
        """Save a member, or a group with shards."""
        if self.call("CreateSnapshot", SnapshotName=name, **of):
            self.gone.pop(name, None)

    @rule(name=SNAPSHOTS)
    def delete_snapshot(self, name):
        """Delete a snapshot."""
        if self.call("DeleteSnapshot", SnapshotName=name):
            self.gone[name] = self.cloud.account.calendar.now + 3600

    @rule(
        nodes=st.lists(
            st.sampled_from(["a-001", "a-002", "b-0001-001", "b-0001-002", "m 0001"]),
            min_size=1,
            unique=True,
        )
    )
    def kill(self, nodes):
        """Let machines die, all of them at once or none."""
        with suppress(ServiceFault):
            self.cloud.kill(*nodes)

    @rule(minutes=st.sampled_from([1, 3, 10]))
    def wait_a_little(self, minutes):
        """Let time pass in the midst of a change."""
        self.cloud.advance(minutes)

    @rule(minutes=st.sampled_from([30, 60, DAY]))
    def wait(self, minutes):
        """Let time pass until a change is over."""
        self.cloud.advance(minutes)

    @precondition(lambda self: len(self.desk.groups))
    @invariant()
    def states_are_legal(self):
        """Every state is one that AWS has."""
        for each in [*self.desk.groups, *self.desk.clusters]:
            assert each.status in STATES

    @invariant()
    def what_runs_is_what_is_billed(self):
        """The nodes of all clusters that were made, and no others."""
        running = sorted(
            node
            for each in self.desk.clusters
            if each.status not in UNBORN
            for node in each.rented()
        )
        assert running == sorted(self.cloud.account.bill.running())

    @invariant()
    def members_are_clusters(self):
        """Every member is a cluster that names its group, and one of each shard leads."""
        for group in self.desk.groups:
            assert {each.id for each in group.members} == {
                each.id for each in self.desk.clusters if each.group == group.id
            }
            assert all(shard.primary in shard.members for shard in group.shards)

    @invariant()
    def who_is_available_is_not_busy(self):
        """No member is made, deleted or saved, and no slot moves."""
        for group in self.desk.groups:
            if group.status == "available":
                assert not group.coming
                assert "Resharding" not in group.pending
                busy = {each.status for each in group.members} - {"available"}
                assert busy <= {"rebooting cluster nodes"}

    @invariant()
    def slots_are_there_once(self):
        """The shards of a group have all slots, each once."""
        for group in self.desk.groups:
            if group.is_sharded and group.status == "available":
                ranges = [part for shard in group.shards for part in shard.slots.split(",") if part]
                ends = [tuple(map(int, (part + "-" + part).split("-")[:2])) for part in ranges]
                slots = [slot for begin, end in ends for slot in range(begin, end + 1)]
                assert [*range(SLOTS)] == sorted(slots)

    @invariant()
    def what_was_deleted_is_gone(self):
        """An hour after its deletion nobody finds it."""
        now = self.cloud.account.calendar.now
        for name, when in self.gone.items():
            there = (self.desk.groups, self.desk.clusters, self.desk.snapshots)
            assert now < when or not any(name in register for register in there)

    def teardown(self):
        """Two days later, outside of all windows, nothing is busy any more."""
        self.cloud.advance((15 - 8) * 60 - self.cloud.account.calendar.now / 60 % DAY + 2 * DAY)
        for each in [*self.desk.groups, *self.desk.clusters, *self.desk.snapshots]:
            assert each.status in ("available", "create-failed", "restore-failed")


class ThroughClient:
    """The same through a boto3 client in this process; a class of sequences stands beside it."""

    service = ""

    def __init__(self):
        super().__init__()
        self.client = self.cloud.client(self.service)

    def call(self, operation, **request):
        """Call an operation through the client."""
        from botocore.exceptions import ClientError

        self.refused = ""
        try:
            return self.client._make_api_call(operation, request)
        except ClientError as error:
            self.refused = error.response["Error"]["Code"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert 400 <= status < 500
        return None


class SequencesOfClient(ThroughClient, Sequences):
    """The caches through a client."""

    service = "elasticache"


def play(machine, count):
    """Play so many sequences of up to twenty calls."""
    chosen = settings(
        max_examples=count, stateful_step_count=20, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=chosen)


if __name__ == "__main__":
    play(Sequences, int(sys.argv[1]))
    print(f"{sys.argv[1]} sequences: all in order")
