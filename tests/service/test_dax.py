"""DAX: what a node keeps, what passes, what is stale and for how long; and Amazon's own client at its port."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from tests.service.dynamo_calls import TABLE

KEY = {"id": {"S": "a"}, "n": {"N": "1"}}
ASKED = {
    "TableName": "shop",
    "KeyConditionExpression": "id = :a",
    "ExpressionAttributeValues": {":a": {"S": "a"}},
}
CLUSTER = {
    "ClusterName": "fast",
    "NodeType": "dax.t3.small",
    "IamRoleArn": "arn:aws:iam::1:role/dax",
}
CLIENT = ("amazon-dax-client==2.1.0", "antlr4-python3-runtime==4.13.2", "six==1.17.0")


@pytest.fixture
def fast():
    """A cloud with a table and a cluster of three nodes."""
    cloud = Cloud(seed=1)
    cloud.desk("dynamodb").CreateTable(TABLE)
    cloud.desk("dax").CreateCluster({**CLUSTER, "ReplicationFactor": 3})
    cloud.advance(minutes=20)
    return cloud


def item(value, n="1"):
    return {"TableName": "shop", "Item": {"id": {"S": "a"}, "n": {"N": n}, "v": {"S": value}}}


def get(front, n="1", **more):
    key = {"id": {"S": "a"}, "n": {"N": n}}
    return (
        front.GetItem({"TableName": "shop", "Key": key, **more})
        .get("Item", {})
        .get("v", {})
        .get("S")
    )


def used(cloud):
    return cloud.desk("dynamodb").tables.find("shop").capacity["read"].used


def test_a_hit_takes_no_units(fast):
    """Check 29: what DAX has written is read a hundred times for nothing; absence costs once; a strong read always."""
    front = fast.desk("dax").front("fast")
    front.PutItem(item("new"))

    assert {"new"} == {get(front) for _ in range(100)}
    assert 0 == used(fast)
    assert {None} == {get(front, "2") for _ in range(5)}
    assert 0.5 == used(fast)
    assert "new" == get(front, ConsistentRead=True)
    assert 1.5 == used(fast)


def test_a_number_of_a_key_has_several_texts(fast):
    """A node knows them as one key."""
    front = fast.desk("dax").front("fast")
    front.PutItem(item("old", n="1.0"))
    front.PutItem(item("new", n="1"))

    assert {"new"} == {get(front, n) for n in ("1", "1.0", "10e-1")}
    with pytest.raises(ServiceFault, match="numeric value"):
        get(front, "one")


def test_a_query_is_stale_until_its_ttl_ends(fast):
    """Check 29, A32: an item that was put is read at once, and found by a query after 5 minutes, not before."""
    front = fast.desk("dax").front("fast")
    assert 0 == front.Query(ASKED)["Count"]
    front.PutItem(item("new"))

    assert "new" == get(front)
    fast.advance(minutes=4.9)
    assert 0 == front.Query(ASKED)["Count"]
    assert 1 == front.Query({**ASKED, "ConsistentRead": True})["Count"]
    fast.advance(minutes=0.1)
    assert 1 == front.Query(ASKED)["Count"]


def test_a_write_round_dax_is_not_seen_until_the_ttl_ends(fast):
    front = fast.desk("dax").front("fast")
    front.PutItem(item("old"))
    fast.desk("dynamodb").PutItem(item("new"))

    assert "old" == get(front)
    fast.advance(minutes=5)
    assert "new" == get(front)


def test_other_nodes_have_a_write_a_little_later(fast):
    one, two = (fast.desk("dax").front("fast", number) for number in (0, 1))
    one.PutItem(item("old"))
    fast.advance(minutes=1)
    one.PutItem(item("new"))

    assert ("new", "old") == (get(one), get(two))
    fast.advance(minutes=0.01)
    assert "new" == get(two)


def test_a_write_that_fails_is_not_kept(fast):
    front = fast.desk("dax").front("fast")
    front.PutItem(item("old"))
    once = {**item("new"), "ConditionExpression": "attribute_not_exists(id)"}
    with pytest.raises(ServiceFault):
        front.PutItem(once)

    assert "old" == get(front)
    front.DeleteItem({"TableName": "shop", "Key": KEY})
    assert get(front) is None


def test_a_batch_asks_the_table_for_what_is_not_here(fast):
    front = fast.desk("dax").front("fast")
    front.PutItem(item("one"))
    fast.desk("dynamodb").PutItem(item("two", "2"))
    keys = [{"id": {"S": "a"}, "n": {"N": n}} for n in "123"]
    found = [front.BatchGetItem({"RequestItems": {"shop": {"Keys": keys}}}) for _ in range(2)]

    assert [2, 2] == [len(each["Responses"]["shop"]) for each in found]
    assert 1.0 == used(fast)  # numbers 2 and 3, once


def test_a_ttl_of_zero_and_a_reboot(fast):
    """Nodes take a new TTL when they are rebooted; then results are not kept."""
    desk = fast.desk("dax")
    desk.CreateParameterGroup({"ParameterGroupName": "brief"})
    ttl = {"ParameterName": "query-ttl-millis", "ParameterValue": "0"}
    desk.UpdateParameterGroup({"ParameterGroupName": "brief", "ParameterNameValues": [ttl]})
    made = {
        **CLUSTER,
        "ClusterName": "brief",
        "ReplicationFactor": 1,
        "ParameterGroupName": "brief",
    }
    desk.CreateCluster(made)
    fast.advance(minutes=20)
    front = desk.front("brief")
    front.Query(ASKED)
    front.PutItem(item("new"))

    assert (
        1 == front.Query({**ASKED, "ConsistentRead": True})["Count"] == front.Query(ASKED)["Count"]
    )
    desk.RebootNode({"ClusterName": "brief", "NodeId": "brief-a"})
    front.node.hits = 0
    get(front)
    assert 0 == front.node.hits


def test_clusters_grow_shrink_and_cost(fast):
    desk = fast.desk("dax")
    shown = desk.DescribeClusters({})["Clusters"][0]
    assert ("available", 3, 3) == (shown["Status"], shown["TotalNodes"], shown["ActiveNodes"])
    desk.DecreaseReplicationFactor({"ClusterName": "fast", "NewReplicationFactor": 1})
    fast.advance(minutes=60)
    assert 2 * 0.04 + 2 * 0.04 == pytest.approx(
        fast.dollars(), abs=1e-9
    )  # one runs in its second hour
    for bad in ({"NewReplicationFactor": 1}, {"NewReplicationFactor": 12}):
        with pytest.raises(ServiceFault):
            desk.IncreaseReplicationFactor({"ClusterName": "fast", **bad})
    desk.DeleteCluster({"ClusterName": "fast"})
    fast.advance(minutes=20)
    with pytest.raises(ServiceFault, match="not found"):
        desk.front("fast")


@pytest.fixture(scope="module")
def amazons(tmp_path_factory):
    """The folder of Amazon's client; it is a source package that nobody else needs."""
    pytest.importorskip("boto3", reason="needs the extra aws")
    folder = tmp_path_factory.mktemp("client")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        folder,
        *CLIENT,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        pytest.skip("Amazon's client could not be fetched in time")
    if done.returncode:
        pytest.skip(f"Amazon's client cannot be built here: {done.stderr.strip()[-100:]}")
    return folder


def test_amazons_own_client(fast, amazons):
    """The same steps as above, and every kind of value, key and expression, over its own protocol."""
    from cachesim.service.wire.loopback import Door
    from cachesim.service.wire.times import FrozenTime

    door = Door(fast.account, 0, FrozenTime(fast.account))
    threading.Thread(target=door.serve_forever, daemon=True).start()
    try:
        import boto3

        plane = boto3.client(
            "dax",
            "us-east-1",
            endpoint_url=door.url,
            aws_access_key_id="a",
            aws_secret_access_key="a",
        )
        url = plane.describe_clusters()["Clusters"][0]["ClusterDiscoveryEndpoint"]["URL"]
        script = Path(__file__).with_name("dax_client.py")
        path = os.pathsep.join([str(amazons), *sys.path])
        done = subprocess.run([sys.executable, script, url, door.url], capture_output=True, text=True,
                              timeout=300, env={**os.environ, "PYTHONPATH": path})  # fmt: skip
    finally:
        door.shutdown()
        door.server_close()

    assert "" == done.stderr[-2000:] or done.stdout, done.stderr
    assert json.loads(done.stdout) == {
        "same": True, "number": -12.5, "projected": {"L": [{"M": {"k": {"NULL": True}}}]},
        "first query": 1, "same query": 1, "strong query": [-3.25, 0.0, 7.0, 120.0],
        "last key": 7.0, "rest": 1, "updated": [-11.5, "new", False, 3], "new": {"w": {"S": "w"}},
        "refused": "ConditionalCheckFailedException", "around": "-11.5", "strong": "99",
        "absent": False, "batch": [7.0, 120.0], "deleted": False,
        "no table": "ResourceNotFoundException", "scan": "NotImplemented",
    }  # fmt: skip
