# score: 80
# Some copies do not have the last votes yet.
def key(candidate, number):
    return {"id": {"S": f"{candidate}#{number}"}, "part": {"N": "0"}}


def vote(candidate, voter):
    more = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    return ["UpdateItem", {"TableName": "votes", "Key": key(candidate, voter % 50), **more}]


def count(candidate, replies):
    if not replies:
        keys = [key(candidate, number) for number in range(50)]
        return ["BatchGetItem", {"RequestItems": {"votes": {"Keys": keys}}}]
    return sum(int(item["n"]["N"]) for item in replies[0]["Responses"]["votes"])
