"""The bill to the cent: nodes, snapshots beyond the free ones, and bytes between zones."""

import pytest

import cachesim as cs
from cachesim.errors import BadInput
from cachesim.experiments.cloud import Cloud
from cachesim.node_types import node_type
from cachesim.service.bill import GB, MONTH, Bill, KeptBackup, price
from tests.service.conftest import GROUP

MICRO = node_type("cache.t3.micro")


def kept(*snapshots):
    """Return a bill with one node of the group shop for the first half of a month, and snapshots."""
    bill = Bill()
    bill.begin("shop-001", MICRO, 0.0)
    bill.end("shop-001", MONTH / 2)
    bill.snapshots = lambda: snapshots
    return bill


@pytest.mark.parametrize(
    ("snapshots", "months"),
    [
        ([], 0.0),
        ([("a", "shop", 4, 0.0, MONTH / 2)], 0.0),  # the free one
        ([("a", "shop", 4, 0.0, None)], 2.0),  # the group is gone after half a month
        ([("a", "shop", 4, 0.0, MONTH / 2), ("b", "shop", 6, 0.0, MONTH / 2)], 2.0),
        ([("a", "other", 4, MONTH / 4, MONTH / 2)], 1.0),
    ],
)
def test_snapshots(snapshots, months):
    """The largest of each active cluster is free; the others cost by their bytes and their time."""
    bill = kept(
        *(KeptBackup(name, of, int(size * GB), *rest) for name, of, size, *rest in snapshots)
    )
    assert months == pytest.approx(bill.backups(MONTH))
    nodes = 365 * MICRO.price  # hours
    assert nodes + months * 0.085 == pytest.approx(bill.total(MONTH))


def test_bytes_between_zones():
    """In one zone there are none; in three the model's count is on the bill, with its price."""
    sums = {}
    for zones in (1, 3):
        cloud = Cloud(seed=1, scale=1 / 200)
        cloud.desk("elasticache").CreateReplicationGroup(GROUP)
        cloud.advance(minutes=15)
        result = cloud.run(group="shop", workload=cs.OpenLoop(rate=50), minutes=2, zones=zones)
        last = result.nodes.groupby("node", observed=True).last()
        assert int(last["crossed"].sum()) == cloud.account.bill.crossed
        hours = sum(each.dollars(cloud.account.calendar.now) for each in cloud.account.bill.rented)
        sums[zones] = cloud.dollars() - hours
        assert ("between zones" in cloud.bill()) == (zones == 3)
    assert (0.0, True) == (sums[1], sums[3] > 0)
    assert sums[3] == pytest.approx(cloud.account.bill.crossed / GB * price("cross-zone"))


def test_too_many_zones():
    """A sentence, and no time passes."""
    cloud = Cloud(seed=1, timings="instant")
    cloud.desk("elasticache").CreateCacheCluster({"CacheClusterId": "one"})
    cloud.advance(minutes=1)
    with pytest.raises(BadInput, match="zones"):
        cloud.run(cluster="one", zones=9)
    assert 60.0 == cloud.account.calendar.now


def test_a_week_to_the_cent():
    """Three nodes for seven days: each hour that has begun counts."""
    cloud = Cloud(seed=1, timings="instant")
    cloud.desk("elasticache").CreateReplicationGroup(GROUP)
    cloud.advance(minutes=7 * 1440)
    assert round(3 * 168 * MICRO.price, 2) == round(cloud.dollars(), 2)
    assert f"{3 * 168 * MICRO.price:.3f} USD" in cloud.bill()
