# score: 20
# One item lies on one partition.
def vote(candidate, voter):
    key = {"id": {"S": candidate}, "part": {"N": "0"}}
    more = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    return ["UpdateItem", {"TableName": "votes", "Key": key, **more}]


def count(candidate, replies):
    if not replies:
        key = {"id": {"S": candidate}, "part": {"N": "0"}}
        return ["GetItem", {"TableName": "votes", "Key": key, "ConsistentRead": True}]
    return int(replies[0].get("Item", {"n": {"N": "0"}})["n"]["N"])
