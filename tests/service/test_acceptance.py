"""The acceptance checks of the managed service: which test is which, and those that no other file has.

The numbers are those of issue 20. All ask an unmodified boto3 in the same process, but for those in
`test_acceptance_served.py`, which need ports: the `aws` command line, redis-py, Auto Discovery.
Not here: 28 and 29 are about RDS and DynamoDB.

1 created, waited for, available: service/test_client.py::test_a_waiter_waits_in_simulated_time
1 by the command line: service/test_acceptance_served.py::test_check_1_and_30_by_the_command_line
2 same seed, same bytes: service/test_acceptance.py::test_check_2_the_same_bytes
3 twice, and unknown: service/test_client.py::test_faults_are_the_modelled_ones
4 AWS's own sentences: service/test_acceptance.py::test_check_4_the_texts_of_the_service
4 of exports: service/test_acceptance_backups.py::test_check_4_an_export_that_is_refused
5 wrong values: service/test_network_client.py::test_wrong_values_have_one_code
6 failover of one: service/test_acceptance.py::test_check_4_the_texts_of_the_service
7 not simulated: service/test_acceptance.py::test_check_7_what_is_not_simulated_says_so
8 pages: service/test_acceptance_pages.py::test_check_8_pages_of_twenty
8 all nineteen: service/test_acceptance_pages.py::test_check_8_every_paginator_is_checked
8 of events: service/test_client.py::test_pages_for_boto3
8 of parameter groups: service/test_network_client.py::test_pages_of_parameter_groups
8 of parameters: service/test_network_client.py::test_pages_of_parameters
8 of subnet groups: service/test_network_client.py::test_pages_of_subnets_and_their_groups
8 of versions: service/test_network_client.py::test_one_page_of_versions
9 waiters succeed: service/test_waiters.py::test_four_waiters_in_process
9 waiters fail: service/test_waiters.py::test_waiters_end_when_it_cannot_be
10 tags: service/test_network_client.py::test_tags_through_a_client
11 until the window: service/test_acceptance.py::test_check_11_what_waits_for_the_window
11 a newer change: service/test_acceptance_runs.py::test_check_11_a_newer_change_replaces_an_older_one
12 a window moves: service/test_acceptance_runs.py::test_check_12_a_moved_window_moves_a_replacement
13 five events: service/test_acceptance.py::test_check_13_a_failover_and_the_sixteenth
14 redis-py after it: service/test_acceptance_served.py::test_check_14_redis_py_after_a_failover
15 lost writes: service/test_acceptance_runs.py::test_check_15_lost_acknowledged_writes
16 a shard dies: service/test_acceptance_served.py::test_check_16_a_whole_shard_dies
16 under load: service/test_acceptance_runs.py::test_check_16_a_whole_shard_dies_in_a_run
17 a reboot: service/test_acceptance_runs.py::test_check_17_a_reboot_of_a_primary_empties_its_replicas
18 a snapshot blocks: service/test_acceptance_backups.py::test_check_18_a_snapshot_blocks_its_group
18 exported to a real server: live/test_seeds.py::test_there_and_back
19 seeded by a real server: live/test_seeds.py::test_there_and_back
19 bad seeds: service/test_acceptance_backups.py::test_check_19_a_bad_seed
20 one a day: service/test_acceptance_backups.py::test_check_20_one_automatic_snapshot_a_day
21 shards into one: service/test_acceptance_backups.py::test_check_21_other_nodes_and_other_shards
22 Memcached has none: service/test_acceptance.py::test_check_22_a_memcached_has_no_snapshots
22 Auto Discovery: service/test_acceptance_served.py::test_check_22_a_node_more_is_discovered
22 keys that move: service/test_acceptance.py::test_check_22_keys_that_move
23 the engines' counts: service/test_acceptance_watch.py::test_check_23_a_day_has_the_counts_of_the_engines
23 by three protocols: service/test_acceptance_watch.py::test_check_23_three_protocols_give_the_same_numbers
23 a group's own: service/test_acceptance_watch.py::test_check_23_a_group_has_metrics_of_its_own
24 a missing minute: service/test_acceptance_watch.py::test_check_24_three_of_five_with_a_missing_minute
24 an encrypted topic: service/test_acceptance_watch.py::test_check_24_a_topic_that_is_not_let_in
25 Describe only: service/test_iam.py::test_describe_only
25 a resource and a condition: service/test_iam.py::test_a_resource_and_a_condition
25 a tag: service/test_iam.py::test_a_tag_decides
25 not the data: service/test_acceptance_access.py::test_check_25_a_policy_does_not_stop_the_data
25 fifteen minutes: service/test_acceptance_access.py::test_check_25_a_token_of_iam_lasts_fifteen_minutes
25 twelve hours: service/test_acceptance_access.py::test_check_25_a_connection_of_iam_ends_after_twelve_hours
26 commands and keys: service/test_acceptance_access.py::test_check_26_a_reader_of_some_keys
26 by redis-cli: service/test_acceptance_served.py::test_check_26_users_of_redis_cli
27 a closed group: service/test_acceptance_access.py::test_check_27_packets_are_dropped_and_never_refused
30 by the command line: service/test_acceptance_served.py::test_check_1_and_30_by_the_command_line
30 the week: experiments/test_week.py::test_each_step_shows_what_it_must
30 moto: service/test_moto.py::test_moto_answers_nothing_that_we_do_not
"""

import re
from pathlib import Path

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

import cachesim as cs  # noqa: E402
from cachesim.experiments.cloud import Cloud  # noqa: E402
from cachesim.service.wire import models  # noqa: E402
from tests.service.conftest import GROUP  # noqa: E402
from tests.service.drawn import Drawn  # noqa: E402

TESTS = Path(__file__).parents[1]
SHOP = {"ReplicationGroupId": "shop"}
DAY = 24 * 60  # minutes


def available(client, cloud, **group):
    """Create a group and wait for it; return its id."""
    made = client.create_replication_group(**{**GROUP, **group})["ReplicationGroup"]
    name = made["ReplicationGroupId"]
    client.get_waiter("replication_group_available").wait(ReplicationGroupId=name)
    return name


def refused(client, operation, **request):
    """Return code, text and HTTP status of a call that is refused."""
    with pytest.raises(client.exceptions.ClientError) as fault:
        client._make_api_call(operation, request)
    told = fault.value.response
    status = told["ResponseMetadata"]["HTTPStatusCode"]
    return told["Error"]["Code"], told["Error"]["Message"], status


def inbox(cloud, **attributes):
    """Make a topic with an inbox; return its ARN."""
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="ops", Attributes=attributes)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="inbox")
    return topic


def test_each_check_has_its_tests():
    """All of 1 to 27, and 30; a test that the table names is there."""
    rows = re.findall(r"^(\d+) .*: (\S+)::(\w+)$", __doc__, re.MULTILINE)

    assert {*range(1, 28), 30} == {int(number) for number, *_ in rows}
    missing = [
        name for _, file, name in rows if f"def {name}(" not in (TESTS / file).read_text("utf-8")
    ]
    assert [] == missing
    sources = [
        each.read_text("utf-8") for each in Path(__file__).parent.glob("test_acceptance*.py")
    ]
    mine = set(re.findall(r"(?m)^def (test_check_\w+)", "\n".join(sources)))
    assert mine <= {name for *_, name in rows}


def bytes_of(seed):
    """Make some calls; return what came back, byte for byte, with its headers."""
    cloud, came = Cloud(seed=seed), []
    client = cloud.client("elasticache")

    def hear(response_dict, **_):
        came.append((response_dict["status_code"], dict(response_dict["headers"]), response_dict["body"]))  # fmt: skip

    client.meta.events.register("before-parse", hear)
    available(client, cloud, SnapshotRetentionLimit=2)
    client.test_failover(**SHOP, NodeGroupId="0001")
    cloud.advance(minutes=2 * DAY)
    client.describe_events(Duration=2 * DAY)
    client.describe_snapshots()
    refused(client, "DescribeReplicationGroups", ReplicationGroupId="none")
    return came


def test_check_2_the_same_bytes():
    """Ids, dates, request ids, headers: all that a client hears."""
    one = bytes_of(seed=3)

    assert one == bytes_of(seed=3)
    assert one != bytes_of(seed=4)
    assert {200, 404} == {status for status, *_ in one}
    ids = [re.search(rb"<RequestId>(.+)</RequestId>", body)[1] for *_, body in one]
    assert len(one) == len(set(ids))


COMBINATION, VALUE = "InvalidParameterCombination", "InvalidParameterValue"
BUSY, ABSENT = "InvalidReplicationGroupState", "CacheClusterNotFound"


def test_check_4_the_texts_of_the_service(client, cloud):
    """Codes, sentences and HTTP statuses that the real service was seen to give; check 6 is the first of them."""
    one = refused(client, "CreateReplicationGroup", **{**GROUP, "NumCacheClusters": 1})
    needs_two = "there must be at least 2 cache clusters in the replication group."
    assert (COMBINATION, f"When using automatic failover, {needs_two}", 400) == one

    arn = client.create_replication_group(**GROUP)["ReplicationGroup"]["ARN"]
    member = arn.replace(":replicationgroup:shop", ":cluster:shop-001")
    tag = {"ResourceName": arn, "Tags": [{"Key": "a", "Value": "b"}]}
    early = refused(client, "ModifyReplicationGroup", **SHOP, CacheNodeType="cache.t3.small")
    assert (BUSY, "Replication group must be in available state to modify.", 400) == early
    untagged = "Cluster not in available state to perform tagging operations."
    assert (BUSY, untagged, 400) == refused(client, "AddTagsToResource", **tag)
    absent = refused(client, "ListTagsForResource", ResourceName=member)
    assert (ABSENT, "shop-001 is either not present or not available.", 404) == absent
    none = refused(client, "DescribeCacheClusters", CacheClusterId="none")
    assert (ABSENT, "CacheCluster not found: none", 404) == none

    client.get_waiter("replication_group_available").wait(**SHOP)
    wide = {"ReplicationGroupId": "wide", "NumCacheClusters": None, "NumNodeGroups": 2}
    request = {key: value for key, value in {**GROUP, **wide}.items() if value is not None}
    client.create_replication_group(**request, ReplicasPerNodeGroup=1)
    client.get_waiter("replication_group_available").wait(ReplicationGroupId="wide")
    for operation, asked, expected in (
        ("ModifyReplicationGroup", {"ReplicationGroupId": "wide", "AutomaticFailoverEnabled": False},
         (COMBINATION, "Turning off automatic failover for replication group with cluster mode "
          "enabled is not supported.", 400)),
        ("DecreaseReplicaCount", {**SHOP, "NewReplicaCount": 0, "ApplyImmediately": True},
         (VALUE, "Must have at least 1 replica when cluster mode is disabled with auto failover "
          "enabled.", 400)),
        ("ModifyReplicationGroup", {**SHOP, "SnapshottingClusterId": "none"},
         (ABSENT, "Specified snapshotting cluster does not exist", 404)),
        ("ModifyReplicationGroup", {**SHOP, "SnapshotRetentionLimit": 1},
         (COMBINATION, "Must specify both SnapshotRetentionLimit and SnapshottingClusterId to turn "
          "on snapshots", 400)),
        ("ModifyReplicationGroup",
         {"ReplicationGroupId": "wide", "SnapshottingClusterId": "wide-0001-001"},
         (COMBINATION, "Cannot set snapshotting cluster for cluster mode enabled replication group",
          400)),
    ):  # fmt: skip
        assert expected == refused(client, operation, **asked)


def test_check_7_what_is_not_simulated_says_so(client, cloud):
    """Every operation of ElastiCache that no desk has: NotImplemented and HTTP 400, whatever is asked."""
    model, desk = models.service("elasticache"), cloud.desk("elasticache")
    without = [name for name in model.operation_names if not hasattr(desk, name)]
    for name in without:
        request = Drawn(name).of(model.operation_model(name).input_shape)
        code, text, status = refused(client, name, **request)
        assert ("NotImplemented", 400) == (code, status)
        assert "not simulated" in text
    assert without


def test_check_11_what_waits_for_the_window(client, cloud):
    """It is shown as pending, and changes nothing until Wednesday at five."""
    available(client, cloud, PreferredMaintenanceWindow="wed:05:00-wed:06:00")
    client.modify_replication_group(**SHOP, CacheNodeType="cache.m6g.large")

    def now():
        (group,) = client.describe_replication_groups(**SHOP)["ReplicationGroups"]
        member = client.describe_cache_clusters(CacheClusterId="shop-001")["CacheClusters"][0]
        pending = member["PendingModifiedValues"]
        return group["Status"], group["CacheNodeType"], pending.get("CacheNodeType")

    waiting = ("available", "cache.t3.micro", "cache.m6g.large")
    assert waiting == now()
    cloud.advance(minutes=44 * 60)  # Wednesday, at about 4
    assert waiting == now()
    cloud.advance(minutes=2 * 60)
    assert ("available", "cache.m6g.large", None) == now()


def test_check_13_a_failover_and_the_sixteenth(client, cloud):
    """Five events in their order, the newest first in AWS's answer; the sixteenth shard in a day is refused."""
    available(client, cloud)
    client.test_failover(**SHOP, NodeGroupId="0001")
    cloud.advance(minutes=15)
    events = client.describe_events(Duration=15)["Events"]
    ended = "Failover from primary node shop-001 to replica node shop-002 completed"
    assert [
        ("cache-cluster", "shop-001", "Finished recovery for cache nodes 0001"),
        ("cache-cluster", "shop-001", "Recovering cache nodes 0001"),
        ("replication-group", "shop", ended),
        ("cache-cluster", "shop-001", ended),
        ("replication-group", "shop", "Test Failover API called for node group 0001"),
    ] == [(each["SourceType"], each["SourceIdentifier"], each["Message"]) for each in events]
    for _ in range(14):
        client.get_waiter("replication_group_available").wait(**SHOP)
        client.test_failover(**SHOP, NodeGroupId="0001")
    client.get_waiter("replication_group_available").wait(**SHOP)
    again = refused(client, "TestFailover", **SHOP, NodeGroupId="0001")
    assert ("APICallRateForCustomerExceeded", 400) == (again[0], again[2])


def test_check_22_a_memcached_has_no_snapshots(client, cloud):
    """The modelled fault, and no snapshot."""
    client.create_cache_cluster(CacheClusterId="m", Engine="memcached", NumCacheNodes=2)
    client.get_waiter("cache_cluster_available").wait(CacheClusterId="m")
    with pytest.raises(client.exceptions.SnapshotFeatureNotSupportedFault):
        client.create_snapshot(SnapshotName="s", CacheClusterId="m")
    assert [] == client.describe_snapshots()["Snapshots"]


@pytest.mark.parametrize(
    ("route", "ring"), [(cs.routes.Modulo(), False), (cs.routes.Ketama(), True)]
)
def test_check_22_keys_that_move(cloud, client, route, ring):
    """Of the keys of three nodes, three quarters have another one of four under modulo, a quarter on a ring."""
    client.create_cache_cluster(CacheClusterId="m", Engine="memcached", NumCacheNodes=3)
    client.get_waiter("cache_cluster_available").wait(CacheClusterId="m")
    client.modify_cache_cluster(CacheClusterId="m", NumCacheNodes=4, ApplyImmediately=True)
    keys = cs.popularity.Uniform(keys=400)
    history = cloud.run(
        cluster="m", strategy=cs.LazyLoading(ttl=1e6), minutes=5, clients={"route": route},
        workload=cs.OpenLoop(rate=30, reads=1.0, popularity=keys),
    ).history  # fmt: skip
    asked = history[history["node"].notna()]
    joined = asked.loc[asked["node"] == "node-3", "begin"].min()
    before = asked[asked["begin"] < joined].groupby("key")["node"].last()
    after = asked[asked["begin"] >= joined].groupby("key")["node"].last()
    both = before.index.intersection(after.index)

    assert len(both) > 350
    moved = (before[both] != after[both]).mean()
    assert moved == pytest.approx(cs.theory.moved_keys(3, ring=ring), abs=0.07)
