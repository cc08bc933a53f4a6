"""Every endpoint that is described answers on loopback, and follows what the service does."""

import http.server
import json
import socket
import threading
import urllib.error
import urllib.request

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

from cachesim.experiments.cloud import Cloud  # noqa: E402
from cachesim.service.wire.loopback import Door  # noqa: E402
from cachesim.service.wire.times import PacedTime, time_of  # noqa: E402
from tests.service.conftest import GROUP  # noqa: E402

HOST = "127.0.0.1"


def opened(way="frozen"):
    """Open a door with ports behind it; return it and what it is served by."""
    cloud = Cloud(seed=1)
    door = Door(cloud.account, 0, time_of(way, cloud.account, 60), cloud.spec_of)
    served = threading.Thread(target=door.serve_forever, args=(0.05,), daemon=True)
    served.start()
    return door, served


def shut(door, served):
    """Close a door; nothing is left of it."""
    ports = [where[1] for where in door.account.names.values()]
    door.shutdown()
    door.server_close()
    served.join()
    for port in ports:
        with pytest.raises(OSError):
            socket.create_connection((HOST, port), timeout=5)


@pytest.fixture
def door():
    """A door with ports behind it, whose time the test moves."""
    door, served = opened()
    yield door
    shut(door, served)


def client(door, service="elasticache"):
    """Return a boto3 client that knows nothing but the address."""
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=door.url, **keys)


def advance(door, seconds):
    """Let time pass, as a teacher does."""
    address = f"{door.url}/_cachesim/advance?seconds={seconds}"
    with urllib.request.urlopen(urllib.request.Request(address, b"")) as answer:
        return json.loads(answer.read())["now"]


def ask(port, line):
    """Send a line to a port; return the answer, empty if nobody is there."""
    try:
        with socket.create_connection((HOST, port), timeout=20) as one:
            one.sendall(line.encode() + b"\r\n")
            return one.recv(65536).decode()
    except OSError:
        return ""


def group_of(door, name="shop"):
    """Return the shards of a group as a client sees them."""
    found = client(door).describe_replication_groups(ReplicationGroupId=name)
    return found["ReplicationGroups"][0]


def ports_of(shard):
    """Return the ports of a shard's members by their ids."""
    return {
        member["CacheClusterId"]: member["ReadEndpoint"]["Port"]
        for member in shard["NodeGroupMembers"]
    }


def test_a_failover_as_a_client_meets_it(door):
    """The primary endpoint writes again, replicas refuse writes, and so does the old node later."""
    seen = client(door)
    seen.create_replication_group(**GROUP)
    assert {} == door.account.names
    advance(door, 1800)
    (shard,) = group_of(door)["NodeGroups"]
    primary, reader = shard["PrimaryEndpoint"]["Port"], shard["ReaderEndpoint"]["Port"]
    nodes = ports_of(shard)

    assert "+OK\r\n" == ask(primary, "SET a 1")
    assert "$1\r\n1\r\n" == ask(reader, "GET a") == ask(nodes["shop-003"], "GET a")
    assert ask(nodes["shop-002"], "SET a 2").startswith("-READONLY")

    seen.test_failover(ReplicationGroupId="shop", NodeGroupId="0001")
    assert "" == ask(nodes["shop-001"], "GET a") == ask(primary, "GET a")
    advance(door, 60)
    assert "+OK\r\n" == ask(primary, "SET b 2") == ask(nodes["shop-002"], "SET c 3")
    advance(door, 1200)
    assert ask(nodes["shop-001"], "SET d 4").startswith("-READONLY")
    assert "$1\r\n2\r\n" == ask(nodes["shop-001"], "GET b")  # it has copied the new primary
    assert "$1\r\n1\r\n" == ask(primary, "GET a")


def test_a_client_may_use_an_old_record_for_five_seconds(door):
    """Until then the primary endpoint leads to the node that is gone."""
    seen = client(door)
    seen.create_replication_group(**GROUP)
    advance(door, 1800)
    port = group_of(door)["NodeGroups"][0]["PrimaryEndpoint"]["Port"]
    seen.test_failover(ReplicationGroupId="shop", NodeGroupId="0001")
    when = door.account.orders.orders[-1]
    advance(door, when.detect + when.promote + 1)
    assert "" == ask(port, "SET a 1")
    advance(door, 5)
    assert "+OK\r\n" == ask(port, "SET a 1")


def test_what_clients_put_is_what_a_snapshot_sees(door):
    """The plane asks the engines that run, and gives them what is loaded."""
    seen = client(door)
    seen.create_replication_group(**GROUP)
    advance(door, 1800)
    group = door.account.desk("elasticache").groups.find("shop")
    (shard,) = group_of(door)["NodeGroups"]
    ask(shard["PrimaryEndpoint"]["Port"], "SET mine 1")
    held = door.account.plane.content(group)
    ask(shard["PrimaryEndpoint"]["Port"], "FLUSHALL")
    ask(shard["PrimaryEndpoint"]["Port"], "SET other 1")
    door.account.plane.put(group, held)

    assert b"mine" in held
    for port in ports_of(shard).values():
        assert ("$1\r\n1\r\n", "$-1\r\n") == (ask(port, "GET mine"), ask(port, "GET other"))


def test_a_cluster_with_slots(door):
    """The configuration endpoint knows all nodes; a replica that takes over has the slots."""
    seen = client(door)
    seen.create_replication_group(
        ReplicationGroupId="big", ReplicationGroupDescription="d", NumNodeGroups=2,
        ReplicasPerNodeGroup=1,
    )  # fmt: skip
    advance(door, 1800)
    port = group_of(door, "big")["ConfigurationEndpoint"]["Port"]
    assert 4 == ask(port, "CLUSTER SLOTS").count(HOST)
    target = int(ask(port, "SET foo 1").split(":")[1])  # slot 12182 is in the second shard
    assert "+OK\r\n" == ask(target, "SET foo 1")
    seen.test_failover(ReplicationGroupId="big", NodeGroupId="0002")
    advance(door, 60)
    other = int(ask(port, "GET foo").split(":")[1])
    assert target != other
    assert "$1\r\n1\r\n" == ask(other, "GET foo")


def test_a_reboot_of_a_single_node(door):
    """It is away for its time and comes back empty, at the same port."""
    seen = client(door)
    seen.create_cache_cluster(CacheClusterId="one", Engine="redis")
    advance(door, 1800)
    found = seen.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"][0]
    port = found["CacheNodes"][0]["Endpoint"]["Port"]
    assert "+OK\r\n" == ask(port, "SET a 1")
    seen.reboot_cache_cluster(CacheClusterId="one", CacheNodeIdsToReboot=["0001"])
    assert "" == ask(port, "GET a")
    advance(door, 600)
    assert "$-1\r\n" == ask(port, "GET a")


def test_auto_discovery(door):
    """Every node of a Memcached tells all of them; the version grows with each change."""
    seen = client(door)
    seen.create_cache_cluster(CacheClusterId="mc", Engine="memcached", NumCacheNodes=2)
    advance(door, 1800)
    found = seen.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"][0]
    ports = [node["Endpoint"]["Port"] for node in found["CacheNodes"]]
    told = {ask(port, "config get cluster") for port in ports}
    told |= {ask(found["ConfigurationEndpoint"]["Port"], "config get cluster")}
    members = " ".join(f"{HOST}|{HOST}|{port}" for port in ports)
    text = f"1\n{members}\n"
    assert {f"CONFIG cluster 0 {len(text)}\r\n{text}\r\nEND\r\n"} == told
    assert text in ask(ports[0], "get AmazonElastiCache:cluster")

    cluster = door.account.desk("elasticache").clusters.find("mc")
    cluster.zones.append("us-east-1c")  # as an operation does that adds a node
    door.account.bill.begin("mc 0003", cluster.node_type, door.account.calendar.now)
    advance(door, 1)
    assert "\n2\n" in "\n" + ask(ports[0], "config get cluster").split("\r\n")[1]
    assert 3 == ask(ports[0], "config get cluster").count(f"{HOST}|{HOST}|")


def test_the_metrics_of_a_served_node(door):
    """What clients do is counted by the minute."""
    seen = client(door)
    seen.create_replication_group(**GROUP)
    advance(door, 1800)
    port = group_of(door)["NodeGroups"][0]["PrimaryEndpoint"]["Port"]
    ask(port, "SET a 1")
    for _ in range(3):
        ask(port, "GET a")
    advance(door, 60)
    advance(door, 60)
    calendar = door.account.calendar
    points = client(door, "cloudwatch").get_metric_statistics(
        Namespace="AWS/ElastiCache", MetricName="CacheHits", Period=60, Statistics=["Sum"],
        Dimensions=[{"Name": "CacheClusterId", "Value": "shop-001"}],
        StartTime=calendar.start, EndTime=calendar.date,
    )["Datapoints"]  # fmt: skip
    assert 3 == sum(point["Sum"] for point in points)


def test_a_deleted_group_has_no_ports(door):
    """Its ports are closed when it is gone."""
    seen = client(door)
    seen.create_replication_group(**GROUP)
    advance(door, 1800)
    nodes = ports_of(group_of(door)["NodeGroups"][0])
    seen.delete_replication_group(ReplicationGroupId="shop")
    advance(door, 1800)
    assert {} == door.account.names
    assert [""] * 3 == [ask(port, "PING") for port in nodes.values()]


def test_a_poll_costs_fifteen_seconds():
    """While the group is made; then it costs nothing. A waiter without a delay ends at once."""
    door, served = opened("poll")
    try:
        seen = client(door)
        seen.create_replication_group(**GROUP)
        waiter = seen.get_waiter("replication_group_available")
        waiter.wait(ReplicationGroupId="shop", WaiterConfig={"Delay": 0, "MaxAttempts": 60})
        after = door.account.calendar.now
        seen.describe_replication_groups()
        assert 0 < after == door.account.calendar.now
        assert 0 == after % 15
    finally:
        shut(door, served)


def test_frozen_time_refuses_nonsense(door):
    """One sentence, and no time passes."""
    for body in (b"", b"{}", b'{"seconds": -1}', b'{"seconds": "soon"}', b"[1]"):
        request = urllib.request.Request(f"{door.url}/_cachesim/advance", body)
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(request)
    assert 0 == door.account.calendar.now


def test_paced_time_goes_on_after_an_advance():
    """What was advanced is not taken back."""
    account, wall = Cloud(seed=1).account, iter([0.0, 1.0, 2.0])
    paced = PacedTime(account, pace=60, wall=wall.__next__)
    paced.catch_up()
    paced.advance(600)
    paced.catch_up()
    assert 720.0 == account.calendar.now


def test_messages_reach_an_address_on_this_machine(door):
    """It is asked to confirm, and hears what is published afterwards."""
    heard, came = [], threading.Semaphore(0)

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            came.release()

        def log_message(self, *_):
            """Say nothing."""

    hook = http.server.HTTPServer((HOST, 0), Hook)
    served = threading.Thread(target=hook.serve_forever, args=(0.05,), daemon=True)
    served.start()
    sns = client(door, "sns")
    topic = sns.create_topic(Name="ops")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=f"http://{HOST}:{hook.server_address[1]}/"
    )
    assert came.acquire(timeout=60)
    with urllib.request.urlopen(heard[0]["SubscribeURL"]) as answer:
        assert b"ConfirmSubscriptionResult" in answer.read()
    sns.publish(TopicArn=topic, Message="now")
    assert came.acquire(timeout=60)
    hook.shutdown()
    hook.server_close()
    served.join()

    assert ["SubscriptionConfirmation", "Notification"] == [each["Type"] for each in heard]
    assert "now" == heard[1]["Message"]
