"""The desk of DynamoDB: what is refused, what it costs, and a table as it was."""

from datetime import timedelta

import pytest

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from tests.service.dynamo_calls import TABLE

KEY = {"id": {"S": "a"}, "n": {"N": "1"}}
DAY = 24 * 60  # minutes


def table(cloud, name="shop", **units):
    """Make a table, on demand or with units, and wait until it is active."""
    desk = cloud.desk("dynamodb")
    made = {**TABLE, "TableName": name}
    if units:
        rates = {"ReadCapacityUnits": units["read"], "WriteCapacityUnits": units["write"]}
        made |= {"BillingMode": "PROVISIONED", "ProvisionedThroughput": rates}
    desk.CreateTable(made)
    cloud.advance(minutes=1)
    return desk


def put(desk, n=1, name="shop", **more):
    return desk.PutItem({"TableName": name, "Item": {"id": {"S": "a"}, "n": {"N": str(n)}, **more}})


def get(desk, n=1, strong=True, **more):
    key = {"id": {"S": "a"}, "n": {"N": str(n)}}
    return desk.GetItem({"TableName": "shop", "Key": key, "ConsistentRead": strong, **more})


def refused(shape, call, request):
    with pytest.raises(ServiceFault) as fault:
        call(request)
    assert shape == fault.value.shape
    return str(fault.value)


def test_a_table_is_used_when_it_is_active(cloud):
    desk = cloud.desk("dynamodb")
    assert "CREATING" == desk.CreateTable(TABLE)["TableDescription"]["TableStatus"]
    item = {"TableName": "shop", "Item": KEY}

    refused("ResourceNotFoundException", desk.PutItem, item)
    refused("ResourceInUseException", desk.CreateTable, TABLE)
    cloud.advance(minutes=1)
    desk.PutItem(item)

    shown = desk.DescribeTable({"TableName": "shop"})["Table"]
    assert ("ACTIVE", 1, 6) == (shown["TableStatus"], shown["ItemCount"], shown["TableSizeBytes"])
    desk.DeleteTable({"TableName": "shop"})
    cloud.advance(minutes=1)
    assert [] == desk.ListTables({})["TableNames"]


@pytest.mark.parametrize(
    ("operation", "request_", "why"),
    [
        ("GetItem", {"Key": {"id": {"S": "a"}}}, "does not match the schema"),
        ("GetItem", {"Key": {"id": {"N": "1"}, "n": {"N": "1"}}}, "does not match the schema"),
        ("PutItem", {"Item": {"id": {"S": "a"}}}, "Missing the key n"),
        ("PutItem", {"Item": {"id": {"S": ""}, "n": {"N": "1"}}}, "empty string value. Key: id"),
        ("PutItem", {"Item": {**KEY, "b": {"B": b"." * 409_600}}}, "exceeded the maximum"),
        ("UpdateItem", {"Key": KEY, "UpdateExpression": "REMOVE n"}, "part of the key"),
        ("GetItem", {"Key": KEY, "ExpressionAttributeNames": {"#a": "a"}}, "unused in expressions"),
        ("Query", {"KeyConditionExpression": "n = :n"}, "missed key schema element: id"),
        ("Query", {"KeyConditionExpression": "id = :n OR n = :n"}, "operator used"),
        ("Query", {"KeyConditionExpression": "id > :n"}, "not supported"),
    ],
)
def test_bad_requests_are_refused(cloud, operation, request_, why):
    desk = table(cloud)
    if "KeyConditionExpression" in request_:
        request_ = {**request_, "ExpressionAttributeValues": {":n": {"N": "1"}}}

    assert why in refused(
        "ValidationException", getattr(desk, operation), {"TableName": "shop", **request_}
    )


def test_what_is_not_simulated_says_so(cloud):
    index = {"TableName": "shop", "IndexName": "by-n", "KeyConditionExpression": "n = :n"}
    desk, old = table(cloud), {"Keys": [KEY], "AttributesToGet": ["id"]}
    assert "IndexName" in refused("NotImplemented", desk.Query, index)
    batch = {"RequestItems": {"shop": old}}
    assert "AttributesToGet" in refused("NotImplemented", desk.BatchGetItem, batch)


def test_burst_then_the_rate(cloud):
    """Check 29: 10 read units serve 300 s of what was saved, and then 10 each second."""
    desk = table(cloud, read=10, write=10)
    cloud.advance(minutes=10)
    served = sum(_answers(desk) for _ in range(4000))
    alone = 3000 + 10 * 4000 * 0.005  # a call takes 5 ms

    assert alone == pytest.approx(served, abs=2)
    cloud.advance(minutes=1)
    assert 600 + 800 * 0.05 == pytest.approx(sum(_answers(desk) for _ in range(800)), abs=2)
    shown = desk.tables.find("shop").capacity["read"]
    assert 4800 - shown.used == shown.throttled


def _answers(desk):
    try:
        return bool(get(desk) or 1)
    except ServiceFault as fault:
        return fault.shape != "ProvisionedThroughputExceededException"


def test_a_condition_that_fails_changes_nothing_and_costs(cloud):
    desk = table(cloud)
    put(desk, v={"S": "old"})
    once = {"TableName": "shop", "Item": KEY, "ConditionExpression": "attribute_not_exists(id)"}

    refused("ConditionalCheckFailedException", desk.PutItem, once)

    assert {"S": "old"} == get(desk)["Item"]["v"]
    assert 2 == desk.tables.find("shop").capacity["write"].used


def test_eventual_reads_cost_half_and_may_be_stale():
    """Right after each write, two of three copies are behind by 2 ms in the mean, and a call takes 5 ms."""
    desk, stale = table(Cloud(seed=3)), 0
    for n in range(1000):
        put(desk, v={"N": str(n)})
        seen = get(desk, strong=False, ReturnConsumedCapacity="TOTAL")
        assert 0.5 == seen["ConsumedCapacity"]["CapacityUnits"]
        stale += seen.get("Item", {}).get("v") != {"N": str(n)}
        assert {"N": str(n)} == get(desk)["Item"]["v"]

    assert 1000 * 2 / 3 * 2.718 ** (-5 / 2) == pytest.approx(stale, abs=22)  # three sigma


def test_a_query_sums_sizes_before_it_rounds(cloud):
    """Ten items of 1 kB are 10 kB: 3 units, not 10."""
    desk = table(cloud)
    for n in range(10):
        put(desk, n, v={"S": "." * 1000})
    found = desk.Query({
        "TableName": "shop", "KeyConditionExpression": "id = :a", "ConsistentRead": True,
        "ExpressionAttributeValues": {":a": {"S": "a"}}, "ReturnConsumedCapacity": "TOTAL",
    })  # fmt: skip

    assert (10, 3) == (found["Count"], found["ConsumedCapacity"]["CapacityUnits"])


def test_pages_give_every_item_once(cloud):
    desk, seen, start = table(cloud), [], {}
    for n in range(25):
        desk.PutItem({"TableName": "shop", "Item": {"id": {"S": f"p{n % 4}"}, "n": {"N": str(n)}}})
    for _ in range(9):
        page = desk.Scan({"TableName": "shop", "Limit": 7, "ConsistentRead": True, **start})
        seen += [item["n"]["N"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    assert sorted(map(str, range(25))) == sorted(seen)


def test_batches_give_back_what_was_throttled(cloud):
    desk = table(cloud, read=10, write=10)
    asked = [{"PutRequest": {"Item": {"id": {"S": "a"}, "n": {"N": str(n)}, "v": {"S": "." * 60_000}}}}
             for n in range(25)]  # fmt: skip
    left = desk.BatchWriteItem({"RequestItems": {"shop": asked}})["UnprocessedItems"]["shop"]

    assert 25 - (10 * 60 + 10) // 59 <= len(left) < 25
    assert (
        25 - len(left)
        == desk.Scan({"TableName": "shop", "Select": "COUNT", "ConsistentRead": True})["Count"]
    )


def test_a_table_goes_back_to_exactly_a_moment(cloud):
    desk = table(cloud)
    back = {"PointInTimeRecoveryEnabled": True}
    desk.UpdateContinuousBackups({"TableName": "shop", "PointInTimeRecoverySpecification": back})
    for n in range(10):
        put(desk, n)
        cloud.advance(minutes=1)
    moment = cloud.account.calendar.date - timedelta(minutes=6)  # when number 4 was there
    restore = {"SourceTableName": "shop", "TargetTableName": "old", "RestoreDateTime": moment}

    desk.RestoreTableToPointInTime(restore)
    cloud.advance(minutes=30)
    found = desk.Scan({"TableName": "old", "ConsistentRead": True})["Items"]

    assert list(range(5)) == [int(item["n"]["N"]) for item in found]
    late = {**restore, "TargetTableName": "late", "RestoreDateTime": cloud.account.calendar.date}
    refused("InvalidRestoreTimeException", desk.RestoreTableToPointInTime, late)
    table(cloud, "other")
    without = {**restore, "SourceTableName": "other", "TargetTableName": "x-1"}
    refused("PointInTimeRecoveryUnavailableException", desk.RestoreTableToPointInTime, without)


def test_expired_items_can_be_read_until_they_are_swept(cloud):
    desk = table(cloud)
    ttl = {"Enabled": True, "AttributeName": "ends"}
    desk.UpdateTimeToLive({"TableName": "shop", "TimeToLiveSpecification": ttl})
    ends = int(cloud.account.calendar.date.timestamp()) + 600
    put(desk, ends={"N": str(ends)})
    cloud.advance(minutes=20)

    assert "Item" in get(desk)
    cloud.advance(minutes=60)
    assert "Item" not in get(desk)


def test_a_table_that_is_told_again_looks_once_an_hour(cloud):
    desk = table(cloud)
    for enabled in (True, False, True):
        ttl = {"Enabled": enabled, "AttributeName": "ends"}
        desk.UpdateTimeToLive({"TableName": "shop", "TimeToLiveSpecification": ttl})
        cloud.advance(minutes=20)
    put(desk, ends={"N": str(int(cloud.account.calendar.date.timestamp()))})
    cloud.advance(minutes=30)

    assert "Item" in get(desk)
    cloud.advance(minutes=15)
    assert "Item" not in get(desk)


def test_more_days_of_backups_do_not_forget_the_days_before(cloud):
    desk = table(cloud)

    def first(days):
        wanted = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": days}
        asked = {"TableName": "shop", "PointInTimeRecoverySpecification": wanted}
        desk.UpdateContinuousBackups(asked)
        cloud.advance(minutes=10)
        found = desk.DescribeContinuousBackups(asked)["ContinuousBackupsDescription"]
        return found["PointInTimeRecoveryDescription"]["EarliestRestorableDateTime"]

    begin = first(1)
    assert begin == first(2)
    cloud.advance(minutes=3 * DAY)
    kept = first(35)  # what is older than two days is not there any more
    assert timedelta(days=2) == cloud.account.calendar.date - timedelta(minutes=10) - kept


@pytest.mark.parametrize("text", ["7", "7.0", "70e-1"])
def test_a_number_of_a_key_has_several_texts(cloud, text):
    desk, key = table(cloud), {"TableName": "shop", "Key": {"id": {"S": "a"}, "n": {"N": text}}}
    put(desk, n=7)
    assert {"id": {"S": "a"}, "n": {"N": "7"}} == desk.GetItem(key)["Item"]
    desk.UpdateItem(key)
    assert 1 == desk.tables.find("shop").items.count
    desk.DeleteItem(key)
    assert 0 == desk.tables.find("shop").items.count


def test_the_bill_by_hand():
    """10 read and 5 write units for a day; then 1000 writes of 2 kB on demand."""
    cloud = Cloud(seed=1, timings="instant")
    desk = table(cloud, read=10, write=5)
    cloud.advance(minutes=DAY - 1)
    desk.UpdateTable({"TableName": "shop", "BillingMode": "PAY_PER_REQUEST"})
    cloud.advance(minutes=1)
    for n in range(100):
        put(desk, n, v={"S": "." * 1500})

    assert 24 * (10 * 0.00013 + 5 * 0.00065) + 200 * 0.625e-6 == pytest.approx(
        cloud.dollars(), abs=1e-6
    )
    assert "200.0 units" in cloud.bill()


def test_cloudwatch_counts_the_units(cloud):
    desk = table(cloud)
    for n in range(3):
        put(desk, n)
    asked = {
        "Namespace": "AWS/DynamoDB", "MetricName": "ConsumedWriteCapacityUnits", "Period": 300,
        "Dimensions": [{"Name": "TableName", "Value": "shop"}], "Statistics": ["Sum"],
        "StartTime": cloud.account.calendar.start, "EndTime": cloud.account.calendar.date + timedelta(minutes=5),
    }  # fmt: skip
    cloud.advance(minutes=5)

    found = cloud.desk("cloudwatch").GetMetricStatistics(asked)["Datapoints"]
    assert 3 == sum(point["Sum"] for point in found)
