# score: 90
# A transaction takes two units for each item.
def key(candidate, number):
    return {"id": {"S": f"{candidate}#{number}"}, "part": {"N": "0"}}


def vote(candidate, voter):
    more = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    own = {"TableName": "votes", "Key": key(candidate, voter % 100), **more}
    return ["TransactWriteItems", {"TransactItems": [{"Update": own}]}]


def count(candidate, replies):
    if not replies:
        keys = [key(candidate, number) for number in range(100)]
        asked = {"Keys": keys, "ConsistentRead": True}
        return ["BatchGetItem", {"RequestItems": {"votes": asked}}]
    return sum(int(item["n"]["N"]) for item in replies[0]["Responses"]["votes"])
