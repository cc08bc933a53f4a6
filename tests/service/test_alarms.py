"""CloudWatch: statistics over minutes, and alarms with missing minutes."""

import pytest

from cachesim.service.cloudwatch.series import Name

METRIC = Name("AWS/ElastiCache", "CPUUtilization", (("CacheClusterId", "c"),))
ALARM = {
    "AlarmName": "hot", "Namespace": METRIC.namespace, "MetricName": METRIC.metric,
    "Dimensions": [{"Name": "CacheClusterId", "Value": "c"}], "Period": 60,
    "EvaluationPeriods": 5, "DatapointsToAlarm": 3, "Threshold": 80.0, "Statistic": "Average",
    "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip


@pytest.fixture
def watch(cloud):
    """The desk of CloudWatch."""
    return cloud.desk("cloudwatch")


def minutes(watch, values):
    """Send one value for each minute from the start; None: nothing is sent."""
    for number, value in enumerate(values):
        if value is not None:
            watch.put(METRIC, "Percent", 60 * number, [value])


def points(watch, cloud, period, *names):
    """Ask for statistics since the start."""
    request = {
        "Namespace": METRIC.namespace, "MetricName": METRIC.metric,
        "Dimensions": ALARM["Dimensions"], "StartTime": cloud.account.calendar.start,
        "EndTime": cloud.account.calendar.date_at(3600), "Period": period, "Statistics": [*names],
    }  # fmt: skip
    return watch.GetMetricStatistics(request)["Datapoints"]


def test_statistics_of_longer_periods_come_from_the_values(watch, cloud):
    """The mean of two minutes is not the mean of their means; a minute without values is left out."""
    watch.put(METRIC, "Percent", 0, [10.0, 20.0, 30.0])
    watch.put(METRIC, "Percent", 60, [100.0])
    watch.put(METRIC, "Percent", 300, [7.0])
    two = points(watch, cloud, 120, "Average", "Sum", "SampleCount", "Maximum")

    assert [40.0, 7.0] == [each["Average"] for each in two]
    assert (160.0, 4.0, 100.0) == tuple(two[0][name] for name in ("Sum", "SampleCount", "Maximum"))
    assert [cloud.account.calendar.date_at(when) for when in (0, 240)] == [
        each["Timestamp"] for each in two
    ]


@pytest.mark.parametrize(
    ("treat", "values", "state"),
    [
        ("missing", [90, 90, None, 90, 10], "ALARM"),
        ("missing", [90, 90, None, 10, 10], "OK"),
        ("missing", [None] * 5, "INSUFFICIENT_DATA"),
        ("breaching", [90, 90, None, 10, 10], "ALARM"),
        ("notBreaching", [90, 90, None, 10, 10], "OK"),
        ("notBreaching", [None] * 5, "OK"),
        ("breaching", [None] * 5, "ALARM"),
        ("ignore", [None] * 5, "INSUFFICIENT_DATA"),
    ],
)
def test_three_of_five_minutes(cloud, watch, treat, values, state):
    """A missing minute counts as the alarm says."""
    minutes(watch, values)
    watch.PutMetricAlarm({**ALARM, "TreatMissingData": treat})
    cloud.account.calendar.advance(300.0)

    assert state == watch.DescribeAlarms({})["MetricAlarms"][0]["StateValue"]
