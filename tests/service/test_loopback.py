"""The managed service behind a port: an unmodified boto3 over HTTP, and requests that nobody should send."""

import http.client
import json
import threading

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

from cachesim.experiments.cloud import Cloud  # noqa: E402
from cachesim.service.wire.loopback import Door  # noqa: E402
from cachesim.service.wire.times import FrozenTime, PacedTime  # noqa: E402
from tests.service.conftest import GROUP  # noqa: E402


@pytest.fixture
def door():
    """An open door whose time stands still: the test moves it."""
    account = Cloud(seed=1).account
    opened = Door(account, 0, FrozenTime(account))
    served = threading.Thread(target=opened.serve_forever, daemon=True)
    served.start()
    yield opened
    opened.shutdown()
    opened.server_close()
    served.join()


def client(door, service):
    """Return a boto3 client that knows nothing but the address."""
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=door.url, **keys)


def test_a_client_elsewhere(door):
    """It creates, is told that it must wait, and finds the group when time has passed."""
    seen = client(door, "elasticache")
    assert "creating" == seen.create_replication_group(**GROUP)["ReplicationGroup"]["Status"]
    with pytest.raises(seen.exceptions.InvalidReplicationGroupStateFault):
        seen.test_failover(ReplicationGroupId="shop", NodeGroupId="0001")

    door.account.calendar.advance(1800)
    found = seen.describe_replication_groups()["ReplicationGroups"][0]

    assert "available" == found["Status"]
    metrics = client(door, "cloudwatch").list_metrics()["Metrics"]
    named = {m["Dimensions"][0]["Value"] for m in metrics}
    assert {"shop", "shop-001", "shop-002", "shop-003"} == named


@pytest.mark.parametrize(
    ("path", "headers", "body", "code"),
    [
        ("/", {}, b"Action=Nonsense&Version=2015-02-02", "InvalidAction"),
        ("/", {}, b"\xff\x00\xfe", "InvalidAction"),
        ("/", {"X-Amz-Target": "Nobody.List"}, b"{}", "UnknownOperationException"),
        (
            "/",
            {"X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics"},
            b"{no json",
            "SerializationException",
        ),
        ("/service/Nobody/operation/List", {}, b"", "UnknownOperationException"),
        (
            "/",
            {},
            b"Action=DescribeEvents&Version=2015-02-02&MaxRecords=many",
            "InvalidParameterValue",
        ),
        ("/", {}, b"Action=CreateReplicationGroup&Version=2015-02-02", "InvalidParameterValue"),
    ],
)
def test_a_bad_request_is_refused(door, path, headers, body, code):
    """With a code and a sentence, and the door stays open."""
    connection = http.client.HTTPConnection(*door.server_address)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    told = answer.read().decode()
    connection.close()

    assert 400 == answer.status
    assert code in told
    assert [] == client(door, "elasticache").describe_events()["Events"]


def test_paced_time_never_runs_back():
    """A waiter in the same process may be ahead of the wall."""
    account, wall = Cloud(seed=1).account, iter([10.0, 11.0, 12.0])
    paced = PacedTime(account, pace=60, wall=wall.__next__)
    account.calendar.advance(100.0)
    paced.catch_up()
    assert 100.0 == account.calendar.now
    paced.catch_up()
    assert 120.0 == account.calendar.now


def test_three_protocols_give_the_same_numbers(door):
    """JSON, as older clients of CloudWatch send it, and CBOR, as boto3 does."""
    seen = client(door, "cloudwatch")
    seen.put_metric_data(Namespace="mine", MetricData=[{"MetricName": "m", "Value": 5.0}])
    form = b"Action=ListMetrics&Version=2010-08-01"
    by_json = {"X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics"}
    connection = http.client.HTTPConnection(*door.server_address)
    connection.request("POST", "/", b"{}", by_json)
    (metric,) = json.loads(connection.getresponse().read())["Metrics"]
    connection.request("POST", "/", form)
    text = connection.getresponse().read().decode()
    connection.close()

    assert "m" == metric["MetricName"] == seen.list_metrics()["Metrics"][0]["MetricName"]
    assert "<MetricName>m</MetricName>" in text
