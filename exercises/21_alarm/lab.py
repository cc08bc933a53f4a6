# %% [markdown] id="question"
# # 21 · Write the alarm
#
# A shop has one Redis node of the managed service. Somebody must get up when its cache does not help any more, and must be left asleep when it does. **Which alarm tells the two apart?**
#
# `cachesim/data/alarm_days.csv` has 20 recorded days of the node: one row for each five minutes, with five metrics of CloudWatch. A row without values is one in which CloudWatch heard nothing.
# The days were played once in `cs.Cloud` by `exercises/21_alarm/record.py` (seed 21): a node with customers by day, few of them and some robots by night, and a sale on day 11. `BOOK`, below the
# tests, is the book of the people on call: the four incidents, and when they were over. Everything else was no reason to get up, such as a crawler that came for five minutes.
#
# Write `alarm(cluster)`: it returns the request of `put_metric_alarm`, a dict in AWS's shape, for the node with the id `cluster`. `AlarmName`, `Namespace` (`AWS/ElastiCache`), `MetricName`, `Dimensions`
# and `Period` say what it looks at; `Statistic`, `Threshold` and `ComparisonOperator` say what is bad; `EvaluationPeriods` (N) and `DatapointsToAlarm` (M) say for how long; `TreatMissingData` says
# what silence means. `Period` is 300 or a multiple of it. The alarm is played over all days:
#
# - an incident is **caught** if the alarm goes to `ALARM` in its first 30 minutes;
# - it is a **false alarm** if it goes to `ALARM` at any other time, but for an incident and the hour after it.
#
# Ours took 13 lines.


# %% id="alarm"
def alarm(cluster):
    """Return the request of put_metric_alarm for a node."""
    # BEGIN SOLUTION
    return {
        "AlarmName": "cold",
        "Namespace": "AWS/ElastiCache",
        "MetricName": "CacheHitRate",
        "Dimensions": [{"Name": "CacheClusterId", "Value": cluster}],
        "Statistic": "Average",
        "Period": 300,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 3,
        "Threshold": 50.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
    }
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"cluster": f"shop-{random(100, 999)}"}


# %% id="helpers" tags=["helpers"]
import csv
from datetime import timedelta
from importlib.resources import files
from typing import NamedTuple

import cachesim as cs
from cachesim.service.faults import ServiceFault

DAY, ROW = 1440, 5  # minutes
IN_TIME, AFTER = (
    30,
    60,
)  # minutes: when an alarm is in time, and how long it may ring after an incident
FASTER = 5  # the days are played as if a row were one minute
FIRST = 12  # rows that have passed when the alarm is made
DAYS = 20
BOOK = (  # day, minute of the day, minutes until it was over, what it was
    (5, 850, 90, "the node was deleted by mistake"),
    (8, 1200, 120, "a crawler read what nobody reads"),
    (13, 660, 120, "a crawler came again and again"),
    (16, 180, 180, "somebody rebooted the node at night"),
)
MILD = (  # the cache helped less, and nobody had to get up; a ring is no mistake
    (3, 601, 60, "the machine died, and its successor was soon warm"),
    (10, 960, 180, "a release stored far larger rows"),
)
NUMBERS = ("Threshold", "Period", "EvaluationPeriods", "DatapointsToAlarm")


class Heard(NamedTuple):
    """What the people on call heard of an alarm in all days."""

    caught: list  # entries of the book
    missed: list
    false: list  # day and minute of each ring without a reason


def request_of(lab):
    """Return the alarm of the student, if it looks at the node."""
    made = lab.call("alarm", lab.params["cluster"])
    assert isinstance(made, dict), f"alarm() returned {made!r:.60}, expected a dict"
    for name in NUMBERS:
        is_number = isinstance(made.get(name, 1), int | float)
        assert is_number, f"{name} must be a number, got {made[name]!r:.40}"
    space, period = made.get("Namespace"), made.get("Period", 0)
    assert space == "AWS/ElastiCache", f"the Namespace is AWS/ElastiCache, got {space!r:.40}"
    right = [{"Name": "CacheClusterId", "Value": lab.params["cluster"]}]
    assert made.get("Dimensions") == right, f"the Dimensions of this node are {right}"
    assert period > 0 and period % (60 * ROW) == 0, f"Period is a multiple of 300, got {period!r}"
    most = made.get("EvaluationPeriods", 1) * period
    assert most <= 86400, "CloudWatch takes alarms that look back at most a day"
    return made


def rows():
    """Return the rows of all recorded days."""
    text = (files("cachesim.data") / "alarm_days.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def rings(lab):
    """Return the minutes at which the alarm went to ALARM: 1440 is the begin of day 2."""
    made, own = request_of(lab), {"Namespace": "Recorded"}
    cloud = cs.Cloud(seed=lab.seed)
    watch, begin = cloud.desk("cloudwatch"), cloud.account.calendar.date
    metric, of = made.get("MetricName"), {"Dimensions": made["Dimensions"]}
    recorded = rows()
    assert metric in recorded[0], f"there is no metric {metric!r:.40} in the recorded days"
    values = [
        {**of, "MetricName": metric, "Value": float(row[metric]),
         "Timestamp": begin + timedelta(minutes=place)}
        for place, row in enumerate(recorded) if row[metric]
    ]  # fmt: skip
    watch.PutMetricData({**own, "MetricData": values})
    cloud.advance(minutes=FIRST)
    try:
        watch.PutMetricAlarm({**made, **own, "Period": made["Period"] // FASTER})
    except (ServiceFault, KeyError) as fault:
        raise AssertionError(f"CloudWatch does not take this alarm: {fault}") from None
    cloud.advance(minutes=len(recorded) - FIRST)
    return [ROW * (when - begin) // timedelta(minutes=1) for when in changes(watch)]


def changes(watch):
    """Return the dates at which the alarm went to ALARM."""
    request, found = {"HistoryItemType": "StateUpdate", "ScanBy": "TimestampAscending"}, []
    while True:
        answer = watch.DescribeAlarmHistory({**request, "MaxRecords": 100})
        found += answer["AlarmHistoryItems"]
        if "NextToken" not in answer:
            break
        request["NextToken"] = answer["NextToken"]
    return [each["Timestamp"] for each in found if each["HistorySummary"].endswith("to ALARM")]


def heard(lab):
    """Return the caught incidents and the false alarms of the student's alarm."""
    return lab.once("heard", lambda: compared(rings(lab)))


def compared(minutes):
    """Compare the rings of an alarm with the book."""
    since = {each: [m - (each[0] - 1) * DAY - each[1] for m in minutes] for each in BOOK + MILD}
    caught = [each for each in BOOK if any(0 <= m <= IN_TIME for m in since[each])]
    false = [
        (minute // DAY + 1, minute % DAY)
        for place, minute in enumerate(minutes)
        if not any(0 <= since[each][place] <= each[2] + AFTER for each in since)
    ]
    return Heard(caught, [each for each in BOOK if each not in caught], false)


def check_caught(lab, least):
    """Look at how many incidents were caught."""
    found = heard(lab)
    assert len(found.caught) >= least, (
        f"{len(found.caught)} of {len(BOOK)} incidents caught; missed: day {found.missed[0][0]}, {found.missed[0][3]}"
    )


def check_false(lab, most):
    """Look at how many false alarms there were."""
    false = heard(lab).false
    assert len(false) <= most, (
        f"{len(false)} false alarms, at most {most}; the first on day {false[0][0]} at minute {false[0][1]}"
    )


# %% id="visible" tags=["visible"]
def test_it_is_an_alarm(lab):
    assert isinstance(heard(lab), Heard)


def test_wakes_for_most(lab):
    check_caught(lab, least=2)


# %% id="hidden" tags=["hidden"]
def test_wakes_for_all_but_one(lab):
    check_caught(lab, least=3)


def test_wakes_for_all(lab):
    check_caught(lab, least=4)


def test_one_night_in_two(lab):
    check_false(lab, most=DAYS // 2)


def test_twice_in_all(lab):
    check_false(lab, most=2)


def test_sleeps_well(lab):
    check_false(lab, most=0)
