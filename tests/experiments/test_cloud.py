"""Traffic for managed nodes: what stays, what the metrics say, what a failover does."""

import pytest

import cachesim as cs
from cachesim.errors import BadInput
from cachesim.experiments.cloud import Cloud
from cachesim.model.backups import look_at
from tests.service.conftest import GROUP
from tests.service.test_snapshots import WIDE

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


def values(cloud, metric, cluster="shop-001"):
    """Return the values of a metric of a node by minute."""
    calendar, (cluster, _, node) = cloud.account.calendar, cluster.partition(" ")
    dimensions = [{"Name": "CacheClusterId", "Value": cluster}]
    dimensions += [{"Name": "CacheNodeId", "Value": node}] if node else []
    request = {
        "Namespace": "AWS/ElastiCache", "MetricName": metric, "Period": 60, "Statistics": ["Sum"],
        "Dimensions": dimensions,
        "StartTime": calendar.start, "EndTime": calendar.date,
    }  # fmt: skip
    points = cloud.desk("cloudwatch").GetMetricStatistics(request)["Datapoints"]
    return [point["Sum"] for point in points]


def total(cloud, metric, cluster="shop-001"):
    """Return the sum of a metric of a node."""
    return sum(values(cloud, metric, cluster))


def test_the_metrics_are_those_of_the_run(shop):
    """Hits and misses by minute add up to the history's; five minutes have five values."""
    cloud, result = shop
    reads = result.history[result.history["op"] == "read"]
    reads = reads[reads["end"] < 300]

    assert (reads["lookup"] == "hit").sum() == total(cloud, "CacheHits")
    assert (reads["lookup"] != "hit").sum() == total(cloud, "CacheMisses")
    assert {1} == set(values(cloud, "IsMaster"))
    assert 0 == total(cloud, "CacheHits", "shop-002")  # replicas serve no reads here
    assert {0} == set(values(cloud, "ReplicationLag", "shop-002"))
    assert [] == values(cloud, "ReplicationLag")  # a primary has none


def test_what_the_nodes_hold_stays(shop):
    """The next run begins warm: its first minute hits as often as the last one did."""
    cloud, first = shop
    second = cloud.run(group="shop", strategy=cs.LazyLoading(ttl=60), workload=READS, minutes=2)

    def hits(result, begin, end):
        reads = result.history[result.history["op"] == "read"]
        return (reads[reads["begin"].between(begin, end)]["lookup"] == "hit").mean()

    assert hits(first, 0, 20) < hits(first, 240, 300) - 0.1
    assert hits(second, 0, 20) > hits(first, 240, 300) - 0.05


def lookups(result, seconds=20):
    """Return how the reads of the first seconds found the cache: shares by kind."""
    reads = result.history[result.history["op"] == "read"]
    return reads[reads["begin"] < seconds]["lookup"].value_counts(normalize=True)


def small(**request):
    """Return a cloud with one small node of Redis, and its desk."""
    cloud = Cloud(seed=1)
    desk = cloud.desk("elasticache")
    desk.CreateCacheCluster({"CacheClusterId": "one", **request})
    cloud.advance(minutes=15)
    return cloud, desk


def test_ttls_go_on_between_two_runs():
    """After two minutes without a request nothing with a TTL of a minute is there."""
    cloud, _ = small()
    cloud.run(cluster="one", strategy=cs.LazyLoading(ttl=60), workload=READS, minutes=2)
    cloud.advance(minutes=2)
    later = cloud.run(cluster="one", strategy=cs.LazyLoading(ttl=60), workload=READS, minutes=1)
    warm = cloud.run(cluster="one", strategy=cs.LazyLoading(ttl=60), workload=READS, minutes=1)

    assert lookups(later)["hit"] < lookups(warm)["hit"] - 0.1


@pytest.mark.parametrize("how", ["reboot", "another"])
def test_what_is_gone_between_two_runs(how):
    """A reboot without traffic empties a node, and a new cluster of an old name has nothing."""
    cloud, desk = small()
    for_ever = {"cluster": "one", "strategy": cs.LazyLoading(), "workload": READS, "minutes": 1}
    first, second = cloud.run(**for_ever), cloud.run(**for_ever)
    if how == "reboot":
        desk.RebootCacheCluster({"CacheClusterId": "one", "CacheNodeIdsToReboot": ["0001"]})
    else:
        desk.DeleteCacheCluster({"CacheClusterId": "one"})
        cloud.advance(minutes=15)
        desk.CreateCacheCluster({"CacheClusterId": "one"})
    cloud.advance(minutes=15)
    again = cloud.run(**for_ever)

    assert lookups(second)["hit"] > lookups(first)["hit"] + 0.2
    assert lookups(again)["hit"] < lookups(first)["hit"] + 0.1


def test_each_memcached_node_has_its_own_metrics():
    """The cluster's dimension has the values of all nodes, that of a node its own."""
    cloud, _ = small(Engine="memcached", NumCacheNodes=2)
    cloud.run(cluster="one", workload=READS, minutes=2)
    known = set(cloud.desk("cloudwatch").standing.by_dimensions)

    assert {(("CacheClusterId", "one"),), *(
        (("CacheClusterId", "one"), ("CacheNodeId", node)) for node in ("0001", "0002")
    )} == known  # fmt: skip
    parts = [values(cloud, "CmdGets", f"one {node}") for node in ("0001", "0002")]
    assert [a + b for a, b in zip(*parts, strict=True)] == values(cloud, "CmdGets", "one")
    assert [] == values(cloud, "CacheHitRate", "one")  # a Memcached has none


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
        ({"cluster": "one", "minutes": 0}, "must be > 0"),
        ({"cluster": "one", "clients": {"banana": 1}}, "banana"),
    ],
)
def test_traffic_needs_one_target(fields, sentence):
    """A sentence, and no time passes."""
    cloud, _ = small()
    before = cloud.account.calendar.now
    with pytest.raises(BadInput, match=sentence):
        cloud.run(**fields)
    assert before == cloud.account.calendar.now


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"scale": 0}, "scale must be above 0"), ({"timings": "fast"}, "timings must be one of")],
)
def test_a_wrong_cloud(fields, sentence):
    """One sentence."""
    with pytest.raises(BadInput, match=sentence):
        Cloud(**fields)


def held_by(copy):
    """Return how many keys a copy of a node has."""
    return look_at(copy.file).keys


@pytest.mark.parametrize("request_", [GROUP, WIDE], ids=["one shard", "two shards"])
def test_a_backup_in_the_middle_of_a_run(request_):
    """It has what was there at its moment: more than before the run, and less than after it."""
    cloud = Cloud(seed=1, scale=1 / 200)
    desk = cloud.desk("elasticache")
    window = {"SnapshotRetentionLimit": 1, "SnapshotWindow": "08:16-09:16"}
    desk.CreateReplicationGroup({**request_, **window})
    cloud.advance(minutes=15)
    name = request_["ReplicationGroupId"]
    writes = {"group": name, "strategy": cs.LazyLoading(), "workload": cs.OpenLoop(rate=2)}
    result = cloud.run(**writes, minutes=62)
    (saved,) = desk.snapshots
    group = desk.groups.find(name)
    after = look_at(cloud.account.plane.content(group)).keys
    taken = result.snapshots

    assert len(saved.copies) == len(taken) == len(group.shards)
    assert 50 < sum(held_by(copy) for copy in saved.copies) < after - 20
    assert set(taken["time"]) == {saved.copies[0].when - 900}
    assert taken["complete"].all()
    assert (taken["pause"] > 0).all()
    assert [copy.node for copy in saved.copies] == [each["CacheClusterId"] for each in saved.nodes]
    nodes = {copy.node for copy in saved.copies}
    for member in group.members:
        minutes = values(cloud, "SaveInProgress", member.id)
        assert (sum(minutes) > 0) == (member.id in nodes)
        assert len(minutes) == len(values(cloud, "CurrItems", member.id))


def test_a_backup_between_two_runs_has_what_they_left():
    """And the next run is not disturbed by its content."""
    cloud = Cloud(seed=1, scale=1 / 200)
    desk = cloud.desk("elasticache")
    desk.CreateReplicationGroup(GROUP)
    cloud.advance(minutes=15)
    cloud.run(group="shop", strategy=cs.LazyLoading(), workload=READS, minutes=1)
    group = desk.groups.find("shop")
    content = cloud.account.plane.content(group)
    desk.CreateSnapshot({"SnapshotName": "s", "CacheClusterId": "shop-001"})
    result = cloud.run(group="shop", strategy=cs.LazyLoading(), workload=READS, minutes=6)
    desk.CreateReplicationGroup({**GROUP, "ReplicationGroupId": "new", "SnapshotName": "s"})
    cloud.advance(minutes=15)
    new = cloud.account.plane.content(desk.groups.find("new"))

    assert ["node-0"] == list(result.snapshots["node"])
    assert 0 == result.snapshots["time"].iloc[0]
    assert look_at(content).keys == look_at(new).keys > 50
    assert "available" == group.status


def test_the_costs_of_a_backup_are_those_of_the_whole_node():
    """`scale` divides the memory, not the seconds of the fork."""
    pauses = []
    for scale in (1 / 100, 1 / 200):
        cloud = Cloud(seed=1, scale=scale)
        desk = cloud.desk("elasticache")
        desk.CreateReplicationGroup(GROUP)
        cloud.advance(minutes=15)
        desk.CreateSnapshot({"SnapshotName": "s", "CacheClusterId": "shop-001"})
        (row,) = cloud.run(group="shop", workload=READS, minutes=1).snapshots.itertuples()
        pauses.append(row.pause / row.memory * scale * 2**30)
    assert pauses == pytest.approx([0.01, 0.01])
