"""EC2 at the desk: zones, subnets, security groups, and who reaches a port."""

import pytest

from cachesim.service.vpc import DEFAULT_GROUP, ID
from tests.service.conftest import GROUP
from tests.service.test_parameters import refused

CACHE = {"GroupName": "cache", "Description": "of the cache"}


@pytest.fixture
def ec2(cloud):
    """The desk of EC2."""
    return cloud.desk("ec2")


@pytest.fixture
def closed(ec2):
    """The id of a group that lets nobody in."""
    return ec2.CreateSecurityGroup(CACHE)["GroupId"]


def rule(port=6379, protocol="tcp", **source):
    """Describe one rule."""
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port, **source}


FROM_DEFAULT = {"UserIdGroupPairs": [{"GroupId": DEFAULT_GROUP}]}


def reaches(ec2, closed, *rules, client=DEFAULT_GROUP, port=6379):
    """Whether a client gets in with these rules."""
    ec2.AuthorizeSecurityGroupIngress({"GroupId": closed, "IpPermissions": list(rules)})
    return ec2.vpc.reaches(client, [closed], port)


def test_a_default_vpc_with_three_subnets(ec2):
    """One for each zone; the default group lets itself in."""
    zones = [each["ZoneName"] for each in ec2.DescribeAvailabilityZones({})["AvailabilityZones"]]
    subnets = ec2.DescribeSubnets({})["Subnets"]
    (group,) = ec2.DescribeSecurityGroups({})["SecurityGroups"]

    assert zones == [each["AvailabilityZone"] for each in subnets]
    assert {ID} == {each["VpcId"] for each in (*subnets, *ec2.DescribeVpcs({})["Vpcs"])}
    (allowed,) = group["IpPermissions"]
    assert DEFAULT_GROUP == allowed["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    assert ec2.vpc.reaches(DEFAULT_GROUP, [DEFAULT_GROUP], 6379)


def test_a_new_group_lets_nobody_in(ec2, closed):
    """Until a rule names the client's group, or its address, and the port."""
    assert not ec2.vpc.reaches(DEFAULT_GROUP, [closed], 6379)
    assert not ec2.vpc.reaches(closed, [closed], 6379)
    assert ec2.vpc.reaches(DEFAULT_GROUP, [closed, DEFAULT_GROUP], 6379)  # one of them is enough


@pytest.mark.parametrize(
    ("gets_in", "given"),
    [
        (True, rule(**FROM_DEFAULT)),
        (True, rule(IpRanges=[{"CidrIp": "172.31.0.0/16"}])),
        (True, rule(IpRanges=[{"CidrIp": "0.0.0.0/0"}])),
        (True, {"IpProtocol": "-1", **FROM_DEFAULT}),
        (True, {"IpProtocol": "6", "FromPort": 0, "ToPort": 65535, **FROM_DEFAULT}),
        (False, rule(11211, **FROM_DEFAULT)),
        (False, rule(protocol="udp", **FROM_DEFAULT)),
        (False, rule(IpRanges=[{"CidrIp": "10.0.0.0/8"}])),
    ],
)
def test_rules(ec2, closed, gets_in, given):
    """The group or the address, the protocol, and the port must all fit."""
    assert gets_in == reaches(ec2, closed, given)


def test_a_rule_is_for_one_group(ec2, closed):
    """A client of another group stays out."""
    other = ec2.CreateSecurityGroup({"GroupName": "other", "Description": ""})["GroupId"]
    assert reaches(ec2, closed, rule(UserIdGroupPairs=[{"GroupId": other}]), client=other)
    assert not ec2.vpc.reaches(DEFAULT_GROUP, [closed], 6379)


def test_a_rule_is_taken_back(ec2, closed):
    """The one that was given, and no other."""
    request = {"GroupId": closed, "IpPermissions": [rule(**FROM_DEFAULT)]}
    ec2.AuthorizeSecurityGroupIngress(request)
    refused("InvalidPermission.Duplicate", ec2.AuthorizeSecurityGroupIngress, request)
    other = {"GroupId": closed, "IpPermissions": [rule(6380, **FROM_DEFAULT)]}
    refused("InvalidPermission.NotFound", ec2.RevokeSecurityGroupIngress, other)
    ec2.RevokeSecurityGroupIngress(request)
    assert not ec2.vpc.reaches(DEFAULT_GROUP, [closed], 6379)


def test_a_rule_without_permissions(ec2, closed):
    """The short form has one range of addresses."""
    ec2.AuthorizeSecurityGroupIngress({"GroupName": "cache", **rule(CidrIp="0.0.0.0/0")})
    told = ec2.DescribeSecurityGroups({"GroupIds": [closed]})["SecurityGroups"][0]
    assert [{"CidrIp": "0.0.0.0/0"}] == told["IpPermissions"][0]["IpRanges"]


@pytest.mark.parametrize(
    ("shape", "operation", "request_"),
    [
        ("InvalidGroup.NotFound", "DescribeSecurityGroups", {"GroupIds": ["sg-1"]}),
        ("InvalidGroup.Duplicate", "CreateSecurityGroup", CACHE),
        ("InvalidVpcID.NotFound", "CreateSecurityGroup", {**CACHE, "VpcId": "vpc-1"}),
        ("InvalidVpcID.NotFound", "DescribeVpcs", {"VpcIds": ["vpc-1"]}),
        ("InvalidSubnetID.NotFound", "DescribeSubnets", {"SubnetIds": ["subnet-1"]}),
        ("CannotDelete", "DeleteSecurityGroup", {"GroupId": DEFAULT_GROUP}),
        ("InvalidSubnet.Range", "CreateSubnet", {"VpcId": ID, "CidrBlock": "10.0.0.0/24"}),
        ("InvalidSubnet.Conflict", "CreateSubnet", {"VpcId": ID, "CidrBlock": "172.31.0.0/24"}),
        ("InvalidParameterValue", "CreateSubnet", {"VpcId": ID, "CidrBlock": "somewhere"}),
        (
            "InvalidParameterValue",
            "CreateSubnet",
            {"VpcId": ID, "CidrBlock": "172.31.99.0/24", "AvailabilityZone": "us-east-1z"},
        ),
        (
            "InvalidParameterValue",
            "AuthorizeSecurityGroupIngress",
            {"GroupId": DEFAULT_GROUP, "IpPermissions": [{"IpProtocol": "tcp", **FROM_DEFAULT}]},
        ),
        (
            "InvalidParameterValue",
            "AuthorizeSecurityGroupIngress",
            {"GroupId": DEFAULT_GROUP, **rule(protocol="tls", CidrIp="0.0.0.0/0")},
        ),
        (
            "MissingParameter",
            "AuthorizeSecurityGroupIngress",
            {"GroupId": DEFAULT_GROUP, "IpPermissions": [rule()]},
        ),
        ("NotImplemented", "DescribeSubnets", {"Filters": [{"Name": "tag:a", "Values": ["b"]}]}),
        ("NotImplemented", "DescribeVpcs", {"DryRun": True}),
        ("InvalidParameterValue", "DescribeSubnets", {"MaxResults": 3}),
    ],
)
def test_what_is_refused(ec2, closed, shape, operation, request_):
    """With the codes of EC2."""
    assert refused(shape, getattr(ec2, operation), request_)


def test_a_group_in_use_stays(cloud, ec2, desk, closed):
    """A cluster has it, or a rule of another group names it."""
    desk.CreateReplicationGroup({**GROUP, "SecurityGroupIds": [closed]})
    refused("DependencyViolation", ec2.DeleteSecurityGroup, {"GroupId": closed})
    cloud.advance(minutes=30)
    desk.DeleteReplicationGroup({"ReplicationGroupId": "shop"})
    cloud.advance(minutes=30)
    named = {
        "GroupId": DEFAULT_GROUP,
        "IpPermissions": [rule(UserIdGroupPairs=[{"GroupId": closed}])],
    }
    ec2.AuthorizeSecurityGroupIngress(named)
    refused("DependencyViolation", ec2.DeleteSecurityGroup, {"GroupId": closed})
    ec2.RevokeSecurityGroupIngress(named)
    ec2.DeleteSecurityGroup({"GroupId": closed})
    refused("InvalidGroup.NotFound", ec2.DescribeSecurityGroups, {"GroupIds": [closed]})


def test_a_cluster_shows_its_groups(desk, closed):
    """The default one, if nobody says more; one that is not there is refused."""
    given = desk.CreateCacheCluster({"CacheClusterId": "a", "SecurityGroupIds": [closed]})
    usual = desk.CreateCacheCluster({"CacheClusterId": "b"})
    ids = [each["CacheCluster"]["SecurityGroups"][0]["SecurityGroupId"] for each in (given, usual)]
    assert [closed, DEFAULT_GROUP] == ids
    wrong = {"CacheClusterId": "c", "SecurityGroupIds": ["sg-1"]}
    assert "sg-1" in refused("InvalidParameterValueException", desk.CreateCacheCluster, wrong)


def test_filters(ec2):
    """A filter's name is that of a member."""

    def found(name, *values):
        request = {"Filters": [{"Name": name, "Values": list(values)}]}
        return [each["AvailabilityZone"] for each in ec2.DescribeSubnets(request)["Subnets"]]

    assert ["us-east-1b"] == found("availability-zone", "us-east-1b")
    assert 3 == len(found("vpc-id", ID))
    assert [] == found("default-for-az", "false")
