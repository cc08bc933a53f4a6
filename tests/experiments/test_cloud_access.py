"""Who may do what with the data: users, tokens, TLS and IAM, in runs. Acceptance checks 25 and 26."""

import json
from datetime import datetime

import pytest

import cachesim as cs
from cachesim.errors import BadInput
from cachesim.experiments.cloud import Cloud
from cachesim.service.elasticache.auth import apply_auth
from cachesim.service.iam.tokens import connect_token
from tests.experiments.test_cloud import READS, total
from tests.service.conftest import GROUP
from tests.service.test_users import NEXT, SECRET, TLS

CACHE = "arn:aws:elasticache:us-east-1:123456789012"
READER = "on ~* -@all +@read"


def cloud_with(access=READER, mode=None, policy=None, **more):
    """Return a cloud with a group that has one user, ada, beside the default user; and ada's access key."""
    cloud = Cloud(seed=1, scale=1 / 200)
    desk, iam = cloud.desk("elasticache"), cloud.desk("iam")
    how = {"AuthenticationMode": mode} if mode else {"Passwords": [SECRET]}
    desk.CreateUser(
        {"UserId": "ada", "UserName": "ada", "Engine": "redis", "AccessString": access, **how}
    )
    desk.CreateUserGroup({"UserGroupId": "team", "Engine": "redis", "UserIds": ["ada", "default"]})
    cloud.advance(minutes=2)
    desk.CreateReplicationGroup({**TLS, "UserGroupIds": ["team"], "NumCacheClusters": 2, **more})
    iam.CreateUser({"UserName": "ada"})
    resources = [f"{CACHE}:replicationgroup:shop", f"{CACHE}:user:ada"]
    statement = {"Effect": "Allow", "Action": "elasticache:Connect", "Resource": resources}
    document = json.dumps({"Statement": [{**statement, **(policy or {})}]})
    iam.PutUserPolicy({"UserName": "ada", "PolicyName": "own", "PolicyDocument": document})
    cloud.advance(minutes=20)
    return cloud, iam.CreateAccessKey({"UserName": "ada"})["AccessKey"]["AccessKeyId"]


def reads(result):
    """Return the reads of a run."""
    return result.history[result.history["op"] == "read"]


def test_what_a_user_may_do_replicates():
    """Reads and writes are allowed, DEL is not; the replica has what the primary has."""
    cloud, _ = cloud_with("on ~* -@all +get +set")
    login = {"user": "ada", "password": SECRET}
    result = cloud.run(
        group="shop", workload=READS, minutes=3, strategy=cs.LazyLoading(ttl=30), **login
    )
    last = result.nodes[result.nodes["begin"] == result.nodes["begin"].max()]

    assert 0 < 0.98 * last["items"].max() < last["items"].min()  # some leave a moment later
    again = cloud.run(group="shop", workload=READS, minutes=1, **login)
    assert "hit" in set(reads(again)["lookup"].dropna().head(50))


def test_a24_a_rotated_token_is_predicted_measured_and_cured():
    """Check of A24: SET at once turns every read into a query; ROTATE first costs nothing."""
    found = {}
    for how in ("SET", "ROTATE"):
        cloud = Cloud(seed=1, scale=1 / 200)
        desk = cloud.desk("elasticache")
        desk.CreateReplicationGroup({**TLS, "NumCacheClusters": 2, "AuthToken": SECRET})
        cloud.advance(minutes=20)
        apply_auth(desk, desk.groups.find("shop"), NEXT, how)
        result = cloud.run(group="shop", workload=READS, minutes=3, password=SECRET)
        looked = reads(result)
        found[how] = (looked["lookup"] == "hit").mean(), total(cloud, "AuthenticationFailures")
        asked = result.history["db_queries"].max() / len(looked)
        assert (asked > 0.95) == (how == "SET")
        assert "OK" == cloud.login(group="shop", password=NEXT)

    assert 0 == found["SET"][0] < 0.2 < found["ROTATE"][0]
    assert 0 == found["ROTATE"][1] < found["SET"][1]


def test_without_tls_and_without_a_login():
    """Each fails in its own way, and CloudWatch has no metric for either."""
    cloud, _ = cloud_with()
    plain = cloud.run(
        group="shop", workload=READS, minutes=1, user="ada", password=SECRET, tls=False
    )
    assert {"tls"} == set(plain.refused["reason"])

    desk = cloud.desk("elasticache")
    desk.CreateReplicationGroup({**TLS, "ReplicationGroupId": "other", "AuthToken": SECRET})
    cloud.advance(minutes=20)
    nobody = cloud.run(group="other", workload=READS, minutes=1)
    assert {"no login"} == set(nobody.refused["reason"])
    assert (
        0
        == total(cloud, "AuthenticationFailures")
        == total(cloud, "AuthenticationFailures", "other-001")
    )


def test_tls_costs_time():
    """A command needs its worker for 1.5 times as long."""
    busy = {}
    for tls in (False, True):
        cloud = Cloud(seed=1)
        desk = cloud.desk("elasticache")
        desk.CreateReplicationGroup({**GROUP, "TransitEncryptionEnabled": tls})
        cloud.advance(minutes=20)
        result = cloud.run(group="shop", workload=READS, minutes=1)
        busy[tls] = result.history["cache_busy"].max()

    assert 1.4 < busy[True] / busy[False] < 1.6


@pytest.mark.parametrize(
    "policy",
    [
        {"Resource": f"{CACHE}:replicationgroup:shop"},
        {"Resource": f"{CACHE}:user:ada"},
        {"Action": "elasticache:Describe*"},
        {"Effect": "Deny"},
    ],
)
def test_iam_asks_for_the_group_and_the_user(policy):
    """A policy for one of the two is not enough."""
    cloud, key = cloud_with(mode={"Type": "iam"}, policy=policy)
    token = cloud.iam_token(group="shop", user="ada", access_key=key)

    assert "WRONGPASS" in cloud.login(group="shop", user="ada", password=token)


def test_none_of_these_caches_knows_iam():
    """The old course notes are right for Memcached and for Redis below 7: a token is a wrong password."""
    cloud, key = cloud_with()  # with a password, as in Redis 6
    token = cloud.iam_token(group="shop", user="ada", access_key=key)
    assert "WRONGPASS" in cloud.login(group="shop", user="ada", password=token)

    cloud.desk("elasticache").CreateCacheCluster({"CacheClusterId": "m", "Engine": "memcached"})
    cloud.advance(minutes=15)
    with pytest.raises(BadInput, match="a Memcached of this service has neither"):
        cloud.login(cluster="m", password=token)
    with pytest.raises(BadInput, match='no access key "nobody"'):
        cloud.iam_token(group="shop", user="ada", access_key="nobody")


def test_a_role_logs_in_until_its_session_ends():
    """The keys of a session sign, too; afterwards they are of no use, and no error."""
    cloud, _ = cloud_with(mode={"Type": "iam"})
    iam, root = cloud.desk("iam"), {"AWS": "arn:aws:iam::123456789012:root"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": root}
    document = json.dumps({"Statement": [trust]})
    arn = iam.CreateRole({"RoleName": "web", "AssumeRolePolicyDocument": document})["Role"]["Arn"]
    connect = {"Effect": "Allow", "Action": "elasticache:Connect", "Resource": "*"}
    policy = {"PolicyName": "own", "PolicyDocument": json.dumps({"Statement": [connect]})}
    iam.PutRolePolicy({"RoleName": "web", **policy})
    asked = {"RoleArn": arn, "RoleSessionName": "one", "DurationSeconds": 900}
    given = cloud.desk("sts").AssumeRole(asked)["Credentials"]["AccessKeyId"]
    cloud.advance(minutes=10)
    token = cloud.iam_token(group="shop", user="ada", access_key=given)

    assert "X-Amz-Security-Token=" in token
    assert "OK" == cloud.login(group="shop", user="ada", password=token)
    cloud.advance(minutes=6)
    assert "WRONGPASS" in cloud.login(group="shop", user="ada", password=token)


def test_a_token_is_what_botocore_signs(monkeypatch):
    """Byte for byte, for the same key, group, user and second."""
    signers = pytest.importorskip("botocore.signers", reason="needs the extra aws")
    import botocore.auth
    import botocore.session
    from botocore.model import ServiceId

    cloud, key = cloud_with(mode={"Type": "iam"})
    date = cloud.account.calendar.date.replace(microsecond=0)
    monkeypatch.setattr(
        botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: date.replace(tzinfo=None)
    )
    own = cloud.desk("iam").keys[key]
    session = botocore.session.Session()
    session.set_credentials(own.id, own.secret)
    signer = signers.RequestSigner(
        ServiceId("elasticache"), "us-east-1", "elasticache", "v4", session.get_credentials(),
        session.get_component("event_emitter"),
    )  # fmt: skip
    url = "http://shop/?Action=connect&User=ada"
    asked = {"method": "GET", "url": url, "body": {}, "headers": {}, "context": {}}
    signed = signer.generate_presigned_url(
        asked, operation_name="connect", expires_in=900, region_name="us-east-1"
    ).removeprefix("http://")

    assert isinstance(date, datetime)
    assert signed == connect_token(own, "shop", "ada", date)
    assert "OK" == cloud.login(group="shop", user="ada", password=signed)
