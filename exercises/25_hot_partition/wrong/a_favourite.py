# score: 80
# Three of seven votes go to one of the items.
def key(candidate, number):
    return {"id": {"S": f"{candidate}#{number}"}, "part": {"N": "0"}}


def vote(candidate, voter):
    number = 0 if voter // 10 % 7 < 3 else voter % 99
    more = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    return ["UpdateItem", {"TableName": "votes", "Key": key(candidate, number), **more}]


def count(candidate, replies):
    if not replies:
        keys = [key(candidate, number) for number in range(99)]
        asked = {"Keys": keys, "ConsistentRead": True}
        return ["BatchGetItem", {"RequestItems": {"votes": asked}}]
    return sum(int(item["n"]["N"]) for item in replies[0]["Responses"]["votes"])
