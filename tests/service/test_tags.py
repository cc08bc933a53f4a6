"""Tags at the desk: of which resources, when, and how many."""

import pytest

from tests.service.conftest import GROUP
from tests.service.test_parameters import refused

ARN = "arn:aws:elasticache:us-east-1:123456789012:"
SHOP = {"ResourceName": f"{ARN}replicationgroup:shop"}
TEAM = {"Tags": [{"Key": "team", "Value": "web"}]}
BUSY = "Cluster not in available state to perform tagging operations."


def tags(desk, name="replicationgroup:shop"):
    """Return the tags of a resource."""
    told = desk.ListTagsForResource({"ResourceName": ARN + name})["TagList"]
    return {each["Key"]: each["Value"] for each in told}


def test_tags_come_and_go(shop, desk):
    """Of a group and of its members alike."""
    desk.AddTagsToResource({**SHOP, **TEAM})
    desk.AddTagsToResource({**SHOP, "Tags": [{"Key": "team", "Value": "app"}, {"Key": "cost"}]})
    assert {"team": "app", "cost": ""} == tags(desk) == tags(desk, "cluster:shop-002")
    desk.AddTagsToResource({"ResourceName": f"{ARN}cluster:shop-002", "Tags": [{"Key": "own"}]})
    desk.RemoveTagsFromResource({**SHOP, "TagKeys": ["cost"]})
    assert {"team": "app"} == tags(desk)
    assert {"team": "app", "own": ""} == tags(desk, "cluster:shop-002")


def test_tags_at_create(cloud, desk):
    """Of clusters, groups, parameter groups and subnet groups; a name that comes again has none."""
    desk.CreateReplicationGroup({**GROUP, **TEAM})
    desk.CreateCacheCluster({"CacheClusterId": "c", **TEAM})
    family = {"CacheParameterGroupFamily": "redis7", "Description": ""}
    desk.CreateCacheParameterGroup({"CacheParameterGroupName": "p", **family, **TEAM})
    subnets = {"SubnetIds": list(cloud.account.vpc.subnets), "CacheSubnetGroupDescription": ""}
    desk.CreateCacheSubnetGroup({"CacheSubnetGroupName": "s", **subnets, **TEAM})
    cloud.advance(minutes=30)
    for name in ("replicationgroup:shop", "cluster:shop-001", "cluster:c", "parametergroup:p"):
        assert {"team": "web"} == tags(desk, name)
    assert {"team": "web"} == tags(desk, "subnetgroup:s")

    desk.DeleteCacheCluster({"CacheClusterId": "c"})
    cloud.advance(minutes=30)
    desk.CreateCacheCluster({"CacheClusterId": "c"})
    cloud.advance(minutes=30)
    assert {} == tags(desk, "cluster:c")


def test_only_what_is_available_has_tags(cloud, desk):
    """AWS's own sentences for groups and for clusters."""
    desk.CreateReplicationGroup(GROUP)
    for call, request in (
        (desk.AddTagsToResource, {**SHOP, **TEAM}),
        (desk.RemoveTagsFromResource, {**SHOP, "TagKeys": ["a"]}),
        (desk.ListTagsForResource, SHOP),
    ):
        assert BUSY == refused("InvalidReplicationGroupStateFault", call, request)
    for name in ("shop-001", "none"):
        text = refused(
            "CacheClusterNotFoundFault",
            desk.ListTagsForResource,
            {"ResourceName": f"{ARN}cluster:{name}"},
        )
        assert f"{name} is either not present or not available." == text
    cloud.advance(minutes=30)
    desk.AddTagsToResource({**SHOP, **TEAM})


@pytest.mark.parametrize(
    "arn", ["", "shop", f"{ARN}banana:shop", "arn:aws:sns:us-east-1:123456789012:shop"]
)
def test_what_is_no_arn(desk, arn):
    """Or names nothing of ElastiCache."""
    refused("InvalidARNFault", desk.ListTagsForResource, {"ResourceName": arn})


def test_what_else_is_refused(shop, desk):
    """One tag too many, a tag that is not there, keys that nobody may have; nothing is changed then."""
    many = [{"Key": f"k{number}"} for number in range(49)]
    desk.AddTagsToResource({**SHOP, "Tags": [*many, *TEAM["Tags"]]})
    more = {**SHOP, "Tags": [{"Key": "k0", "Value": "new"}, {"Key": "one more"}]}
    refused("TagQuotaPerResourceExceeded", desk.AddTagsToResource, more)
    gone = {**SHOP, "TagKeys": ["team", "none"]}
    assert "none" in refused("TagNotFoundFault", desk.RemoveTagsFromResource, gone)
    assert 50 == len(tags(desk))
    assert ("web", "") == (tags(desk)["team"], tags(desk)["k0"])
    for key in ("", "a" * 129, "aws:mine"):
        wrong = {**SHOP, "Tags": [{"Key": key}]}
        refused("InvalidParameterValueException", desk.AddTagsToResource, wrong)
    missing = {"ResourceName": f"{ARN}replicationgroup:none"}
    refused("ReplicationGroupNotFoundFault", desk.ListTagsForResource, missing)
