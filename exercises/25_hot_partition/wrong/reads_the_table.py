# score: 90
# A scan pays for what its filter leaves out.
def vote(candidate, voter):
    key = {"id": {"S": f"{candidate}#{voter % 200}"}, "part": {"N": "0"}}
    more = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    return ["UpdateItem", {"TableName": "votes", "Key": key, **more}]


def count(candidate, replies):
    if replies and "LastEvaluatedKey" not in replies[-1]:
        return sum(int(item["n"]["N"]) for reply in replies for item in reply["Items"])
    start = {"ExclusiveStartKey": replies[-1]["LastEvaluatedKey"]} if replies else {}
    request = {
        "TableName": "votes",
        "FilterExpression": "begins_with(id, :id)",
        "ExpressionAttributeValues": {":id": {"S": f"{candidate}#"}},
        "ConsistentRead": True,
    }
    return ["Scan", {**request, **start}]
