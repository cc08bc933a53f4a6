"""What Amazon's own client sees of a node of DAX: run in an environment that has it, with the address as argument."""

import json
import sys

import boto3

KEY = {"id": {"S": "a"}, "n": {"N": "7"}}
ITEM = {
    **KEY,
    "v": {"N": "-12.50"},
    "b": {"B": b"\0\1"},
    "l": {"L": [{"S": "x"}, {"BOOL": True}, {"M": {"k": {"NULL": True}}}]},
    "ss": {"SS": ["p", "q"]},
    "ns": {"NS": ["1", "2.5"]},
}
ABOUT = {
    "KeyConditionExpression": "id = :a AND n > :n",
    "ExpressionAttributeValues": {":a": {"S": "a"}, ":n": {"N": "-100"}},
}


def code(call, **request):
    """Make a call that is refused; return the code."""
    try:
        call(**{"TableName": "shop", **request})
    except Exception as error:
        return error.response["Error"]["Code"]
    return "none"


def main(url, direct):
    """Print what was seen, as JSON."""
    from amazondax import AmazonDaxClient  # only the other environment has it

    session = boto3.Session("any", "any", region_name="us-east-1")
    dax = AmazonDaxClient(session, endpoint_url=url, region_name="us-east-1")
    table = session.client("dynamodb", endpoint_url=direct)
    seen = {}
    dax.put_item(TableName="shop", Item=ITEM)
    found = dax.get_item(TableName="shop", Key=KEY)["Item"]
    seen["same"] = {**found, "ss": {"SS": sorted(found["ss"]["SS"])}, "v": found["v"]} == {
        **ITEM,
        "v": found["v"],
        "ns": found["ns"],
    }
    seen["number"] = float(found["v"]["N"])
    seen["projected"] = dax.get_item(TableName="shop", Key=KEY, ProjectionExpression="v, l[2].k, #b",
                                     ExpressionAttributeNames={"#b": "b"})["Item"].get("l")  # fmt: skip
    seen["first query"] = dax.query(TableName="shop", **ABOUT)["Count"]
    for number in ("-3.25", "120", "0"):
        dax.put_item(TableName="shop", Item={"id": {"S": "a"}, "n": {"N": number}})
    seen["same query"] = dax.query(TableName="shop", **ABOUT)["Count"]
    seen["strong query"] = [
        float(item["n"]["N"])
        for item in dax.query(TableName="shop", ConsistentRead=True, **ABOUT)["Items"]
    ]
    page = dax.query(TableName="shop", Limit=3, ConsistentRead=True, **ABOUT)["LastEvaluatedKey"]
    seen["last key"] = float(page["n"]["N"])
    seen["rest"] = dax.query(
        TableName="shop", ExclusiveStartKey=page, ConsistentRead=True, **ABOUT
    )["Count"]
    changed = dax.update_item(
        TableName="shop", Key=KEY, ReturnValues="ALL_NEW",
        UpdateExpression="SET v = v + :one, l[0] = if_not_exists(nope, :x) REMOVE b ADD ns :set",
        ConditionExpression="attribute_exists(id) AND (v < :one OR NOT contains(ss, :x))",
        ExpressionAttributeValues={":one": {"N": "1"}, ":x": {"S": "new"}, ":set": {"NS": ["9"]}},
    )["Attributes"]  # fmt: skip
    seen["updated"] = [
        float(changed["v"]["N"]),
        changed["l"]["L"][0]["S"],
        "b" in changed,
        len(changed["ns"]["NS"]),
    ]
    new = dax.update_item(TableName="shop", Key=KEY, ReturnValues="UPDATED_NEW", UpdateExpression="SET w = :w",
                          ExpressionAttributeValues={":w": {"S": "w"}})["Attributes"]  # fmt: skip
    seen["new"] = new
    seen["refused"] = code(dax.put_item, Item=KEY, ConditionExpression="attribute_not_exists(id)")
    table.put_item(TableName="shop", Item={**KEY, "v": {"N": "99"}})
    seen["around"] = dax.get_item(TableName="shop", Key=KEY)["Item"]["v"]["N"]
    seen["strong"] = dax.get_item(TableName="shop", Key=KEY, ConsistentRead=True)["Item"]["v"]["N"]
    absent = {"id": {"S": "a"}, "n": {"N": "5"}}
    seen["absent"] = "Item" in dax.get_item(TableName="shop", Key=absent)
    batch = dax.batch_get_item(
        RequestItems={"shop": {"Keys": [KEY, absent, {"id": {"S": "a"}, "n": {"N": "120"}}]}}
    )
    seen["batch"] = sorted(float(item["n"]["N"]) for item in batch["Responses"]["shop"])
    dax.delete_item(TableName="shop", Key=KEY)
    seen["deleted"] = "Item" in dax.get_item(TableName="shop", Key=KEY)
    seen["no table"] = code(dax.get_item, TableName="none", Key=KEY)
    seen["scan"] = code(dax.scan)
    dax.close()
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
