"""Acceptance checks 25 to 27: IAM, users and closed groups beside the data. See test_acceptance.py."""

import json

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

import cachesim as cs
from cachesim.experiments.cloud import Cloud
from tests.service.test_acceptance import available
from tests.service.test_acceptance_watch import asked, points

CACHE = "arn:aws:elasticache:us-east-1:123456789012"
SECRET = "a-secret-of-16-or-more"
LOGIN = {"group": "shop", "user": "ada", "password": SECRET}
READS = cs.OpenLoop(rate=40)


def cloud_with(access, mode=None, **policy):
    """Return a cloud with a group that has one user, ada, beside the default user; and ada's access key."""
    cloud = Cloud(seed=1, scale=1 / 200)
    client, iam = cloud.client("elasticache"), cloud.client("iam")
    how = {"AuthenticationMode": mode} if mode else {"Passwords": [SECRET]}
    names = {"UserId": "ada", "UserName": "ada", "Engine": "redis"}
    client.create_user(**names, AccessString=access, **how)
    client.create_user_group(UserGroupId="team", Engine="redis", UserIds=["ada", "default"])
    cloud.advance(minutes=2)
    secure = {"TransitEncryptionEnabled": True, "UserGroupIds": ["team"]}
    available(client, cloud, NumCacheClusters=2, **secure)
    iam.create_user(UserName="ada")
    resources = [f"{CACHE}:replicationgroup:shop", f"{CACHE}:user:ada"]
    statement = {"Effect": "Allow", "Action": "elasticache:Connect", "Resource": resources}
    text = json.dumps({"Statement": [{**statement, **policy}]})
    iam.put_user_policy(UserName="ada", PolicyName="own", PolicyDocument=text)
    return cloud, iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"]


def total(cloud, metric):
    """Return the sum of a metric of the primary."""
    return sum(points(cloud, asked(metric, CacheClusterId="shop-001")))


def test_check_25_a_policy_does_not_stop_the_data():
    """IAM says no to every call, and the traffic goes on: a password is another door."""
    no = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    cloud, key = cloud_with("on ~* +@all", **no)
    denied = cloud.client("elasticache", access_key=key)
    with pytest.raises(denied.exceptions.ClientError, match="AccessDenied"):
        denied.describe_replication_groups()
    result = cloud.run(**LOGIN, workload=READS, minutes=1)

    assert "hit" in set(result.history["lookup"].dropna())
    assert result.refused.empty


def test_check_25_a_token_of_iam_lasts_fifteen_minutes():
    """Right at once and after 15 minutes, WRONGPASS after 16; on another group, never."""
    cloud, key = cloud_with("on ~* +@all", {"Type": "iam"})
    token = cloud.iam_token(group="shop", user="ada", access_key=key)
    elsewhere = cloud.iam_token(group="elsewhere", user="ada", access_key=key)

    def told(password):
        return cloud.login(**{**LOGIN, "password": password}).split()[0]

    wrong = (token[:-1] + "x", SECRET, elsewhere)
    assert ["OK", *["WRONGPASS"] * 3] == [told(each) for each in (token, *wrong)]
    cloud.advance(minutes=15)
    assert "OK" == told(token)
    cloud.advance(minutes=1)
    assert "WRONGPASS" == told(token)
    cloud.run(**{**LOGIN, "password": token}, workload=READS, minutes=1)
    assert total(cloud, "AuthenticationFailures") > 1000


def test_check_25_a_connection_of_iam_ends_after_twelve_hours():
    """With the old token; a function that makes new ones goes on."""
    cloud, key = cloud_with("on ~* +@all", {"Type": "iam"})
    slow = {**LOGIN, "workload": cs.OpenLoop(rate=0.02), "minutes": 13 * 60}

    def fresh():
        return cloud.iam_token(group="shop", user="ada", access_key=key)

    ended = cloud.run(**{**slow, "password": fresh()})
    reads = ended.history[ended.history["lookup"].notna()]
    assert 11.9 < reads["end"].max() / 3600 < 12.01
    assert {"auth"} == set(ended.refused["reason"])
    assert cloud.run(**{**slow, "password": fresh}).refused.empty


class Three(cs.Strategy):
    """Asks for a key of the pattern, writes it, and asks for a key outside."""

    def read(self, app, key):
        """Send the three commands."""
        for command in (("GET", f"app::{key}"), ("SET", f"app::{key}", "x"), ("GET", key)):
            yield app.cache.execute(*command)

    def write(self, app, key, value):
        """Write the row alone."""
        yield app.db.write(key, value)


def test_check_26_a_reader_of_some_keys():
    """GET of them is allowed; SET is refused for the command, another key for the key: a metric each."""
    cloud, _ = cloud_with("on ~app::* -@all +@read")
    result = cloud.run(**LOGIN, workload=READS, strategy=Three(), minutes=2)
    reads = sum(result.history["op"] == "read")

    refused = result.refused.groupby("reason")["commands"].sum()
    metrics = ("CommandAuthorization", "KeyAuthorization", "Authentication")
    assert {"command": reads, "key": reads} == dict(refused)
    assert [reads, reads, 0] == [total(cloud, f"{each}Failures") for each in metrics]


def test_check_27_packets_are_dropped_and_never_refused(cloud, client):
    """A client without a time-out waits as long as TCP does; a refusal would come at once.

    The rule is for the port of a Redis, and the cluster is a Memcached.
    """
    ec2 = cloud.client("ec2")
    closed = ec2.create_security_group(GroupName="cache", Description="d")["GroupId"]
    hosts = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]["GroupId"]

    def allow(port):
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        rule["UserIdGroupPairs"] = [{"GroupId": hosts}]
        ec2.authorize_security_group_ingress(GroupId=closed, IpPermissions=[rule])

    def run():
        read = cloud.run(cluster="m", workload=READS, minutes=0.05).history.query("op == 'read'")
        return set(read["lookup"].dropna()), (read["end"] - read["begin"]).mean()

    allow(6379)
    client.create_cache_cluster(CacheClusterId="m", Engine="memcached", SecurityGroupIds=[closed])
    client.get_waiter("cache_cluster_available").wait(CacheClusterId="m")
    found, mean = run()
    assert {"unreachable"} == found
    assert 2 * 127 < mean < 2 * 127 + 1  # get and set
    allow(11211)
    found, mean = run()
    assert "unreachable" not in found
    assert mean < 1
