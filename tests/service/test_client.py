"""An unmodified boto3 client in the same process: no socket, and waiters in simulated time."""

import inspect
import socket

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

from cachesim.experiments.cloud import Cloud  # noqa: E402
from cachesim.service.wire import models  # noqa: E402
from tests.service.conftest import GROUP  # noqa: E402


@pytest.fixture(autouse=True)
def without_sockets(monkeypatch):
    """Let any connection fail."""

    def refuse(*_):
        raise AssertionError("a client opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def told(cloud):
    """Create a group, wait for it, and return what the client was told."""
    client = cloud.client("elasticache")
    made = client.create_replication_group(**GROUP)
    client.get_waiter("replication_group_available").wait(ReplicationGroupId="shop")
    return made, client.describe_replication_groups()


def test_a_waiter_waits_in_simulated_time(cloud):
    """It polls every 15 s, as botocore does, and no real time passes."""
    made, seen = told(cloud)
    found = seen["ReplicationGroups"][0]

    assert "creating" == made["ReplicationGroup"]["Status"]
    assert "available" == found["Status"]
    assert GROUP["ReplicationGroupDescription"] == found["Description"]
    assert 240 <= cloud.account.calendar.now <= 700
    assert 0 == cloud.account.calendar.now % 15
    assert found["ReplicationGroupCreateTime"] == cloud.account.calendar.start


def test_the_same_seed_gives_the_same_answers():
    """Ids, dates, names: all but the client's own notes."""
    one, other = (told(Cloud(seed=3)) for _ in range(2))

    assert one == other
    assert one != told(Cloud(seed=4))


def test_faults_are_the_modelled_ones(cloud):
    """Class, code and status come from AWS's own model; what is not simulated says so."""
    client = cloud.client("elasticache")
    client.create_replication_group(**GROUP)
    with pytest.raises(client.exceptions.ReplicationGroupAlreadyExistsFault) as refused:
        client.create_replication_group(**GROUP)
    error = refused.value.response
    assert ("ReplicationGroupAlreadyExists", 400) == (
        error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"],
    )  # fmt: skip

    with pytest.raises(client.exceptions.ReplicationGroupNotFoundFault) as refused:
        client.describe_replication_groups(ReplicationGroupId="none")
    assert 404 == refused.value.response["ResponseMetadata"]["HTTPStatusCode"]

    with pytest.raises(client.exceptions.ClientError) as refused:
        client.describe_global_replication_groups()
    assert "NotImplemented" == refused.value.response["Error"]["Code"]
    assert 400 == refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_every_operation_of_a_desk_is_one_of_its_service(cloud):
    """What begins with a capital is an operation, and AWS knows its name."""
    for name, desk in cloud.account.desks.items():
        operations = [
            each for each, _ in inspect.getmembers(desk, inspect.ismethod) if each[0].isupper()
        ]
        assert operations
        assert set(operations) <= set(models.service(name).operation_names)


def test_cloudwatch_takes_what_it_gives(cloud):
    """Values go in by CBOR, dates and statistics come back."""
    client = cloud.client("cloudwatch")
    client.put_metric_data(
        Namespace="mine", MetricData=[{"MetricName": "m", "Values": [1.0, 2.0, 6.0]}]
    )
    cloud.advance(minutes=2)
    now = cloud.account.calendar.date
    answer = client.get_metric_statistics(
        Namespace="mine", MetricName="m", StartTime=cloud.account.calendar.start, EndTime=now,
        Period=60, Statistics=["Average", "Maximum"], ExtendedStatistics=["p50"],
    )  # fmt: skip
    (point,) = answer["Datapoints"]

    assert (3.0, 6.0) == (point["Average"], point["Maximum"])
    assert {"p50": 2.0} == point["ExtendedStatistics"]
    assert cloud.account.calendar.start == point["Timestamp"]


def test_pages_for_boto3(cloud):
    """Its own paginator walks over 45 events and more."""
    client = cloud.client("elasticache")
    for number in range(15):
        client.create_replication_group(**{**GROUP, "ReplicationGroupId": f"g{number}"})
    cloud.advance(minutes=30)
    pages = client.get_paginator("describe_events").paginate(PaginationConfig={"PageSize": 20})
    sizes = [len(page["Events"]) for page in pages]

    assert 15 * 7 == sum(sizes)
    assert {20} == set(sizes[:-1])


def test_changes_by_boto3(cloud):
    """An unmodified client modifies, scales and updates; faults are its own classes."""
    client, sizes = cloud.client("elasticache"), {"NumNodeGroups": 2, "ReplicasPerNodeGroup": 1}
    wide = {"ReplicationGroupId": "wide", "ApplyImmediately": True}
    client.create_replication_group(
        ReplicationGroupId="wide", ReplicationGroupDescription="", **sizes
    )
    cloud.advance(minutes=3 * 24 * 60)
    with pytest.raises(client.exceptions.NoOperationFault):
        client.increase_replica_count(**wide, NewReplicaCount=1)
    assert client.list_allowed_node_type_modifications(ReplicationGroupId="wide")[
        "ScaleUpModifications"
    ]
    (update,) = client.describe_service_updates()["ServiceUpdates"]
    name = update["ServiceUpdateName"]
    (action,) = client.describe_update_actions(ServiceUpdateName=name)["UpdateActions"]
    assert "0/4" == action["NodesUpdated"]
    client.modify_replication_group_shard_configuration(**wide, NodeGroupCount=3)
    cloud.advance(minutes=10)
    (group,) = client.describe_replication_groups()["ReplicationGroups"]
    moved = group["PendingModifiedValues"]["Resharding"]["SlotMigration"]["ProgressPercentage"]
    assert 0 < moved < 100
    client.get_waiter("replication_group_available").wait(ReplicationGroupId="wide")
    client.batch_apply_update_action(ServiceUpdateName=name, ReplicationGroupIds=["wide"])
    client.create_serverless_cache(ServerlessCacheName="s", Engine="redis")
    assert "creating" == client.describe_serverless_caches()["ServerlessCaches"][0]["Status"]
