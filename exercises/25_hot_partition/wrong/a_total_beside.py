# score: 20
# The total is the hot item again, and a transaction takes twice the units.
def action(id):
    key = {"id": {"S": id}, "part": {"N": "0"}}
    more = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    return {"Update": {"TableName": "votes", "Key": key, **more}}


def vote(candidate, voter):
    both = [action(f"{candidate}#{voter % 50}"), action(candidate)]
    return ["TransactWriteItems", {"TransactItems": both}]


def count(candidate, replies):
    if not replies:
        key = {"id": {"S": candidate}, "part": {"N": "0"}}
        return ["GetItem", {"TableName": "votes", "Key": key, "ConsistentRead": True}]
    return int(replies[0].get("Item", {"n": {"N": "0"}})["n"]["N"])
