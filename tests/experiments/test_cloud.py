"""Traffic for managed nodes: what stays, what the metrics say, what a failover does."""

import pytest

import cachesim as cs
from cachesim.errors import BadInput
from cachesim.experiments.cloud import Cloud
from tests.service.conftest import GROUP

READS = cs.OpenLoop(rate=40)


@pytest.fixture(scope="module")
def shop():
    """A cloud with a group of three nodes, after five minutes of traffic; and its result."""
    cloud = Cloud(seed=1, scale=1 / 200)
    cloud.desk("elasticache").CreateReplicationGroup(GROUP)
    cloud.advance(minutes=15)
    return cloud, cloud.run(
        group="shop", strategy=cs.LazyLoading(ttl=60), workload=READS, minutes=5
    )


def total(cloud, metric, cluster="shop-001"):
    """Return the sum of a metric of a node."""
    calendar = cloud.account.calendar
    request = {
        "Namespace": "AWS/ElastiCache", "MetricName": metric, "Period": 60, "Statistics": ["Sum"],
        "Dimensions": [{"Name": "CacheClusterId", "Value": cluster}],
        "StartTime": calendar.start, "EndTime": calendar.date,
    }  # fmt: skip
    points = cloud.desk("cloudwatch").GetMetricStatistics(request)["Datapoints"]
    return sum(point["Sum"] for point in points)


def test_the_metrics_are_those_of_the_run(shop):
    """Hits and misses by minute add up to the history's; five minutes have five values."""
    cloud, result = shop
    reads = result.history[result.history["op"] == "read"]
    reads = reads[reads["end"] < 300]

    assert (reads["lookup"] == "hit").sum() == total(cloud, "CacheHits")
    assert (reads["lookup"] != "hit").sum() == total(cloud, "CacheMisses")
    assert 5 == total(cloud, "IsMaster")
    assert 0 == total(cloud, "CacheHits", "shop-002")  # replicas serve no reads here
    assert 0 < total(cloud, "ReplicationLag", "shop-002") + 1e-9


def test_what_the_nodes_hold_stays(shop):
    """The next run begins warm: its first minute hits as often as the last one did."""
    cloud, first = shop
    second = cloud.run(group="shop", strategy=cs.LazyLoading(ttl=60), workload=READS, minutes=2)

    def hits(result, begin, end):
        reads = result.history[result.history["op"] == "read"]
        return (reads[reads["begin"].between(begin, end)]["lookup"] == "hit").mean()

    assert hits(first, 0, 20) < hits(first, 240, 300) - 0.1
    assert hits(second, 0, 20) > hits(first, 240, 300) - 0.05


def test_a_failover_under_load():
    """The replica leads when the service says so; the old primary comes back as a replica."""
    cloud = Cloud(seed=2, scale=1 / 200)
    desk = cloud.desk("elasticache")
    desk.CreateReplicationGroup(GROUP)
    cloud.advance(minutes=15)
    desk.TestFailover({"ReplicationGroupId": "shop", "NodeGroupId": "0001"})
    result = cloud.run(group="shop", workload=READS, minutes=12)
    last = result.nodes[result.nodes["begin"] == result.nodes["begin"].max()]
    roles = dict(zip(last["node"], last["role"], strict=True))

    assert {"node-0": "replica", "node-1": "primary", "node-2": "replica"} == roles
    members = desk.DescribeReplicationGroups({})["ReplicationGroups"][0]["NodeGroups"][0]
    leading = [
        m["CacheClusterId"] for m in members["NodeGroupMembers"] if m["CurrentRole"] == "primary"
    ]
    assert ["shop-002"] == leading
    assert 0 < total(cloud, "IsMaster", "shop-002")


def test_a_reboot_empties_a_cluster():
    """All keys are gone, and the next run begins cold."""
    cloud = Cloud(seed=1)
    desk = cloud.desk("elasticache")
    desk.CreateCacheCluster({"CacheClusterId": "one", "CacheNodeType": "cache.t3.micro"})
    cloud.advance(minutes=15)
    cloud.run(cluster="one", workload=READS, minutes=2)
    desk.RebootCacheCluster({"CacheClusterId": "one", "CacheNodeIdsToReboot": ["0001"]})
    result = cloud.run(cluster="one", workload=READS, minutes=4)

    assert {"lost"} <= set(result.history["lookup"].dropna())


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "name either a group or a cluster"),
        ({"group": "a", "cluster": "b"}, "name either a group or a cluster"),
    ],
)
def test_traffic_needs_one_target(fields, sentence):
    """A sentence, and no time passes."""
    cloud = Cloud()
    with pytest.raises(BadInput, match=sentence):
        cloud.run(**fields)
    assert 0 == cloud.account.calendar.now


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"scale": 0}, "scale must be above 0"), ({"timings": "fast"}, "timings must be one of")],
)
def test_a_wrong_cloud(fields, sentence):
    """One sentence."""
    with pytest.raises(BadInput, match=sentence):
        Cloud(**fields)
