"""400 random calls of an unmodified boto3, beside what moto answered to them; and what retries cost."""

import json

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from cachesim.storage.dynamo.values import item_size
from tests.service.dynamo_calls import ANSWERS, TABLE, calls, outcome

# moto fails where DynamoDB says no: the size of an attribute that is absent
FAULT = "size(l)"


def test_boto3_gets_what_moto_answers():
    cloud = Cloud(seed=1)
    client = cloud.client("dynamodb")
    client.create_table(**TABLE)
    client.get_waiter("table_exists").wait(TableName="shop")
    theirs = json.loads(ANSWERS.read_text())
    ours = [outcome(client, *call) for call in calls(1, len(theirs))]

    different = [
        (call, own, other)
        for call, own, other in zip(calls(1, len(theirs)), ours, theirs, strict=True)
        if own != other and not (FAULT in str(call) and other in (None, "ValidationException"))
    ]
    assert [] == different
    assert 250 < sum(not isinstance(each, str) for each in theirs if each is not None)


def test_a_throttled_client_waits_in_simulated_time():
    """A stock client tries four times; its pauses pass in the account's time, and the seed decides them."""
    ends = []
    for _ in range(2):
        cloud = Cloud(seed=2)
        client = cloud.client("dynamodb")
        rates = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
        client.create_table(**{**TABLE, "BillingMode": "PROVISIONED"}, ProvisionedThroughput=rates)
        client.get_waiter("table_exists").wait(TableName="shop")
        item = {"id": {"S": "a"}, "n": {"N": "1"}, "v": {"S": "." * 200_000}}
        begin = cloud.account.calendar.now
        with pytest.raises(client.exceptions.ProvisionedThroughputExceededException) as failed:
            client.put_item(TableName="shop", Item=item)
        assert 3 == failed.value.response["ResponseMetadata"]["RetryAttempts"]
        ends.append(cloud.account.calendar.now - begin)

    assert 0 < ends[0] <= 1 + 2 + 4
    assert ends[0] == ends[1]


def played(seed, count):
    """Play random calls at the desk; return it."""
    desk = (cloud := Cloud(seed=1)).desk("dynamodb")
    shapes = set()
    desk.CreateTable(TABLE)
    cloud.advance(minutes=1)
    for operation, request in calls(seed, count):
        try:
            getattr(desk, "".join(map(str.title, operation.split("_"))))(request)
        except ServiceFault as fault:
            shapes.add(fault.shape)
    assert shapes == {"ValidationException", "ConditionalCheckFailedException"}
    return desk


@pytest.mark.parametrize("seed", range(3))
def test_the_counts_of_a_table_are_those_of_its_items(seed):
    table = played(seed, 300).tables.find("shop")
    items = [item for _, item in table.items.all()]

    assert (len(items), sum(map(item_size, items))) == (table.items.count, table.items.size)
