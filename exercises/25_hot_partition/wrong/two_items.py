# score: 20
# Two partitions at most.
def key(candidate, number):
    return {"id": {"S": f"{candidate}#{number}"}, "part": {"N": "0"}}


def vote(candidate, voter):
    more = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    return ["UpdateItem", {"TableName": "votes", "Key": key(candidate, voter % 2), **more}]


def count(candidate, replies):
    if not replies:
        asked = {"Keys": [key(candidate, 0), key(candidate, 1)], "ConsistentRead": True}
        return ["BatchGetItem", {"RequestItems": {"votes": asked}}]
    return sum(int(item["n"]["N"]) for item in replies[0]["Responses"]["votes"])
