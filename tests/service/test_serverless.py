"""Serverless caches: states, limits, and a run."""

import pytest

import cachesim as cs
from cachesim.service.faults import ServiceFault

ONE = {"ServerlessCacheName": "one"}


@pytest.fixture
def made(cloud, desk):
    """A cloud with an available serverless cache of 2 GB."""
    limits = {"DataStorage": {"Maximum": 2, "Unit": "GB"}}
    answer = desk.CreateServerlessCache({**ONE, "Engine": "valkey", "CacheUsageLimits": limits})
    assert "creating" == answer["ServerlessCache"]["Status"]
    assert "Endpoint" not in answer["ServerlessCache"]
    cloud.advance(minutes=5)
    return cloud


def shown(desk):
    """Return the serverless cache."""
    (found,) = desk.DescribeServerlessCaches({})["ServerlessCaches"]
    return found


def test_it_is_made_changed_and_removed(made, desk):
    """Each step takes a while; a busy one is not changed."""
    assert ("available", "valkey", 6379) == (
        shown(desk)["Status"], shown(desk)["Engine"], shown(desk)["Endpoint"]["Port"],
    )  # fmt: skip
    change = {**ONE, "CacheUsageLimits": {"DataStorage": {"Maximum": 4, "Unit": "GB"}}}
    desk.ModifyServerlessCache(change)
    with pytest.raises(ServiceFault) as refused:
        desk.ModifyServerlessCache(change)
    assert "InvalidServerlessCacheStateFault" == refused.value.shape
    made.advance(minutes=5)
    assert 4 == shown(desk)["CacheUsageLimits"]["DataStorage"]["Maximum"]

    desk.DeleteServerlessCache(ONE)
    made.advance(minutes=5)
    assert [] == desk.DescribeServerlessCaches({})["ServerlessCaches"]


def test_it_takes_requests(made):
    """It is one virtual node, and keeps what it holds."""
    first = made.run(serverless="one", workload=cs.OpenLoop(rate=20), minutes=1)
    second = made.run(serverless="one", workload=cs.OpenLoop(rate=20), minutes=1)
    assert second.metrics["hit_ratio"] > first.metrics["hit_ratio"]


@pytest.mark.parametrize(
    ("change", "shape"),
    [
        ({"Engine": "memcached"}, "NotImplemented"),
        ({"SubnetIds": ["a"]}, "NotImplemented"),
        ({"CacheUsageLimits": {"ECPUPerSecond": {"Maximum": 1000}}}, "NotImplemented"),
        ({"CacheUsageLimits": {"DataStorage": {"Maximum": 5001, "Unit": "GB"}}},
         "InvalidParameterValueException"),
    ],
)  # fmt: skip
def test_what_is_refused(desk, change, shape):
    """Nothing is made."""
    with pytest.raises(ServiceFault) as refused:
        desk.CreateServerlessCache({**ONE, "Engine": "redis", **change})
    assert shape == refused.value.shape
    assert 0 == len(desk.serverless)
