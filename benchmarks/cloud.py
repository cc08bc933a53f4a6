"""What the simulated service costs: a call, beside moto's in the same run; an idle day; the metrics of a run.

    python benchmarks/cloud.py [--moto PYTHON]

PYTHON is an interpreter of another environment that has moto (pip install "moto[elasticache]"). The rounds
take turns and the best of five counts: other work on the machine can only make a round slower. What the
metrics cost is the median of the rounds' shares. Times are those of the processor.
"""

import argparse
import statistics
import subprocess
import sys
import time

import cachesim as cs
from cachesim.experiments import cloud as room
from cachesim.experiments import cloud_fleet
from cachesim.experiments.cloud import Cloud
from cachesim.measure.tables import text_table

ROUNDS, CALLS = 5, 200
GROUP = {
    "ReplicationGroupId": "shop", "ReplicationGroupDescription": "d", "NumCacheClusters": 3,
    "AutomaticFailoverEnabled": True,
}  # fmt: skip
MOTO = f"""
import time, boto3
from moto import mock_aws
with mock_aws():
    client = boto3.client("elasticache", region_name="us-east-1",
                          aws_access_key_id="x", aws_secret_access_key="x")
    client.create_replication_group(**{GROUP!r})
    client.describe_replication_groups()
    began = time.process_time()
    for _ in range({CALLS}):
        client.describe_replication_groups(ReplicationGroupId="shop")
    print((time.process_time() - began) / {CALLS})
"""


def calls():
    """Return the seconds of one DescribeReplicationGroups by boto3 in this process."""
    cloud = Cloud(seed=1)
    client = cloud.client("elasticache")
    client.create_replication_group(**GROUP)
    cloud.advance(minutes=30)
    client.describe_replication_groups()
    began = time.process_time()
    for _ in range(CALLS):
        client.describe_replication_groups(ReplicationGroupId="shop")
    return (time.process_time() - began) / CALLS


def moto_calls(python):
    """Return the same of moto, in its own process."""
    done = subprocess.run([python, "-c", MOTO], capture_output=True, text=True, check=True)
    return float(done.stdout)


def idle_day():
    """Return the seconds of a day of three idle nodes, of which two alarms look at every minute."""
    cloud = Cloud(seed=1)
    desk, watch = cloud.desk("elasticache"), cloud.desk("cloudwatch")
    desk.CreateReplicationGroup(GROUP)
    cloud.advance(minutes=30)
    for node in ("shop-001", "shop-002"):
        watch.PutMetricAlarm(
            {
                "AlarmName": node, "Namespace": "AWS/ElastiCache", "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "CacheClusterId", "Value": node}], "Period": 60,
                "EvaluationPeriods": 5, "Threshold": 90.0, "Statistic": "Average",
                "ComparisonOperator": "GreaterThanThreshold",
            }
        )  # fmt: skip
    began = time.process_time()
    cloud.advance(minutes=1440)
    watch.DescribeAlarms({})
    return time.process_time() - began


def traffic(measured):
    """Return the seconds of five minutes of traffic, with or without the metrics."""
    cloud = Cloud(seed=1, scale=1 / 200)
    cloud.desk("elasticache").CreateReplicationGroup(GROUP)
    cloud.advance(minutes=30)
    keep = room.Meter.__call__, cloud_fleet.publish
    if not measured:
        room.Meter.__call__, cloud_fleet.publish = lambda self, system: None, lambda *parts: None
    began = time.process_time()
    try:
        cloud.run(group="shop", workload=cs.OpenLoop(rate=200), minutes=5)
    finally:
        room.Meter.__call__, cloud_fleet.publish = keep
    return time.process_time() - began


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--moto", metavar="PYTHON", help="an interpreter that has moto")
    moto = options.parse_args().moto
    found = {"call": [], "moto": [], "day": [], "with": [], "without": []}
    for _ in range(ROUNDS):
        found["call"].append(calls())
        found["moto"].append(moto_calls(moto) if moto else float("nan"))
        found["day"].append(idle_day())
        found["with"].append(traffic(True))
        found["without"].append(traffic(False))
    best = {name: min(values) for name, values in found.items()}
    pairs = zip(found["with"], found["without"], strict=True)
    share = 100 * (statistics.median(measured / plain for measured, plain in pairs) - 1)
    rows = [
        ["a call in process", f"{1000 * best['call']:.2f} ms", "at most half of moto's"],
        ["a call of moto", f"{1000 * best['moto']:.2f} ms" if moto else "not measured", ""],
        ["an idle day of three nodes", f"{best['day']:.3f} s", "at most 0.3 s"],
        ["five minutes of traffic", f"{best['without']:.2f} s", ""],
        ["their metrics", f"{share:.1f} %", "at most 5 %"],
    ]
    print(text_table(["what", "processor's time", "promise"], rows))
    kept = best["day"] <= 0.3 and share <= 5 and not (moto and 2 * best["call"] > best["moto"])
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
