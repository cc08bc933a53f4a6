"""Random calls of DynamoDB, the same for every oracle, and the part of an answer that is compared.

`python tests/service/dynamo_calls.py`, where moto is installed, writes dynamo_moto.json from its answers.
"""

import json
import random
from pathlib import Path

ANSWERS = Path(__file__).with_name("dynamo_moto.json")
TABLE = {
    "TableName": "shop",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "n", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "n", "AttributeType": "N"},
    ],
}
CONDITIONS = [
    "attribute_exists(id)",
    "attribute_not_exists(a)",
    "a > :two",
    "NOT a BETWEEN :two AND :nine",
    "tag IN (:x, :y) OR a = :two",
    "contains(l, :x)",
    "contains(tags, :x) AND attribute_type(a, :type)",
    "size(l) >= :two",
    "begins_with(tag, :x)",
    "(m.k < :nine AND m.k <> :two) OR attribute_exists(l[1])",
]
UPDATES = [
    "SET a = :two, tag = :x",
    "SET a = a + :two",
    "SET a = if_not_exists(a, :two) - :nine",
    "SET l = list_append(if_not_exists(l, :list), :list)",
    "SET m.k = :nine",
    "SET l[0] = :y, l[7] = :y",
    "REMOVE a, l[0]",
    "ADD a :two, tags :set",
    "DELETE tags :set",
    "SET m = :map REMOVE tag ADD a :nine",
]
RANGES = ["", " AND n = :two", " AND n > :two", " AND n <= :nine", " AND n BETWEEN :two AND :nine"]
GIVEN = {
    ":two": {"N": "2"},
    ":nine": {"N": "9.50"},
    ":x": {"S": "x"},
    ":y": {"S": "y"},
    ":type": {"S": "N"},
    ":list": {"L": [{"S": "x"}, {"N": "1"}]},
    ":map": {"M": {"k": {"N": "3"}}},
    ":set": {"SS": ["x", "z"]},
    ":id": {"S": "p"},
}


def calls(seed, count):
    """Yield (operation, request) of boto3's client."""
    draw = random.Random(seed)
    for _ in range(count):
        key = {"id": {"S": draw.choice("pq")}, "n": {"N": str(draw.randrange(12))}}
        name = draw.choice(
            ["put_item"] * 2 + ["update_item"] * 3 + ["get_item", "delete_item", "query", "scan"]
        )
        yield name, {"TableName": "shop", **MADE[name](draw, key)}


def _put(draw, key):
    extra = {
        "a": {"N": str(draw.randrange(12))},
        "tag": {"S": draw.choice(["x", "y", "xy"])},
        "l": {"L": [{"S": draw.choice("xyz")} for _ in range(draw.randrange(4))]},
        "m": {"M": {"k": {"N": str(draw.randrange(12))}}},
        "tags": {"SS": draw.choice([["x"], ["y", "z"], ["x", "y", "z"]])},
    }
    chosen = {each: value for each, value in extra.items() if draw.random() < 0.7}
    return {"Item": {**key, **chosen}, **_condition(draw), "ReturnValues": "ALL_OLD"}


def _condition(draw):
    if draw.random() < 0.5:
        return {}
    return with_values({"ConditionExpression": draw.choice(CONDITIONS)})


def _update(draw, key):
    found = {"Key": key, "UpdateExpression": draw.choice(UPDATES)}
    found["ReturnValues"] = draw.choice(["ALL_NEW", "ALL_OLD"])
    return with_values({**found, **_condition(draw)})


def _query(draw, key):
    found = {"KeyConditionExpression": "id = :id" + draw.choice(RANGES)}
    found |= {"ScanIndexForward": draw.random() < 0.5, "ConsistentRead": True}
    return with_values({**found, **_filter(draw)})


def _filter(draw):
    found = {"FilterExpression": draw.choice(CONDITIONS[2:])} if draw.random() < 0.6 else {}
    return found | ({"ProjectionExpression": "id, n, l[0], m.k"} if draw.random() < 0.4 else {})


MADE = {
    "put_item": _put,
    "update_item": _update,
    "get_item": lambda draw, key: {"Key": key, "ConsistentRead": True},
    "delete_item": lambda draw, key: {"Key": key, **_condition(draw), "ReturnValues": "ALL_OLD"},
    "query": _query,
    "scan": lambda draw, key: with_values({"ConsistentRead": True, **_filter(draw)}),
}


def with_values(request):
    """Return a request with the values that its expressions name."""
    text = " ".join(value for name, value in request.items() if name.endswith("Expression"))
    words = set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())
    values = {name: value for name, value in GIVEN.items() if name in words}
    return {**request, **({"ExpressionAttributeValues": values} if values else {})}


def outcome(client, operation, request):
    """Make a call, and return what is compared: items without the order of sets, or the code of an error."""
    try:
        answer = getattr(client, operation)(**request)
    except client.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    except ValueError:  # moto itself cannot read a place that an item has not
        return None
    items = answer.get("Items") or [answer.get("Item") or answer.get("Attributes") or {}]
    items = [plain(item) for item in items]
    return sorted(items, key=json.dumps) if operation == "scan" else items


def plain(value):
    """Return a value as JSON has it, with numbers in one form and sets in order."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: plain(each) for name, each in sorted(value.items())}
    if found.keys() == {"N"}:
        return {"N": f"{float(found['N']):g}"}
    return {"SS": sorted(found["SS"])} if found.keys() == {"SS"} else found


if __name__ == "__main__":
    import boto3
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**TABLE)
        found = [outcome(client, *each) for each in calls(1, 400)]
    ANSWERS.write_text("\n".join(["[", ",\n".join(map(json.dumps, found)), "]"]) + "\n")
