# score: 20
# Only the partition key is hashed.
def vote(candidate, voter):
    key = {"id": {"S": candidate}, "part": {"N": f"{voter % 50}"}}
    more = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    return ["UpdateItem", {"TableName": "votes", "Key": key, **more}]


def count(candidate, replies):
    if not replies:
        request = {
            "TableName": "votes",
            "KeyConditionExpression": "id = :id",
            "ExpressionAttributeValues": {":id": {"S": candidate}},
            "ConsistentRead": True,
        }
        return ["Query", request]
    return sum(int(item["n"]["N"]) for item in replies[0]["Items"])
