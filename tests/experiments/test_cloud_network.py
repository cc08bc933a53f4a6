"""Parameters and security groups in a run: what the engines have, and what a closed group costs."""

from typing import Any

import pytest

import cachesim as cs
from cachesim.experiments.cloud import Cloud
from cachesim.model.strategies import NoCache
from cachesim.service.faults import ServiceFault
from cachesim.service.vpc import DEFAULT_GROUP
from tests.service.conftest import GROUP
from tests.service.test_parameters import change, made

READS = cs.OpenLoop(rate=40)
PATIENCE, RETRIES = 0.2, 1
CALLS = cs.Resilience().replace(cache__timeout=PATIENCE, cache__retries=RETRIES)
NAME = {"CacheParameterGroupName": "mine"}
RULE = {"IpProtocol": "tcp", "FromPort": 6379, "ToPort": 6379}


def opened(family="redis7", scale=1.0, pairs=(), **request):
    """Return a cloud with one cluster that has a parameter group of its own, and its desk."""
    cloud = Cloud(seed=1, scale=scale)
    desk = cloud.desk("elasticache")
    made(desk, family)
    if pairs:
        change(desk, *pairs)
    desk.CreateCacheCluster({"CacheClusterId": "one", **NAME, **request})
    cloud.advance(minutes=15)
    return cloud, desk


def cache(cloud, minutes=0.05, **fields):
    """Send some requests; return the spec of the cache that answered."""
    return cloud.run(cluster="one", workload=READS, minutes=minutes, **fields).scenario.cache


def test_the_defaults_are_those_of_the_parameter_group():
    """A quarter of the memory is reserved; keys without a TTL stay."""
    found = cache(opened()[0])

    assert "volatile-lru" == found.policy
    assert int(536870912 * 0.75) == found.memory
    assert (5, 10, 1, 1) == (
        found.samples, found.lfu_log_factor, found.lfu_decay_time, found.active_expire_effort
    )  # fmt: skip


def test_parameters_reach_a_redis():
    """Each has its field."""
    pairs = [
        ("maxmemory-policy", "allkeys-lfu"), ("maxmemory-samples", "7"), ("lfu-log-factor", "20"),
        ("lfu-decay-time", "3"), ("active-expire-effort", "4"), ("reserved-memory-percent", "50"),
    ]  # fmt: skip
    found = cache(opened(pairs=pairs, scale=0.5)[0])

    assert ("allkeys-lfu", 7, 20, 3, 4) == (
        found.policy, found.samples, found.lfu_log_factor, found.lfu_decay_time,
        found.active_expire_effort,
    )  # fmt: skip
    assert int(536870912 * 0.5 * 0.5) == found.memory


class EncodingOfHashes(cs.Strategy):
    """Writes a hash of three fields at each read, and asks how it is stored."""

    seen: Any = None

    def read(self, app, key):
        """Fill it, and ask."""
        yield app.cache.execute("HSET", "h", "a", "1", "b", "2", "c", "3")
        self.seen.append((yield app.cache.execute("OBJECT", "ENCODING", "h")))
        return (yield app.db.read(key))

    def write(self, app, key, value):
        """Write the row alone."""
        yield app.db.write(key, value)


def test_thresholds_reach_the_engine_by_config_set():
    """A hash of three fields is no listpack if a listpack may have two."""
    for value, encoding in (("2", b"hashtable"), ("3", b"listpack")):
        seen = []
        cloud, _ = opened(pairs=[("hash-max-listpack-entries", value)])
        cache(cloud, strategy=EncodingOfHashes(seen=seen))
        assert {encoding} == set(seen)


def test_parameters_reach_a_memcached_with_its_restart():
    """The memory is that of the type without the overhead, in MiB."""
    pairs = [("memcached_connections_overhead", "300"), ("max_item_size", "2097152")]
    cloud, desk = opened("memcached1.6", Engine="memcached")
    before = cache(cloud)
    change(desk, *pairs, ("chunk_size_growth_factor", "1.5"))
    cloud.advance(minutes=5)
    assert before == cache(cloud)
    desk.RebootCacheCluster({"CacheClusterId": "one", "CacheNodeIdsToReboot": ["0001"]})
    cloud.advance(minutes=5)
    after = cache(cloud)

    assert (412 * cs.MIB, cs.MIB, 1.25) == (
        before.memory, before.item_size_max, before.growth_factor,
    )  # fmt: skip
    assert (212 * cs.MIB, 2 * cs.MIB, 1.5) == (
        after.memory, after.item_size_max, after.growth_factor,
    )  # fmt: skip
    assert not before.segmented  # no_modern is on in AWS's default group


def test_memcached_becomes_modern():
    """Without no_modern it has segments, and moves its pages if slab_automove says so."""
    pairs = [("no_modern", "0"), ("slab_automove", "1"), ("cas_disabled", "1")]
    found = cache(opened("memcached1.6", Engine="memcached", pairs=pairs)[0])

    assert (True, True, False) == (found.segmented, found.automove, found.use_cas)


def test_a_change_during_a_run_reaches_the_engines_then():
    """Half of the memory is taken away, and keys are evicted from that second on."""
    cloud, desk = opened(scale=1 / 1000, pairs=[("maxmemory-policy", "allkeys-lru")])
    filling = cs.OpenLoop(rate=100, popularity=cs.popularity.Uniform(keys=3000))
    lazy = {"strategy": cs.LazyLoading(), "workload": filling}
    cloud.run(cluster="one", minutes=2, **lazy)
    change(desk, ("reserved-memory-percent", "75"))
    result = cloud.run(cluster="one", minutes=2, **lazy)
    samples = result.nodes.sort_values("begin")
    memory = dict(zip(samples["begin"], samples["memory"], strict=True))

    assert 536870 * 0.7 < memory[0.0] < 536870 * 0.77
    assert memory[60.0] < 536870 * 0.27
    assert 0 < result.scenario.faults[0].at < 60


def test_a_policy_of_a_parameter_group_decides_who_is_evicted():
    """Keys without a TTL fill the node: volatile-lru refuses writes, allkeys-lru does not."""
    filling = cs.OpenLoop(rate=100, popularity=cs.popularity.Uniform(keys=3000))
    refusals = {}
    for policy in ("volatile-lru", "allkeys-lru"):
        cloud, _ = opened(scale=1 / 1000, pairs=[("maxmemory-policy", policy)])
        result = cloud.run(cluster="one", strategy=cs.LazyLoading(), workload=filling, minutes=3)
        refusals[policy] = result.nodes["cache_errors"].max()

    assert refusals["volatile-lru"] > 100
    assert 0 == refusals["allkeys-lru"]


# Reachability: anomaly A23 in its managed form


@pytest.fixture(scope="module")
def shop():
    """A cloud with a group behind a security group that lets nobody in, and the id of that group."""
    cloud = Cloud(seed=1, scale=1 / 200)
    closed = cloud.desk("ec2").CreateSecurityGroup({"GroupName": "cache", "Description": ""})
    request = {**GROUP, "SecurityGroupIds": [closed["GroupId"]]}
    cloud.desk("elasticache").CreateReplicationGroup(request)
    cloud.advance(minutes=15)
    return cloud, closed["GroupId"]


def run(cloud, **fields):
    """Send requests for half a minute."""
    fields = {"strategy": cs.LazyLoading(ttl=60), "workload": READS, "resilience": CALLS, **fields}
    return cloud.run(group="shop", minutes=0.5, **fields)


def mean(result):
    """Return the mean time of a read in seconds."""
    reads = result.history[result.history["op"] == "read"]
    return (reads["end"] - reads["begin"]).mean()


def test_a_closed_group_costs_two_time_outs_for_each_read(shop):
    """Get and set each wait for the time-out and its retry; the database answers; nothing is refused."""
    cloud, closed = shop
    result = run(cloud)
    reads = result.history[result.history["op"] == "read"]
    load = cloud.run(group="shop", workload=READS, strategy=NoCache(), minutes=0.5)

    assert {"unreachable"} == set(reads["lookup"].dropna())
    predicted = 2 * PATIENCE * (1 + RETRIES) + mean(load)
    assert predicted == pytest.approx(mean(result), rel=0.01)
    assert ["primary"] == list(result.nodes[result.nodes["node"] == "node-0"]["role"].unique())

    rule = {"UserIdGroupPairs": [{"GroupId": DEFAULT_GROUP}]}
    cloud.desk("ec2").AuthorizeSecurityGroupIngress(
        {"GroupId": closed, "IpPermissions": [{**RULE, **rule}]}
    )
    cured = run(cloud)
    assert mean(cured) < 0.01
    assert "hit" in set(cured.history["lookup"])

    with_breaker = run(
        cloud, client_group=closed, resilience=CALLS.replace(cache__breaker=cs.faults.Breaker())
    )
    assert 2 * mean(cured) < mean(with_breaker) < predicted / 2  # another client is still outside


def test_a_client_group_must_be_there(shop):
    """One sentence, and no time passes."""
    cloud, _ = shop
    before = cloud.account.calendar.now
    with pytest.raises(ServiceFault, match="sg-1 does not exist"):
        run(cloud, client_group="sg-1")
    assert before == cloud.account.calendar.now


def test_no_rule_is_missed_by_default():
    """The default group lets itself in: a run has no fault."""
    cloud, _ = opened()
    assert () == cloud.run(cluster="one", workload=READS, minutes=0.05).scenario.faults
