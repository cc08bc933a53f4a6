"""Partitions of a DynamoDB table: which one has the units of a request."""

import pytest

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from cachesim.storage.dynamo.capacity import place_of
from tests.service.test_dynamodb import table


@pytest.fixture
def desk():
    """A desk with a table of four partitions, at which no call takes time."""
    return table(Cloud(seed=1, timings="instant"), read=9000, write=1)


@pytest.mark.parametrize("first", "ade")
def test_a_query_that_finds_nothing_asks_the_partition_of_its_key(desk, first):
    """Each of these lies on another one."""
    places = desk.tables.find("shop").capacity["read"].places
    before = [bucket.left for bucket in places]
    desk.Query({
        "TableName": "shop", "KeyConditionExpression": "id = :id", "ConsistentRead": True,
        "ExpressionAttributeValues": {":id": {"S": first}},
    })  # fmt: skip

    asked = [number for number, bucket in enumerate(places) if bucket.left < before[number]]
    assert [place_of(f"S{first}".encode(), 4)] == asked


def test_a_hot_key_is_refused_and_another_is_not(desk):
    """The table has 9000 units for this second, and the partition 3000."""
    keys = {first: {"id": {"S": first}, "n": {"N": "1"}} for first in "ad"}

    def taken(first):
        try:
            desk.GetItem({"TableName": "shop", "Key": keys[first], "ConsistentRead": True})
        except ServiceFault:
            return 0
        return 1

    assert 3000 == sum(taken("a") for _ in range(3500))
    assert 1 == taken("d")
