# score: 0
# SET takes the place of the number that was there.
def key(candidate, number):
    return {"id": {"S": f"{candidate}#{number}"}, "part": {"N": "0"}}


def vote(candidate, voter):
    more = {"UpdateExpression": "SET n = :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    return ["UpdateItem", {"TableName": "votes", "Key": key(candidate, voter % 10), **more}]


def count(candidate, replies):
    if not replies:
        keys = [key(candidate, number) for number in range(10)]
        asked = {"Keys": keys, "ConsistentRead": True}
        return ["BatchGetItem", {"RequestItems": {"votes": asked}}]
    return sum(int(item["n"]["N"]) for item in replies[0]["Responses"]["votes"])
