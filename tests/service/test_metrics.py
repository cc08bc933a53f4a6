"""CloudWatch: arithmetic, idle nodes, pages, the history of alarms, and three protocols."""

import time
from datetime import UTC, datetime

import pytest

from cachesim.service.cloudwatch.alarms import Alarm
from cachesim.service.cloudwatch.series import Name, Series
from cachesim.service.cloudwatch.standing import metric_rows
from cachesim.service.faults import ServiceFault
from tests.service.conftest import GROUP

RULE = {
    "AlarmName": "hot", "Namespace": "n", "MetricName": "m", "Period": 60, "Statistic": "Sum",
    "EvaluationPeriods": 3, "DatapointsToAlarm": 3, "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip


@pytest.fixture
def watch(cloud):
    """The desk of CloudWatch."""
    return cloud.desk("cloudwatch")


def state(points, treat, needed=3, before="OK"):
    """Judge a row of periods, the oldest first: X breaching, 0 not, - without a value."""
    series = Series()
    for number, point in enumerate(points):
        if point != "-":
            series.put(60 * number, [2.0 if point == "X" else 0.0])
    alarm = Alarm({**RULE, "TreatMissingData": treat, "DatapointsToAlarm": needed})
    alarm.state = before
    return alarm.judge(series, 60 * len(points))


@pytest.mark.parametrize(
    ("points", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("0-X-X", "OK", "OK", "OK", "OK"),
        ("0----", "OK", "OK", "OK", "OK"),
        ("-----", "INSUFFICIENT_DATA", "before", "ALARM", "OK"),
        ("0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
        ("--X--", "ALARM", "before", "ALARM", "OK"),
    ],
)
def test_three_of_three_with_missing_periods(points, missing, ignore, breaching, not_breaching):
    """The five rows of AWS's own table: an alarm looks two periods further back."""
    found = [state(points, how) for how in ("missing", "breaching", "notBreaching")]
    assert [missing, breaching, not_breaching] == found
    for before in ("OK", "ALARM", "INSUFFICIENT_DATA"):
        wanted = before if ignore == "before" else ignore
        assert wanted == state(points, "ignore", before=before)


def test_one_bad_minute_counts_only_where_values_lack():
    """With fewer than five values so far, a missing minute counts as the alarm says."""
    found = [state("X-X", treat, needed=3) for treat in ("missing", "breaching", "notBreaching")]
    assert ["ALARM", "ALARM", "OK"] == found


def test_the_history_of_an_alarm(cloud, watch):
    """It tells what was configured, each new state, and each action; the newest first, in pages."""
    watch.PutMetricAlarm({**RULE, "AlarmActions": ["arn:gone"]})
    watch.SetAlarmState({"AlarmName": "hot", "StateValue": "ALARM", "StateReason": "a test"})
    watch.DisableAlarmActions({"AlarmNames": ["hot"]})
    watch.SetAlarmState({"AlarmName": "hot", "StateValue": "OK", "StateReason": "over"})
    watch.EnableAlarmActions({"AlarmNames": ["hot"]})
    first = watch.DescribeAlarmHistory({"AlarmName": "hot", "MaxRecords": 3})
    second = watch.DescribeAlarmHistory({"AlarmName": "hot", "NextToken": first["NextToken"]})
    kinds = [
        item["HistoryItemType"] for page in (first, second) for item in page["AlarmHistoryItems"]
    ]

    assert ["StateUpdate", "Action", "StateUpdate", "ConfigurationUpdate"] == kinds
    assert watch.DescribeAlarms({})["MetricAlarms"][0]["ActionsEnabled"]


def test_alarms_of_a_metric_and_pages(watch):
    """Those on the same metric, and fifty alarms a page."""
    for number in range(60):
        name = f"a{number}"
        watch.PutMetricAlarm({**RULE, "AlarmName": name, "MetricName": f"m{number % 2}"})
    first = watch.DescribeAlarms({})
    second = watch.DescribeAlarms({"NextToken": first["NextToken"]})
    of_one = watch.DescribeAlarmsForMetric({"Namespace": "n", "MetricName": "m1"})

    assert (50, 10) == (len(first["MetricAlarms"]), len(second["MetricAlarms"]))
    assert 30 == len(of_one["MetricAlarms"])
    assert 11 == len(watch.DescribeAlarms({"AlarmNamePrefix": "a1"})["MetricAlarms"])


@pytest.mark.parametrize(
    ("change", "shape"),
    [
        ({"Metrics": []}, "NotImplemented"),
        ({"Period": 45}, "InvalidParameterValueException"),
        ({"TreatMissingData": "maybe"}, "InvalidParameterValueException"),
        ({"DatapointsToAlarm": 4}, "ValidationError"),
    ],
)
def test_alarms_that_are_refused(watch, change, shape):
    """Nothing is kept of them."""
    with pytest.raises(ServiceFault) as fault:
        watch.PutMetricAlarm({**RULE, **change})
    assert shape == fault.value.shape
    assert [] == watch.DescribeAlarms({})["MetricAlarms"]


def of_node(metric, cluster="shop-001"):
    """Name a metric of a node in AWS's shape."""
    return {
        "Namespace": "AWS/ElastiCache",
        "MetricName": metric,
        "Dimensions": [{"Name": "CacheClusterId", "Value": cluster}],
    }


def test_an_idle_day_costs_nothing(cloud, desk, watch):
    """Three nodes send their metrics for a day, and an alarm looks at each minute of it."""
    desk.CreateReplicationGroup(GROUP)
    cloud.advance(minutes=30)
    watch.PutMetricAlarm(
        {**RULE, **of_node("CPUUtilization"), "Threshold": 90.0, "EvaluationPeriods": 5}
    )
    began = time.process_time()
    cloud.advance(minutes=1440)
    assert "OK" == watch.DescribeAlarms({})["MetricAlarms"][0]["StateValue"]
    assert time.process_time() - began < 3  # the benchmark holds it to 0.3

    calendar = cloud.account.calendar
    request = {**of_node("CurrItems", "shop-003"), "Period": 3600, "Statistics": ["SampleCount"]}
    request |= {"StartTime": calendar.date_at(3600), "EndTime": calendar.date_at(4 * 3600)}
    points = watch.GetMetricStatistics(request)["Datapoints"]
    assert [60.0] * 3 == [point["SampleCount"] for point in points]


def test_what_idle_nodes_send(cloud, desk, watch):
    """Roles change with a failover, a node that is down is silent, credits grow every five minutes."""
    desk.CreateReplicationGroup(GROUP)
    cloud.advance(minutes=30)
    desk.TestFailover({"ReplicationGroupId": "shop", "NodeGroupId": "0001"})
    cloud.advance(minutes=30)

    def values(metric, cluster):
        name = of_node(metric, cluster)
        calendar = cloud.account.calendar
        end = calendar.date_at(3600)
        request = {**name, "Period": 60, "Statistics": ["Sum"], "EndTime": end}
        points = watch.GetMetricStatistics({**request, "StartTime": calendar.start})["Datapoints"]
        return [point["Sum"] for point in points]

    was, new = values("IsMaster", "shop-001"), values("IsMaster", "shop-002")
    assert {0.0, 1.0} == set(was) == set(new)
    assert (1.0, 0.0) == (was[0], was[-1])
    assert len(was) < len(new)  # it was down for some minutes
    credits = values("CPUCreditBalance", "shop-003")
    assert pytest.approx(1.0) == credits[1] - credits[0]  # cache.t3.micro: 12 credits an hour
    assert [] == values("CPUCreditBalance", "gone")


def test_every_metric_has_its_source():
    """Names are unique for an engine, and each says where it comes from."""
    for engine in ("redis", "memcached"):
        rows = metric_rows(engine).values()
        assert all(row.source for row in rows)
        assert {row.how for row in rows} <= {
            "level", "delta", "share", "ratio", "mean", "credits",
        }  # fmt: skip
    assert 34 <= len({*metric_rows("redis"), *metric_rows("memcached")})


def test_a_question_about_fifty_years_is_cheap(cloud, desk, watch):
    """Nothing was there before the account began, so nobody looks at those minutes."""
    desk.CreateCacheCluster({"CacheClusterId": "one"})
    cloud.advance(minutes=30)
    calendar = cloud.account.calendar
    series = watch.find(Name.of(of_node("CurrItems", "one")))
    begin = int(calendar.seconds(datetime(1970, 1, 1, tzinfo=UTC)))
    looked, behind = [], series.behind
    series.behind = lambda minute: looked.append(minute) or behind(minute)

    assert 20 < len(series.statistics(begin, int(calendar.now), 60)) <= len(looked) <= 31
