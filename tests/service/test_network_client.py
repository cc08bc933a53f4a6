"""Parameter groups, subnets, tags and EC2 through an unmodified boto3: pages, waiters, faults."""

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

from botocore.exceptions import ClientError  # noqa: E402

from cachesim.service.vpc import DEFAULT_GROUP, ID  # noqa: E402
from tests.service.conftest import GROUP  # noqa: E402

RULE = {"IpProtocol": "tcp", "FromPort": 6379, "ToPort": 6379}


@pytest.fixture
def ec2(cloud):
    """A client of EC2."""
    return cloud.client("ec2")


def sizes(client, operation, path, **request):
    """Walk over the pages of twenty, and return how many things each has."""
    pages = client.get_paginator(operation).paginate(**request, PaginationConfig={"PageSize": 20})
    found = []
    for answer in pages:
        lists = answer
        for name in path[:-1]:
            lists = lists[name]
        names = path[-1].split()
        found.append(sum(len(lists[name]) for name in names))
    return found


def full(found, count):
    """Whether the pages hold so many things: all but the last have twenty."""
    return sum(found) == count and {20} == set(found[:-1]) and 0 < found[-1] <= 20


def test_pages_of_parameter_groups(client):
    """Forty-five of one's own, and AWS's."""
    before = len(client.describe_cache_parameter_groups()["CacheParameterGroups"])
    for number in range(45):
        client.create_cache_parameter_group(
            CacheParameterGroupName=f"p{number}", CacheParameterGroupFamily="redis7", Description=""
        )
    found = sizes(client, "describe_cache_parameter_groups", ["CacheParameterGroups"])
    assert full(found, 45 + before)


def test_pages_of_parameters(client):
    """All of a family: those that depend on the node type count, too."""
    lists = "Parameters CacheNodeTypeSpecificParameters"
    name = {"CacheParameterGroupName": "default.redis7"}
    found = sizes(client, "describe_cache_parameters", [lists], **name)
    assert full(found, sum(found))
    assert sum(found) > 45
    family = {"CacheParameterGroupFamily": "redis7"}
    path = ["EngineDefaults", lists]
    assert found == sizes(client, "describe_engine_default_parameters", path, **family)


def test_pages_of_subnets_and_their_groups(client, ec2):
    """Forty-five of each."""
    ids = [
        ec2.create_subnet(VpcId=ID, CidrBlock=f"172.31.{100 + number}.0/24")["Subnet"]["SubnetId"]
        for number in range(42)
    ]
    assert [20, 20, 5] == sizes(ec2, "describe_subnets", ["Subnets"])
    for number in range(44):
        client.create_cache_subnet_group(
            CacheSubnetGroupName=f"s{number}", CacheSubnetGroupDescription="", SubnetIds=ids[:2]
        )
    assert [20, 20, 5] == sizes(client, "describe_cache_subnet_groups", ["CacheSubnetGroups"])


def test_pages_of_security_groups(ec2):
    """The default one, and forty-four."""
    for number in range(44):
        ec2.create_security_group(GroupName=f"g{number}", Description="")
    assert [20, 20, 5] == sizes(ec2, "describe_security_groups", ["SecurityGroups"])


def test_one_page_of_versions(client):
    """There are fewer than twenty."""
    assert [13] == sizes(client, "describe_cache_engine_versions", ["CacheEngineVersions"])


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("create_replication_group", {"ReplicationGroupId": "1bad--"}),
        ("create_replication_group", {"ReplicationGroupId": "a" * 41}),
        ("create_replication_group", {"NumCacheClusters": 7}),
        ("create_replication_group", {"CacheNodeType": "cache.banana"}),
        ("create_replication_group", {"PreferredMaintenanceWindow": "tue:05:00-tue:05:59"}),
        ("create_replication_group", {"SnapshotRetentionLimit": 36}),
        ("describe_cache_parameter_groups", {"MaxRecords": 19}),
        ("describe_events", {"MaxRecords": 19}),
    ],
)
def test_wrong_values_have_one_code(client, operation, request_):
    """InvalidParameterValue, with HTTP 400."""
    whole = {**GROUP, **request_} if operation.startswith("create") else request_
    with pytest.raises(client.exceptions.InvalidParameterValueException) as fault:
        getattr(client, operation)(**whole)
    told = fault.value.response
    assert "InvalidParameterValue" == told["Error"]["Code"]
    assert 400 == told["ResponseMetadata"]["HTTPStatusCode"]


def test_tags_through_a_client(client):
    """Refused while the group is created, listed afterwards; a key that is not there is 404."""
    made = client.create_replication_group(**GROUP, Tags=[{"Key": "team", "Value": "<web>"}])
    arn = made["ReplicationGroup"]["ARN"]
    with pytest.raises(client.exceptions.InvalidReplicationGroupStateFault):
        client.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "b"}])
    client.get_waiter("replication_group_available").wait(ReplicationGroupId="shop")
    client.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "b"}])
    told = client.list_tags_for_resource(ResourceName=arn)["TagList"]

    assert [("team", "<web>"), ("a", "b")] == [(each["Key"], each["Value"]) for each in told]
    with pytest.raises(client.exceptions.TagNotFoundFault) as fault:
        client.remove_tags_from_resource(ResourceName=arn, TagKeys=["none"])
    assert 404 == fault.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_rules_through_a_client(ec2):
    """EC2's form and its XML have other names than those of ElastiCache."""
    group = ec2.create_security_group(GroupName="cache", Description="a <cache>")["GroupId"]
    sources = {
        "UserIdGroupPairs": [{"GroupId": DEFAULT_GROUP}],
        "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "0.0.0.0/0"}],
    }
    request = {"GroupId": group, "IpPermissions": [{**RULE, **sources}]}
    assert ec2.authorize_security_group_ingress(**request)["Return"]
    (told,) = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["cache", "another"]}]
    )["SecurityGroups"]

    assert "a <cache>" == told["Description"]
    assert [6379] * 3 == [each["FromPort"] for each in told["IpPermissions"]]
    ranges = [one["CidrIp"] for each in told["IpPermissions"] for one in each["IpRanges"]]
    assert ["10.0.0.0/8", "0.0.0.0/0"] == ranges
    assert ec2.revoke_security_group_ingress(**request)["Return"]
    with pytest.raises(ClientError) as fault:
        ec2.revoke_security_group_ingress(**request)
    assert "InvalidPermission.NotFound" == fault.value.response["Error"]["Code"]
    assert fault.value.response["ResponseMetadata"]["RequestId"]


def test_what_ec2_does_not_simulate(ec2):
    """One code, and never a page that a client cannot read."""
    with pytest.raises(ClientError) as fault:
        ec2.describe_instances()
    assert "NotImplemented" == fault.value.response["Error"]["Code"]
    with pytest.raises(ClientError) as fault:
        ec2.describe_vpcs(VpcIds=["vpc-1"])
    assert "InvalidVpcID.NotFound" == fault.value.response["Error"]["Code"]
