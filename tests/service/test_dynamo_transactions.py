"""Transactions of DynamoDB: all or nothing, a token, and what a refusal shows."""

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from tests.service.test_dynamodb import KEY, get, put, refused, table


def test_a_transaction_does_all_or_nothing(cloud):
    desk = table(cloud)
    put(desk)
    put_two = {"Put": {"TableName": "shop", "Item": {"id": {"S": "a"}, "n": {"N": "2"}}}}
    absent = {"TableName": "shop", "Key": KEY, "ConditionExpression": "attribute_not_exists(id)"}
    actions = [put_two, {"ConditionCheck": absent}]

    why = refused(
        "TransactionCanceledException", desk.TransactWriteItems, {"TransactItems": actions}
    )
    assert "[None, ConditionalCheckFailed]" in why
    assert {} == get(desk, 2)
    done = desk.TransactWriteItems({"TransactItems": [put_two], "ReturnConsumedCapacity": "TOTAL"})
    assert 2 == done["ConsumedCapacity"][0]["CapacityUnits"]
    read = {"Get": {"TableName": "shop", "Key": {"id": {"S": "a"}, "n": {"N": "2"}}}}
    assert "Item" in desk.TransactGetItems({"TransactItems": [read]})["Responses"][0]


def test_a_token_is_good_for_one_transaction(cloud):
    """With it the same transaction is done once within ten minutes; another one is refused."""
    desk = table(cloud)
    put(desk, v={"S": "." * 3072}, pending={"N": "5"})
    add = {"TableName": "shop", "Key": KEY, "UpdateExpression": "SET c = pending REMOVE pending"}
    request = {"TransactItems": [{"Update": add}], "ClientRequestToken": "t"}
    cost = {"ReturnConsumedCapacity": "TOTAL"}

    spent = [desk.TransactWriteItems({**request, **cost})["ConsumedCapacity"] for _ in range(2)]
    assert [8, 2] == [
        each[0]["CapacityUnits"] for each in spent
    ]  # 3 KB and more: written, then read
    assert {"N": "5"} == get(desk)["Item"][
        "c"
    ]  # a second time there would be nothing to take it from
    other = {"TransactItems": [{"Delete": {"TableName": "shop", "Key": KEY}}]}
    refused("IdempotentParameterMismatchException", desk.TransactWriteItems, {**request, **other})
    put(desk, pending={"N": "7"})
    cloud.advance(minutes=10)
    desk.TransactWriteItems(request)
    assert {"N": "7"} == get(desk)["Item"]["c"]


def test_a_refusal_shows_the_item_if_it_is_asked_to(cloud):
    """boto3 has it in the error's response; a transaction has a reason for each action."""
    put(table(cloud), v={"B": b"old"})
    client = cloud.client("dynamodb")
    once = {"TableName": "shop", "Item": KEY, "ConditionExpression": "attribute_not_exists(id)"}
    shown = once | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}

    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as plain:
        client.put_item(**once)
    assert "Item" not in plain.value.response
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as told:
        client.put_item(**shown)
    assert b"old" == told.value.response["Item"]["v"]["B"]
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        client.transact_write_items(TransactItems=[{"Put": shown}])
    (reason,) = cancelled.value.response["CancellationReasons"]
    assert ("ConditionalCheckFailed", b"old") == (reason["Code"], reason["Item"]["v"]["B"])
