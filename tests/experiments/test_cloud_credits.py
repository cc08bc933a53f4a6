"""Anomaly A34 in the managed service: CPU credits that are gone, predicted, measured, cured."""

import pytest

import cachesim as cs
from cachesim.experiments.cloud import Cloud
from cachesim.model.distributions import Constant

CLIENTS, SIZE = 10, 1_000_000  # readers without a pause, of values that take a millisecond each
READERS = cs.ClosedLoop(
    clients=CLIENTS, think=Constant(value=1e-6), reads=1.0,
    popularity=cs.popularity.Uniform(keys=5), size=Constant(value=SIZE),
)  # fmt: skip
SERVICE = cs.Node().service.mean + SIZE * cs.Node().per_byte  # seconds of one thread
SAVED, EARNS = 30.0, 2 * 0.1  # seconds of saving; cache.t3.micro has two vCPUs, 10 % each
RUN = 15.0  # seconds
SHARE = RUN / (SAVED + RUN)  # of the time that the one minute of the metrics has had
EMPTY = SAVED * EARNS / (1 - EARNS)  # seconds until a busy thread has used up what was saved


def of_type(kind):
    """Send the readers to one node that has saved for half a minute; return the cloud and their reads."""
    cloud = Cloud(seed=1, scale=1 / 20, timings="instant")
    cloud.desk("elasticache").CreateCacheCluster({"CacheClusterId": "one", "CacheNodeType": kind})
    cloud.advance(minutes=SAVED / 60)
    load = {"strategy": cs.LazyLoading(ttl=1e6), "workload": READERS, "minutes": RUN / 60}
    history = cloud.run(cluster="one", **load).history
    reads = history[history["op"] == "read"]
    return cloud, reads.assign(took=reads["end"] - reads["begin"])


def metric(cloud, name):
    """Return the highest values of a metric of the one node, a minute each."""
    calendar = cloud.account.calendar
    asked = {
        "Namespace": "AWS/ElastiCache", "MetricName": name, "Period": 60, "Statistics": ["Maximum"],
        "Dimensions": [{"Name": "CacheClusterId", "Value": "one"}],
        "StartTime": calendar.start, "EndTime": calendar.date_at(calendar.now + 60),
    }  # fmt: skip
    points = cloud.desk("cloudwatch").GetMetricStatistics(asked)["Datapoints"]
    return [point["Maximum"] for point in points]


def test_a34_a_busy_node_without_credits():
    """Reads take five times as long from the moment on at which the balance is gone, and the metric says so."""
    cloud, reads = of_type("cache.t3.micro")
    fast, slow = reads[reads["begin"].between(1, EMPTY - 1)], reads[reads["begin"] > EMPTY + 1.5]

    assert CLIENTS * SERVICE == pytest.approx(fast["took"].mean(), rel=0.05)
    assert CLIENTS * SERVICE / EARNS == pytest.approx(slow["took"].mean(), rel=0.05)
    (balance,) = metric(cloud, "CPUCreditBalance")
    assert balance == pytest.approx(0, abs=0.01)
    (whole,), (thread,) = metric(cloud, "CPUUtilization"), metric(cloud, "EngineCPUUtilization")
    # The thread never rests, but for much of the time the machine gives it little.
    assert thread > 95 * SHARE
    assert whole == pytest.approx(SHARE * 50 * (EMPTY + EARNS * (RUN - EMPTY)) / RUN, rel=0.1)


def test_a34_is_cured_by_a_node_that_does_not_burst():
    """The same readers, and no credits at all."""
    cloud, reads = of_type("cache.m6g.large")

    assert CLIENTS * SERVICE == pytest.approx(reads[reads["begin"] > 1]["took"].mean(), rel=0.05)
    assert [] == metric(cloud, "CPUCreditBalance")
