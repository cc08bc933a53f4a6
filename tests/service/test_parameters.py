"""Parameter groups at the desk: what may be set, when nodes have it, and who is told."""

import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.parameters import parameters as engine_parameters
from cachesim.experiments.cloud import Cloud
from cachesim.service.elasticache.parameter_table import (
    BY_TYPE,
    families,
    parameters_of,
    within,
)
from cachesim.service.faults import ServiceFault
from cachesim.service.tables import table
from tests.service.conftest import GROUP
from tests.service.test_groups import messages

NAME = {"CacheParameterGroupName": "mine"}
POLICY = {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}
MEMCACHED = {"CacheClusterId": "m", "Engine": "memcached", "NumCacheNodes": 2}


def made(desk, family="redis7", name="mine"):
    """Make a parameter group."""
    request = {"CacheParameterGroupFamily": family, "Description": "of mine"}
    return desk.CreateCacheParameterGroup({"CacheParameterGroupName": name, **request})


def change(desk, *pairs, name="mine"):
    """Set parameters of a group."""
    values = [{"ParameterName": key, "ParameterValue": value} for key, value in pairs]
    request = {"CacheParameterGroupName": name, "ParameterNameValues": values}
    return desk.ModifyCacheParameterGroup(request)


def values(desk, source="", name="mine"):
    """Return the values that a group has, of one source or of all."""
    request = {"CacheParameterGroupName": name, **({"Source": source} if source else {})}
    found = desk.DescribeCacheParameters(request)["Parameters"]
    return {each["ParameterName"]: each.get("ParameterValue") for each in found}


def status(desk, cluster):
    """Return how far the nodes of a cluster are: the word, and the nodes that need a restart."""
    found = desk.DescribeCacheClusters({"CacheClusterId": cluster})["CacheClusters"][0]
    told = found["CacheParameterGroup"]
    return told["ParameterApplyStatus"], told["CacheNodeIdsToReboot"]


def refused(shape, call, request):
    """Return the text with which a request is refused."""
    with pytest.raises(ServiceFault) as fault:
        call(request)
    assert shape == fault.value.shape
    return str(fault.value)


# The tables


def test_each_family_has_its_usual_values():
    """Every row names two families of one engine, and its value is one of its allowed values."""
    for family in families():
        for row in parameters_of(family).values():
            ends = {families()[row.first]["engine"], families()[row.last]["engine"]}
            assert "memcached" not in ends or ends == {"memcached"}
            assert row.modifiable in ("yes", "no", "unused")
            assert row.value in (*BY_TYPE, "") or row.allows(row.value), row.name
    names = [(row["name"], row["first"]) for row in table("parameters")]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("family", "spec"), [("redis7", Redis), ("memcached1.6", Memcached)])
def test_what_has_an_effect_is_known_to_the_engine(family, spec):
    """A field is one of the spec's; the rest works in the engine's own list."""
    fields = set(spec.__dataclass_fields__)
    for row in parameters_of(family).values():
        kind, _, name = row.here.partition(" ")
        if kind == "field":
            assert name in fields
        if kind == "config":
            assert "works" == engine_parameters()[row.name].effect


def test_ranges_of_allowed_values():
    """Single numbers, ranges with one end or two, and a sign."""
    assert [True, False, True] == [within("11-", 11), within("11-", 10), within("-1-", -1)]
    assert [True, False] == [within("1.05-2", 1.5), within("1.05-2", 2.5)]


# Groups


def test_a_group_has_the_values_of_its_family(desk):
    """All are of the system until somebody sets one; reset gives the usual one back."""
    made(desk)
    assert "volatile-lru" == values(desk)["maxmemory-policy"]
    assert {} == values(desk, "user")

    change(desk, ("maxmemory-policy", "allkeys-lru"), ("timeout", "60"))
    assert {"maxmemory-policy": "allkeys-lru", "timeout": "60"} == values(desk, "user")
    assert "timeout" not in values(desk, "system")
    assert {} == values(desk, "engine-default")

    desk.ResetCacheParameterGroup({**NAME, "ParameterNameValues": [{"ParameterName": "timeout"}]})
    assert {"maxmemory-policy": "allkeys-lru"} == values(desk, "user")
    desk.ResetCacheParameterGroup({**NAME, "ResetAllParameters": True})
    assert {} == values(desk, "user")


def test_values_of_node_types(desk):
    """Memory depends on the type; the tenth of it is the buffer of a replica."""
    told = desk.DescribeEngineDefaultParameters({"CacheParameterGroupFamily": "redis7"})
    specific = {
        each["ParameterName"]: {
            one["CacheNodeType"]: one["Value"] for one in each["CacheNodeTypeSpecificValues"]
        }
        for each in told["EngineDefaults"]["CacheNodeTypeSpecificParameters"]
    }

    assert "536870912" == specific["maxmemory"]["cache.t3.micro"]
    assert "53687091" == specific["client-output-buffer-limit-replica-hard-limit"]["cache.t3.micro"]
    told = desk.DescribeEngineDefaultParameters({"CacheParameterGroupFamily": "memcached1.6"})
    found = told["EngineDefaults"]["CacheNodeTypeSpecificParameters"]
    memory = next(each for each in found if each["ParameterName"] == "max_cache_memory")
    sizes = {one["CacheNodeType"]: one["Value"] for one in memory["CacheNodeTypeSpecificValues"]}
    assert ("512", "6537") == (sizes["cache.t3.micro"], sizes["cache.m5.large"])


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("maxmemory-polici", "allkeys-lru", "not one of the family redis7"),
        ("hash-max-ziplist-entries", "512", "not one of the family redis7"),
        ("maxmemory", "1000", "cannot be modified"),
        ("maxmemory-policy", "allkeys-best", "not allowed"),
        ("reserved-memory-percent", "101", "not allowed"),
        ("reserved-memory-percent", "a lot", "not allowed"),
        ("timeout", "19", "not allowed; allowed: 0,20-"),
        ("cluster-enabled", "yes", "while a cluster uses the group"),
    ],
)
def test_one_wrong_value_and_nothing_is_applied(cloud, desk, name, value, text):
    """Unknown, fixed, outside of the allowed values, or too late."""
    made(desk)
    desk.CreateReplicationGroup({**GROUP, **NAME})
    with pytest.raises(ServiceFault) as fault:
        change(desk, ("maxmemory-policy", "allkeys-lru"), (name, value))

    assert "InvalidParameterValueException" == fault.value.shape
    assert text in str(fault.value)
    cloud.advance(minutes=30)
    assert {} == values(desk, "user")
    assert "Updated parameter" not in str(messages(desk))


def test_what_else_is_refused(desk):
    """Default groups, names, families, sources, and more than twenty parameters."""
    state, value = "InvalidCacheParameterGroupStateFault", "InvalidParameterValueException"
    default = {"CacheParameterGroupName": "default.redis7"}
    new = {"CacheParameterGroupFamily": "redis7", "Description": ""}
    pair = {"ParameterNameValues": [POLICY]}
    assert "default" in refused(state, desk.ModifyCacheParameterGroup, {**default, **pair})
    assert "default" in refused(state, desk.DeleteCacheParameterGroup, default)
    assert "default" in refused(
        state, desk.ResetCacheParameterGroup, {**default, "ResetAllParameters": True}
    )
    for name in ("1bad", "bad--name", "bad.name", "a" * 256):
        request = {**new, "CacheParameterGroupName": name}
        assert "not a valid" in refused(value, desk.CreateCacheParameterGroup, request)
    family = {**NAME, **new, "CacheParameterGroupFamily": "redis9"}
    assert "redis9" in refused(value, desk.CreateCacheParameterGroup, family)
    made(desk)
    exists = "CacheParameterGroupAlreadyExistsFault"
    assert "mine" in refused(exists, desk.CreateCacheParameterGroup, {**NAME, **new})
    assert "The Source" in refused(value, desk.DescribeCacheParameters, {**NAME, "Source": "me"})
    many = {"ParameterNameValues": [{**POLICY, "ParameterName": f"p{n}"} for n in range(21)]}
    combination = "InvalidParameterCombinationException"
    text = refused(combination, desk.ModifyCacheParameterGroup, {**NAME, **many})
    assert "Cannot modify more than 20 parameters in a single request" == text
    assert "either" in refused(combination, desk.ResetCacheParameterGroup, NAME)
    gone = {"CacheParameterGroupName": "none"}
    missing = "CacheParameterGroupNotFoundFault"
    assert "CacheParameterGroup not found: none" == refused(
        missing, desk.DescribeCacheParameterGroups, gone
    )
    assert "none" in refused(missing, desk.CreateReplicationGroup, {**GROUP, **gone})


def test_a_group_in_use_cannot_be_deleted(cloud, desk):
    """It can when its last cluster is gone."""
    made(desk)
    desk.CreateReplicationGroup({**GROUP, **NAME})
    text = refused("InvalidCacheParameterGroupStateFault", desk.DeleteCacheParameterGroup, NAME)
    assert text.startswith("One or more cache clusters are still members of this parameter group")
    cloud.advance(minutes=30)
    desk.DeleteReplicationGroup({"ReplicationGroupId": "shop"})
    cloud.advance(minutes=30)
    desk.DeleteCacheParameterGroup(NAME)

    assert "mine" not in desk.parameter_groups


def test_a_change_reaches_the_nodes_seconds_later(cloud, desk):
    """The status says so meanwhile, and each member tells of it."""
    made(desk)
    desk.CreateReplicationGroup({**GROUP, **NAME})
    cloud.advance(minutes=30)
    assert ("in-sync", []) == status(desk, "shop-001")
    change(desk, ("maxmemory-policy", "allkeys-lru"))
    in_force = desk.clusters.find("shop-001").parameters

    assert ("applying", []) == status(desk, "shop-002")
    assert "volatile-lru" == in_force.values(cloud.account.calendar.now)["maxmemory-policy"]
    cloud.advance(minutes=2)
    assert ("in-sync", []) == status(desk, "shop-002")
    assert "allkeys-lru" == in_force.values(cloud.account.calendar.now)["maxmemory-policy"]
    told = [text for _, text in messages(desk) if text.startswith("Updated")]
    assert 3 * ["Updated to use a CacheParameterGroup mine"] == told[:3]
    assert 3 * ["Updated parameter maxmemory-policy to allkeys-lru"] == told[3:]


def test_a_memcached_needs_a_restart(cloud, desk):
    """Node after node: the nodes that still wait have a list."""
    made(desk, "memcached1.6")
    desk.CreateCacheCluster({**MEMCACHED, **NAME})
    cloud.advance(minutes=30)
    change(desk, ("max_item_size", "2097152"), ("watch", "0"))
    cloud.advance(minutes=2)
    in_force = desk.clusters.find("m").parameters
    assert ("pending-reboot", ["0001", "0002"]) == status(desk, "m")

    desk.RebootCacheCluster({"CacheClusterId": "m", "CacheNodeIdsToReboot": ["0001"]})
    cloud.advance(minutes=5)
    assert ("pending-reboot", ["0002"]) == status(desk, "m")
    now = in_force.values(cloud.account.calendar.now)
    assert ("1048576", "0") == (now["max_item_size"], now["watch"])

    desk.RebootCacheCluster({"CacheClusterId": "m", "CacheNodeIdsToReboot": ["0002"]})
    assert ("in-sync", []) == status(desk, "m")
    assert "2097152" == in_force.values(cloud.account.calendar.now)["max_item_size"]


def test_a_restart_reads_what_the_group_has_by_then(cloud, desk):
    """Also a value that was set a second ago."""
    made(desk, "memcached1.6")
    desk.CreateCacheCluster({**MEMCACHED, **NAME})
    cloud.advance(minutes=30)
    change(desk, ("max_item_size", "2097152"))
    assert ("applying", ["0001", "0002"]) == status(desk, "m")
    desk.RebootCacheCluster({"CacheClusterId": "m", "CacheNodeIdsToReboot": ["0001", "0002"]})
    now = cloud.account.calendar.now
    assert "2097152" == desk.clusters.find("m").parameters.values(now)["max_item_size"]
    cloud.advance(minutes=5)
    assert ("in-sync", []) == status(desk, "m")


def test_instant_timings_apply_at_once():
    """Then nobody waits."""
    desk = Cloud(timings="instant").desk("elasticache")
    made(desk)
    change(desk, ("maxmemory-policy", "allkeys-lru"))
    desk.CreateCacheCluster({"CacheClusterId": "c", **NAME})

    assert ("in-sync", []) == status(desk, "c")
