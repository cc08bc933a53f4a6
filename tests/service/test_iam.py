"""IAM: who calls, what policies allow, and the refusals of every desk. Acceptance check 25, first part."""

import json

import pytest

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from cachesim.service.iam.conditions import holds
from cachesim.service.iam.policies import judge, read
from tests.service.conftest import GROUP

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

SHOP = "arn:aws:elasticache:us-east-1:123456789012:replicationgroup:shop"
ACCOUNT = "arn:aws:iam::123456789012"


def policy(*statements):
    """Return the text of a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    """Return a statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def user(cloud, *statements, name="ada"):
    """Make a user with a policy, and return the key."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
    return iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]


def refused(client, call, **request):
    """Return the code, the status and the text of a refusal."""
    with pytest.raises(client.exceptions.ClientError) as found:
        getattr(client, call)(**request)
    answer = found.value.response
    return (
        answer["Error"]["Code"],
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["Error"]["Message"],
    )


def test_describe_only(cloud):
    """The administrator creates; a user with Describe may look, and may not create."""
    cloud.client("elasticache").create_replication_group(**GROUP)
    ada = cloud.client("elasticache", access_key=user(cloud, allow("elasticache:Describe*")))

    assert 1 == len(ada.describe_replication_groups()["ReplicationGroups"])
    code, status, text = refused(ada, "create_replication_group", **GROUP)
    assert ("AccessDenied", 403) == (code, status)
    assert text.startswith(
        f"User: {ACCOUNT}:user/ada is not authorized to perform: "
        f"elasticache:CreateReplicationGroup on resource: {SHOP} because no identity-based"
    )


def test_a_desk_asks_too(cloud):
    """With a key, IAM judges each call of a desk; what is not simulated says so."""
    desk = cloud.desk("elasticache", access_key=user(cloud, allow("elasticache:D*")))
    assert [] == desk.DescribeReplicationGroups({})["ReplicationGroups"]
    for call, shape in ((desk.CreateReplicationGroup, "AccessDenied"), (desk.Dream, "NotImpl")):
        with pytest.raises(ServiceFault) as found:
            call(GROUP)
        assert found.value.shape.startswith(shape)


def test_a_resource_and_a_condition(cloud):
    """Only groups that begin with shop, and only small nodes."""
    small = {"StringEquals": {"elasticache:CacheNodeType": ["cache.t3.micro", "cache.t3.small"]}}
    key = user(cloud, allow("elasticache:Create*", f"{SHOP}*", Condition=small))
    ada = cloud.client("elasticache", access_key=key)

    ada.create_replication_group(**GROUP)
    for change in ({"ReplicationGroupId": "other"}, {"CacheNodeType": "cache.m5.large"}):
        assert "AccessDenied" == refused(ada, "create_replication_group", **{**GROUP, **change})[0]


def test_a_tag_decides(cloud):
    """A group of another team may not be looked at."""
    root, asked = cloud.client("elasticache"), {"ReplicationGroupId": "shop"}
    root.create_replication_group(**GROUP)
    root.get_waiter("replication_group_available").wait(**asked)
    mine = {"StringEquals": {"aws:ResourceTag/team": "${aws:username}"}}
    key = user(cloud, allow("elasticache:DescribeReplicationGroups", Condition=mine))
    ada = cloud.client("elasticache", access_key=key)

    assert "AccessDenied" == refused(ada, "describe_replication_groups", **asked)[0]
    root.add_tags_to_resource(ResourceName=SHOP, Tags=[{"Key": "team", "Value": "ada"}])
    ada.describe_replication_groups(**asked)


def test_a_deny_beats_every_allow(cloud):
    """Also one that came with a group."""
    key = user(cloud, allow("*"))
    iam, ada = cloud.client("iam"), cloud.client("elasticache", access_key=key)
    ada.create_replication_group(**GROUP)
    iam.create_group(GroupName="careful")
    statement = {"Effect": "Deny", "Action": "elasticache:Delete*", "Resource": "*"}
    document = policy(statement)
    iam.put_group_policy(GroupName="careful", PolicyName="no", PolicyDocument=document)
    iam.add_user_to_group(GroupName="careful", UserName="ada")
    cloud.advance(minutes=30)

    text = refused(ada, "delete_replication_group", ReplicationGroupId="shop")[2]
    assert text.endswith("an explicit deny is in an identity-based policy")
    assert ["ada"] == [each["UserName"] for each in iam.get_group(GroupName="careful")["Users"]]
    iam.remove_user_from_group(GroupName="careful", UserName="ada")
    ada.delete_replication_group(ReplicationGroupId="shop")


def test_who_calls(cloud):
    """Root by default; a user by a key; nobody by a key that is off or deleted."""
    key = user(cloud)
    sts = cloud.client("sts", access_key=key)
    iam = cloud.client("iam")

    assert f"{ACCOUNT}:root" == cloud.client("sts").get_caller_identity()["Arn"]
    assert f"{ACCOUNT}:user/ada" == sts.get_caller_identity()["Arn"]
    iam.update_access_key(UserName="ada", AccessKeyId=key, Status="Inactive")
    assert ("InvalidClientTokenId", 403) == refused(sts, "get_caller_identity")[:2]
    iam.delete_access_key(UserName="ada", AccessKeyId=key)
    assert ("InvalidClientTokenId", 403) == refused(sts, "get_caller_identity")[:2]
    assert [] == iam.list_access_keys(UserName="ada")["AccessKeyMetadata"]


def test_a_role(cloud):
    """Its trust policy names the user, the user may take it, and its keys end."""
    trust = policy(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"{ACCOUNT}:user/ada"}}
    )
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    read_only = "arn:aws:iam::aws:policy/AmazonElastiCacheReadOnlyAccess"
    iam.attach_role_policy(RoleName="reader", PolicyArn=read_only)
    asked = {"RoleArn": role, "RoleSessionName": "today"}
    ada = cloud.client("sts", access_key=user(cloud, allow("sts:AssumeRole", role)))
    eve = cloud.client("sts", access_key=user(cloud, allow("sts:*"), name="eve"))

    assert "AccessDenied" == refused(eve, "assume_role", **asked)[0]  # not trusted
    given = ada.assume_role(**asked, DurationSeconds=900)
    cache = cloud.client("elasticache", access_key=given["Credentials"]["AccessKeyId"])
    cache.describe_replication_groups()
    text = refused(cache, "create_replication_group", **GROUP)[2]
    assert "arn:aws:sts::123456789012:assumed-role/reader/today" in text
    cloud.advance(minutes=16)
    assert ("ExpiredToken", 403) == refused(cache, "describe_replication_groups")[:2]


def test_managed_policies(cloud):
    """Made, attached, listed, read, and deleted only when nobody has them."""
    iam = cloud.client("iam")
    key = user(cloud)
    text = policy(allow("elasticache:*"))
    arn = iam.create_policy(PolicyName="all", PolicyDocument=text)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ada", PolicyArn=arn)
    cloud.client("elasticache", access_key=key).create_replication_group(**GROUP)

    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert json.loads(text) == version["Document"]
    assert (
        json.loads(policy())
        == iam.get_user_policy(UserName="ada", PolicyName="own")["PolicyDocument"]
    )
    assert ["own"] == iam.list_user_policies(UserName="ada")["PolicyNames"]
    attached = iam.list_attached_user_policies(UserName="ada")["AttachedPolicies"]
    assert [{"PolicyName": "all", "PolicyArn": arn}] == attached
    assert [arn] == [each["Arn"] for each in iam.list_policies(Scope="Local")["Policies"]]
    assert ("DeleteConflict", 409) == refused(iam, "delete_policy", PolicyArn=arn)[:2]
    iam.detach_user_policy(UserName="ada", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    assert ("NoSuchEntity", 404) == refused(iam, "get_policy", PolicyArn=arn)[:2]
    assert "DeleteConflict" == refused(iam, "delete_user", UserName="ada")[0]
    assert "EntityAlreadyExists" == refused(iam, "create_user", UserName="Ada")[0]


def test_other_desks_ask_too(cloud):
    """Alarms and topics by their names; KMS and SNS have codes of their own."""
    key = user(cloud, allow("cloudwatch:DeleteAlarms", "arn:aws:cloudwatch:*:*:alarm:mine"))
    watch = cloud.client("cloudwatch", access_key=key)
    assert "ResourceNotFound" == refused(watch, "delete_alarms", AlarmNames=["mine"])[0]
    assert "AccessDenied" == refused(watch, "delete_alarms", AlarmNames=["yours"])[0]
    sns = cloud.client("sns", access_key=key)
    assert ("AuthorizationError", 403) == refused(sns, "create_topic", Name="t")[:2]


def test_what_is_not_simulated_says_so(cloud):
    """A parameter that would change nothing is refused."""
    iam, kms, sts = (cloud.desk(name) for name in ("iam", "kms", "sts"))
    for call, request in (
        (iam.CreateUser, {"UserName": "ada", "PermissionsBoundary": "arn"}),
        (iam.CreatePolicy, {"PolicyName": "p", "PolicyDocument": policy(), "Tags": []}),
        (iam.SimulatePrincipalPolicy, {"PolicySourceArn": "a", "ResourcePolicy": "b"}),
        (sts.AssumeRole, {"RoleArn": "a", "RoleSessionName": "b", "ExternalId": "c"}),
        (kms.CreateKey, {"MultiRegion": True}),
    ):
        with pytest.raises(ServiceFault, match="is not simulated; leave it out"):
            call(request)
    assert [] == iam.ListUsers({})["Users"]


def test_simulate(cloud):
    """The verdict without the deed, with the policies that decided."""
    user(cloud, allow("elasticache:Describe*"), {"Effect": "Deny", "Action": "*", "Resource": "x"})
    found = cloud.client("iam").simulate_principal_policy(
        PolicySourceArn=f"{ACCOUNT}:user/ada",
        ActionNames=["elasticache:DescribeEvents", "elasticache:CreateSnapshot"],
        ResourceArns=["*", "x"],
    )["EvaluationResults"]

    decisions = [each["EvalDecision"] for each in found]
    assert ["allowed", "explicitDeny", "implicitDeny", "explicitDeny"] == decisions
    assert [{"SourcePolicyId": "ada/own"}] == found[0]["MatchedStatements"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("StringEquals a:k x y", True), ("StringEquals a:k z", False),
        ("StringNotEquals a:k z", True), ("StringNotEquals a:k x", False),
        ("StringNotEquals a:none x", True), ("StringEquals a:none x", False),
        ("StringEqualsIfExists a:none x", True), ("StringEqualsIgnoreCase a:k X", True),
        ("StringLike a:k ?", True), ("StringNotLike a:k ?", False),
        ("Null a:none true", True), ("Null a:k true", False), ("Null a:k false", True),
        ("NumericLessThan a:n 6", True), ("NumericLessThan a:n 5", False),
        ("NumericGreaterThanEquals a:n 5", True), ("NumericLessThan a:k 6", False),
        ("DateLessThan a:d 2026-02-01T00:00:00Z", True), ("DateGreaterThan a:d 2026-02-01", False),
        ("Bool a:b TRUE", True), ("Bool a:b false", False),
        ("IpAddress a:ip 10.0.0.0/8", True), ("NotIpAddress a:ip 10.0.0.0/8", False),
        ("ArnLike a:arn arn:aws:iam::*:user/*", True), ("ArnLike a:arn arn:aws:iam::*", False),
        ("ForAnyValue:StringEquals a:many q", True), ("ForAllValues:StringEquals a:many q", False),
        ("ForAllValues:StringEquals a:many p q", True), ("StringLike a:k ${a:k}", True),
    ],
)  # fmt: skip
def test_operators(line, expected):
    """Each as AWS documents it."""
    context = {
        "a:k": ("x",), "a:n": ("5",), "a:d": ("2026-01-05T08:00:00+00:00",), "a:b": ("true",),
        "a:ip": ("10.1.2.3",), "a:arn": ("arn:aws:iam::1:user/x",), "a:many": ("p", "q"),
    }  # fmt: skip
    operator, key, *wanted = line.split()

    assert expected == holds(operator, key, tuple(wanted), context)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("no json", "no JSON"),
        ('{"Version": "2012-10-17"}', "no Statement"),
        ('{"Version": "2013-01-01", "Statement": []}', "Version must be"),
        ({"Effect": "Maybe"}, "Allow or Deny"),
        ({"Effect": "Allow", "Action": "*"}, "either Resource or NotResource"),
        ({"Effect": "Allow", "Action": "*", "Resource": "*", "Sorry": 1}, "has no Sorry"),
        ({**allow("*"), "Principal": "*"}, "has no Principal"),
        ({**allow("*"), "Condition": {"StringIs": {"a": "b"}}}, "no operator StringIs"),
        ({**allow("*"), "Condition": {"Bool": "true"}}, "Bool must be an object"),
        ({**allow({"a": 1})}, "must be a text"),
    ],
)
def test_malformed_policies(statement, sentence):
    """One sentence, and nothing is kept."""
    with pytest.raises(ServiceFault, match=sentence) as found:
        read(statement if isinstance(statement, str) else policy(statement))
    assert "MalformedPolicyDocumentException" == found.value.shape


def test_not_action_and_not_resource():
    """Everything but what is named."""
    text = policy({"Effect": "Allow", "NotAction": "iam:*", "NotResource": f"{SHOP}-2"})
    own = {"own": read(text)}

    assert "allowed" == judge(own, "elasticache:DeleteUser", SHOP, {}).decision
    assert "implicitDeny" == judge(own, "IAM:CreateUser", SHOP, {}).decision
    assert "implicitDeny" == judge(own, "elasticache:DeleteUser", f"{SHOP}-2", {}).decision


def test_the_same_seed_gives_the_same_keys():
    """And another seed others."""
    one, two, other = (user(Cloud(seed=seed)) for seed in (1, 1, 2))

    assert one == two != other
