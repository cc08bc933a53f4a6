"""Engine versions and the cluster mode at the desk: which parameter group fits."""

import pytest

from cachesim.service.elasticache.parameter_table import families, versions
from tests.service.conftest import GROUP
from tests.service.test_parameters import NAME, change, made, refused


def test_versions_have_families():
    """Each version's family is of its engine, and each engine has one usual version."""
    assert all(families()[each.family]["engine"] == each.engine for each in versions())
    usual = sorted(each.engine for each in versions() if each.default == "yes")
    assert ["memcached", "redis", "valkey"] == usual


@pytest.mark.parametrize(
    ("request_", "group", "version"),
    [
        ({}, "default.redis7", "7.0.7"),
        ({"EngineVersion": "6.2"}, "default.redis6.x", "6.2.6"),
        ({"EngineVersion": "7.1", **NAME}, "mine", "7.1.0"),
        ({"Engine": "memcached"}, "default.memcached1.6", "1.6.17"),
        ({"Engine": "memcached", "EngineVersion": "1.5.16"}, "default.memcached1.5", "1.5.16"),
    ],
)
def test_the_version_chooses_the_group(desk, request_, group, version):
    """A cluster without a name has the default group of its family."""
    made(desk)
    told = desk.CreateCacheCluster({"CacheClusterId": "c", **request_})["CacheCluster"]

    assert version == told["EngineVersion"]
    assert group == told["CacheParameterGroup"]["CacheParameterGroupName"]


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"EngineVersion": "9.9"}, "Cannot find version 9.9 for redis"),
        (
            {"EngineVersion": "6.2", **NAME},
            "Expected a parameter group of family redis6.x but found one of family redis7",
        ),
        (
            {"CacheParameterGroupName": "default.redis7.cluster.on"},
            "Cluster mode should be disabled in parameter group, but found it is enabled.",
        ),
    ],
)
def test_what_does_not_go_together(desk, request_, text):
    """AWS's own sentences."""
    made(desk)
    request = {"CacheClusterId": "c", **request_}
    shape = "InvalidParameterCombinationException"
    assert text == refused(shape, desk.CreateCacheCluster, request)
    assert 0 == len(desk.clusters)


def test_the_parameter_group_decides_about_the_cluster_mode(desk):
    """One node group may have it or not; several need it; a group of one's own may turn it on."""
    made(desk)
    change(desk, ("cluster-enabled", "yes"))
    new = {"ReplicationGroupDescription": "", "NumNodeGroups": 1, "ReplicasPerNodeGroup": 2}
    plain = {"CacheParameterGroupName": "default.redis7"}
    found = [
        desk.CreateReplicationGroup({"ReplicationGroupId": name, **new, **more})["ReplicationGroup"]
        for name, more in [("a", {}), ("b", plain), ("c", NAME)]
    ]
    assert [True, False, True] == [each["ClusterEnabled"] for each in found]
    assert ["a-0001-001", "b-001"] == [each["MemberClusters"][0] for each in found[:2]]
    short = {"ReplicationGroupId": "d", "ReplicationGroupDescription": "", **NAME}
    assert desk.CreateReplicationGroup(short)["ReplicationGroup"]["ClusterEnabled"]

    several = {"ReplicationGroupId": "e", **new, **plain, "NumNodeGroups": 2}
    shape = "InvalidParameterCombinationException"
    text = refused(shape, desk.CreateReplicationGroup, several)
    assert "Cluster mode should be enabled in parameter group, but found it is disabled." == text
    text = refused(shape, desk.CreateReplicationGroup, {**GROUP, **NAME})
    assert "Cluster mode should be disabled in parameter group, but found it is enabled." == text


def test_versions_are_listed(desk):
    """Of one engine, of one family, or only the usual ones; the answer says what is simulated."""

    def names(**request):
        return [
            each["EngineVersion"]
            for each in desk.DescribeCacheEngineVersions(request)["CacheEngineVersions"]
        ]

    assert ["5.0.6", "6.0", "6.2", "7.0", "7.1"] == names(Engine="redis")
    assert ["7.0", "7.1"] == names(CacheParameterGroupFamily="redis7")
    assert ["1.6.17", "7.0", "8.0"] == names(DefaultOnly=True)
    told = desk.DescribeCacheEngineVersions({"Engine": "redis", "EngineVersion": "6.2"})
    (version,) = told["CacheEngineVersions"]
    assert "simulated by redis 7.0.15" in version["CacheEngineVersionDescription"]
