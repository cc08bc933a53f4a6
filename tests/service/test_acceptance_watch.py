"""Acceptance checks 23 and 24: CloudWatch and SNS. See test_acceptance.py."""

import json

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

import botocore.model

import cachesim as cs
from cachesim.engines.counters import counters
from cachesim.experiments import run as room
from cachesim.experiments.cloud import Cloud
from tests.service.test_acceptance import DAY, SHOP, available, inbox
from tests.service.test_sns import OLD

GROUPED = {"ReplicationGroupId": "shop"}
COUNTED = {
    "redis": {
        "CacheHits": "keyspace_hits", "CacheMisses": "keyspace_misses", "Evictions": "evicted_keys",
        "Reclaimed": "expired_keys",
    },
    "memcached": {
        "GetHits": "get_hits", "GetMisses": "get_misses", "CmdGets": "cmd_get",
        "CmdSet": "cmd_set", "NewItems": "total_items", "DeleteHits": "delete_hits",
    },
}  # fmt: skip


def asked(metric, **of):
    """Name a metric of ElastiCache in AWS's shape."""
    own = [{"Name": name, "Value": value} for name, value in of.items()]
    return {"Namespace": "AWS/ElastiCache", "MetricName": metric, "Dimensions": own}


def points(cloud, name, statistic="Sum", period=60):
    """Return the values of a metric since the begin."""
    found = cloud.client("cloudwatch").get_metric_statistics(
        **name, StartTime=cloud.account.calendar.start, EndTime=cloud.account.calendar.date,
        Period=period, Statistics=[statistic],
    )["Datapoints"]  # fmt: skip
    return [point[statistic] for point in sorted(found, key=lambda point: point["Timestamp"])]


@pytest.fixture
def systems(monkeypatch):
    """The systems of the runs from now on, whose engines one can ask."""
    found, choose = [], room.system_for
    monkeypatch.setattr(
        room, "system_for",
        lambda scenario: lambda *parts: found.append(choose(scenario)(*parts)) or found[-1],
    )  # fmt: skip
    return found


@pytest.mark.parametrize("engine", COUNTED)
def test_check_23_a_day_has_the_counts_of_the_engines(systems, engine):
    """Over a day the sum of every counted metric of every node is what its engine has counted."""
    cloud = Cloud(seed=3, scale=1 / 200)
    client = cloud.client("elasticache")
    if engine == "redis":
        target = {"group": available(client, cloud)}
        nodes = [{"CacheClusterId": f"shop-00{n}"} for n in (1, 2, 3)]
    else:
        target = {"cluster": "one"}
        client.create_cache_cluster(CacheClusterId="one", Engine=engine, NumCacheNodes=2)
        client.get_waiter("cache_cluster_available").wait(CacheClusterId="one")
        nodes = [{"CacheClusterId": "one", "CacheNodeId": each} for each in ("0001", "0002")]
    cloud.run(**target, workload=cs.OpenLoop(rate=60, reads=0.8), minutes=4.3)
    cloud.advance(minutes=DAY - 60)
    (system,) = systems
    held = [counters(tier.engine) for tier in system.caches]
    for own, node in zip(held, nodes, strict=True):
        for metric, counter in COUNTED[engine].items():
            assert [own[counter]] == points(cloud, asked(metric, **node), period=60 * DAY)
    assert 0 < sum(own[next(iter(COUNTED[engine].values()))] for own in held)
    assert 0 < sum(points(cloud, asked("NetworkBytesIn", **nodes[0])))

    listed = cloud.client("cloudwatch").get_paginator("list_metrics").paginate()
    names = {each["MetricName"] for page in listed for each in page["Metrics"]}
    assert (engine == "redis") == ("CacheHitRate" in names)
    rates = points(cloud, asked("CacheHitRate", **nodes[0]))
    assert (engine == "redis") == (len(rates) > 0)


def test_check_23_a_group_has_metrics_of_its_own(cloud, client):
    """All nodes' memory, and the busy primary alone, after a failover, too."""
    available(client, cloud)
    client.test_failover(**SHOP, NodeGroupId="0001")
    client.get_waiter("replication_group_available").wait(**SHOP)
    begun = len(points(cloud, asked("IsMaster", CacheClusterId="shop-003")))
    cloud.run(group="shop", workload=cs.OpenLoop(rate=60), minutes=3)
    leads = asked("EngineCPUUtilization", **GROUPED, Role="Primary")
    memory = asked("DatabaseMemoryUsageCountedForEvictPercentage", **GROUPED)

    one = points(cloud, asked("EngineCPUUtilization", CacheClusterId="shop-002"))
    assert one[-3:] == points(cloud, leads)[begun:]
    assert {3.0} == set(points(cloud, memory, "SampleCount")[begun:])
    listed = cloud.client("cloudwatch").list_metrics(
        Namespace="AWS/ElastiCache", Dimensions=[{"Name": "ReplicationGroupId"}]
    )["Metrics"]
    assert sorted(map(str, (memory, leads))) == sorted(map(str, listed))


def test_check_23_three_protocols_give_the_same_numbers(cloud, client, monkeypatch):
    """JSON, CBOR and query: one desk answers all."""
    pytest.importorskip("cbor2")
    client.create_cache_cluster(CacheClusterId="one", Engine="redis")
    client.get_waiter("cache_cluster_available").wait(CacheClusterId="one")
    cloud.run(cluster="one", workload=cs.OpenLoop(rate=20), minutes=3)
    span = {"StartTime": cloud.account.calendar.start, "EndTime": cloud.account.calendar.date}
    queries = [
        {"Id": name, "MetricStat": {"Metric": asked(metric, CacheClusterId="one"), "Period": 60, "Stat": "Sum"}}
        for name, metric in (("hits", "CacheHits"), ("misses", "CacheMisses"))
    ] + [{"Id": "rate", "Expression": "100 * hits / (hits + misses)"}]  # fmt: skip
    found = []
    for protocol in ("json", "smithy-rpc-v2-cbor", "query"):
        monkeypatch.setattr(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", (protocol,))
        watch = cloud.client("cloudwatch")
        assert protocol == watch.meta.service_model.resolved_protocol
        data = watch.get_metric_data(**span, MetricDataQueries=queries)["MetricDataResults"]
        rates = points(cloud, asked("CacheHitRate", CacheClusterId="one"))
        found.append((rates, [(each["Id"], each["Values"], each["Timestamps"]) for each in data]))

    assert found[0] == found[1] == found[2]
    rates, data = found[0]
    assert 3 == len(rates)
    assert rates == list(reversed(data[2][1]))


@pytest.mark.parametrize("treat", ["missing", "ignore", "breaching", "notBreaching"])
def test_check_24_three_of_five_with_a_missing_minute(cloud, treat):
    """One message for each transition, whatever a missing minute counts: real values decide."""
    topic, watch = inbox(cloud), cloud.client("cloudwatch")
    values = enumerate([0] * 7 + [2, 2, None, 2] + [0] * 5)
    data = [
        {"MetricName": "m", "Value": value, "Timestamp": cloud.account.calendar.date_at(60 * minute)}
        for minute, value in values if value is not None
    ]  # fmt: skip
    watch.put_metric_data(Namespace="n", MetricData=data)
    watch.put_metric_alarm(
        AlarmName="hot", Namespace="n", MetricName="m", Period=60, Statistic="Sum",
        EvaluationPeriods=5, DatapointsToAlarm=3, Threshold=1.0, TreatMissingData=treat,
        ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic], OKActions=[topic],
    )  # fmt: skip
    cloud.advance(minutes=16)
    told = [json.loads(notice.text) for notice in cloud.inbox if notice.seconds >= 420]

    # Hot in the minutes 7, 8 and 10: the third one is over at 660 s. At 840 s the last five that have
    # values are 8, 10 and three cool ones. Before 420 s there are fewer than five values.
    assert [660.0, 840.0] == [each.seconds for each in cloud.inbox if each.seconds >= 420]
    states = [(each["AlarmName"], each["OldStateValue"], each["NewStateValue"]) for each in told]
    assert [("hot", "OK", "ALARM"), ("hot", "ALARM", "OK")] == states
    history = watch.describe_alarm_history(AlarmName="hot", HistoryItemType="StateUpdate")
    changes = [each["HistorySummary"].split() for each in history["AlarmHistoryItems"]]
    assert len(cloud.inbox) == sum("INSUFFICIENT_DATA" != each[-1] for each in changes)


@pytest.mark.parametrize(
    ("attributes", "status", "messages"),
    [
        ({"DisplayName": "x"}, "active", 3),
        ({"KmsMasterKeyId": "alias/mine"}, "inactive", 0),
        ({"Policy": json.dumps(OLD)}, "inactive", 0),
    ],
)
def test_check_24_a_topic_that_is_not_let_in(cloud, client, attributes, status, messages):
    """An encrypted topic, or a policy with aws:SourceAccount, hears nothing of ElastiCache."""
    topic = inbox(cloud, **attributes)
    available(client, cloud, NumCacheClusters=2, NotificationTopicArn=topic)
    (cluster,) = client.describe_cache_clusters(CacheClusterId="shop-001")["CacheClusters"]

    assert {"TopicArn": topic, "TopicStatus": status} == cluster["NotificationConfiguration"]
    assert messages == len(cloud.inbox)
