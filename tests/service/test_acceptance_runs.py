"""Acceptance checks 11, 12 and 15 to 17: windows, failures, reboots. See test_acceptance.py."""

import math
from functools import partial

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

import cachesim as cs
from cachesim.experiments.cloud import Cloud
from cachesim.model.distributions import Constant
from tests.service.conftest import GROUP
from tests.service.test_acceptance import DAY, SHOP, available

READS = {
    "group": "shop", "strategy": cs.LazyLoading(), "workload": cs.OpenLoop(rate=30), "minutes": 1,
}  # fmt: skip


def texts(client):
    """Return the messages of the events of two weeks with their sources, the oldest first."""
    pages = client.get_paginator("describe_events").paginate(Duration=14 * DAY)
    found = [(each["SourceIdentifier"], each["Message"]) for page in pages for each in page["Events"]]  # fmt: skip
    return found[::-1]


def test_check_11_a_newer_change_replaces_an_older_one(client, cloud):
    """Only the last value is applied, and only once."""
    available(client, cloud)
    for name in ("cache.m6g.large", "cache.t3.small"):
        client.modify_replication_group(**SHOP, CacheNodeType=name)
    (member,) = client.describe_cache_clusters(CacheClusterId="shop-001")["CacheClusters"]
    assert {"CacheNodeType": "cache.t3.small"} == member["PendingModifiedValues"]
    cloud.advance(minutes=8 * DAY)

    (group,) = client.describe_replication_groups()["ReplicationGroups"]
    assert "cache.t3.small" == group["CacheNodeType"]
    assert 1 == sum("Succeeded applying" in text for _, text in texts(client))


@pytest.mark.parametrize(("day", "date"), [("fri", 9), ("sat", 10), ("wed", 14)])
def test_check_12_a_moved_window_moves_a_replacement(client, cloud, day, date):
    """On a Thursday at 15:00, planned for Friday; Friday, Saturday, or the next Wednesday."""
    client.create_replication_group(**GROUP, PreferredMaintenanceWindow="fri:17:00-fri:18:00")
    cloud.advance(minutes=3 * DAY + 7 * 60)
    cloud.desk("elasticache").schedule_replacement("shop-002")  # AWS does this on its own
    client.modify_replication_group(
        **SHOP, PreferredMaintenanceWindow=f"{day}:16:00-{day}:17:00"
    )  # fmt: skip

    said = [text for _, text in texts(client) if "replacement" in text]
    assert "Start Time: 2026-01-09 17:00:00 UTC, End Time: 2026-01-09 18:00:00 UTC" in said[0]
    assert f"New Start Time: 2026-01-{date:02} 16:00:00 UTC" in said[1]
    cloud.advance(minutes=(date - 8) * DAY + 59)
    assert "Recovering cache nodes 0001" not in [text for _, text in texts(client)]
    cloud.advance(minutes=31)
    assert ("shop-002", "Finished recovery for cache nodes 0001") in texts(client)


def test_check_15_lost_acknowledged_writes():
    """Over 30 seeds the mean lies within the 99 % interval of F13, rate times lag."""
    lag, seeds = 0.2, 30
    workload = cs.OpenLoop(rate=100, reads=0.0)
    lost = []
    for seed in range(seeds):
        cloud = Cloud(seed=seed, scale=1 / 200, timings="instant")
        client = cloud.client("elasticache")
        available(client, cloud)
        fail_over = partial(client.test_failover, **SHOP, NodeGroupId="0001")
        cloud.at(0.05, fail_over)
        result = cloud.run(
            group="shop", strategy=cs.WriteThrough(), workload=workload, minutes=0.1,
            clients={"lag": Constant(value=lag), "dns_ttl": 0.0},
        )  # fmt: skip
        lost.append(len(result.lost_writes))

    predicted = cs.theory.in_flight(workload.rate, Constant(value=lag).quantile, 2)
    interval = 2.576 * math.sqrt(predicted / seeds)
    assert predicted == pytest.approx(20)
    assert abs(sum(lost) / seeds - predicted) < interval


def test_check_16_a_whole_shard_dies_in_a_run(client, cloud):
    """The service replaces all nodes, and they are empty; the endpoints stay."""
    available(client, cloud)
    cloud.run(**READS)
    before = client.describe_replication_groups()["ReplicationGroups"]
    cloud.at(0.5, lambda: cloud.kill("shop-001", "shop-002", "shop-003"))
    result = cloud.run(**{**READS, "minutes": 7})
    client.get_waiter("replication_group_available").wait(**SHOP)

    assert 100 < sum(result.history["lookup"] == "lost")
    assert before == client.describe_replication_groups()["ReplicationGroups"]
    names = {source for source, text in texts(client) if "Finished recovery" in text}
    assert {"shop-001", "shop-002", "shop-003"} == names


def test_check_17_a_reboot_of_a_primary_empties_its_replicas(client, cloud):
    """A20: there is no failover, and nobody has a key afterwards."""
    available(client, cloud)
    cloud.run(**READS)
    begun = cloud.account.calendar.date
    client.reboot_cache_cluster(CacheClusterId="shop-001", CacheNodeIdsToReboot=["0001"])
    result = cloud.run(**{**READS, "minutes": 2.5})
    client.get_waiter("replication_group_available").wait(**SHOP)
    seen = client.describe_events(
        StartTime=begun, SourceIdentifier="shop-001", SourceType="cache-cluster"
    )
    up, down = seen["Events"]
    lasts = (up["Date"] - down["Date"]).total_seconds()
    away = result.history[result.history["begin"].between(1, lasts - 1)]

    texts = [each["Message"] for each in (down, up)]
    assert ["Cache node 0001 shutdown", "Cache node 0001 restarted"] == texts
    (group,) = client.describe_replication_groups()["ReplicationGroups"]
    roles = [each["CurrentRole"] for each in group["NodeGroups"][0]["NodeGroupMembers"]]
    assert ["primary", "replica", "replica"] == roles
    assert {"unreachable"} == set(away["lookup"].dropna())
    assert 100 < sum(result.history["lookup"] == "lost")
    samples = result.nodes.pivot_table(index="begin", columns="node", values="items", observed=True)
    assert (samples["node-0"] == samples["node-2"]).iloc[-1]
