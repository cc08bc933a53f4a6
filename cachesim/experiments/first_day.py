"""The first day of the week that `week.py` plays: a cache is seeded, watched, and made larger."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.rdb import dump
from cachesim.experiments.cloud import Cloud
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import OpenLoop
from cachesim.service.calendar import START
from cachesim.service.faults import ServiceFault

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GROUP = "shop"
BUCKET = "seeds"
SEEDED = 1000  # keys of the seed
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "us-east-1.elasticache-snapshot.amazonaws.com"},
            "Action": ["s3:GetObject", "s3:ListBucket", "s3:GetBucketAcl", "s3:PutObject"],
            "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
        }
    ],
}
WORKLOAD = OpenLoop(rate=20, reads=0.9, popularity=Zipf(keys=50_000))


def seed_file() -> bytes:
    """Write an RDB file with a thousand keys.

    >>> seed_file()[:5]
    b'REDIS'
    """
    engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    for number in range(SEEDED):
        engine.set(f"seed:{number}", b"x" * 500)
    return dump(engine)


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """Call an operation that should be refused; return the name of the fault."""
    try:
        call(request)
    except ServiceFault as fault:
        return fault.shape.removesuffix("Fault").removesuffix("Exception")
    return "done"


class FirstDay:
    """The account of the week, and the steps of Monday."""

    def __init__(self, seed: int = 1) -> None:
        self.cloud = Cloud(seed=seed, scale=1 / 100)
        names = ("elasticache", "s3", "sns", "cloudwatch", "ec2")
        self.cache, self.s3, self.sns, self.watch, self.ec2 = map(self.cloud.desk, names)

    def until(self, when: str) -> None:
        """Let time pass until a moment of the week, if it is not over."""
        day, clock = when.split()
        hours, minutes = map(int, clock.split(":"))
        due = START.replace(hour=0) + timedelta(days=DAYS.index(day), hours=hours, minutes=minutes)
        self.cloud.advance(max(0.0, (due - self.cloud.account.calendar.date).total_seconds() / 60))

    def group(self, name: str = GROUP) -> dict[str, Any]:
        """Return a group as the service describes it."""
        asked = {"ReplicationGroupId": name}
        found: dict[str, Any] = self.cache.DescribeReplicationGroups(asked)["ReplicationGroups"][0]
        return found

    def run(self, minutes: float, group: str = GROUP, rate: float = 20) -> Any:
        """Send requests to a group."""
        return self.cloud.run(
            group=group,
            strategy=LazyLoading(ttl=3600),
            workload=WORKLOAD.replace(rate=rate),
            minutes=minutes,
        )

    def told(self, name: str) -> int:
        """Count the notices of a name that have come to the inbox."""
        return sum(name in notice.text for notice in self.cloud.inbox)

    # The steps, in their order.

    def prepare(self) -> str:
        """Make a bucket with a seed, a topic, a subnet group over three zones, a parameter group."""
        self.s3.CreateBucket({"Bucket": BUCKET})
        self.s3.PutObject({"Bucket": BUCKET, "Key": "seed.rdb", "Body": seed_file()})
        self.s3.PutBucketPolicy({"Bucket": BUCKET, "Policy": json.dumps(POLICY)})
        self.topic = self.sns.CreateTopic({"Name": "operations"})["TopicArn"]
        self.sns.Subscribe({"TopicArn": self.topic, "Protocol": "inbox"})
        subnets = [each["SubnetId"] for each in self.ec2.DescribeSubnets({})["Subnets"]]
        self.cache.CreateCacheSubnetGroup(
            {
                "CacheSubnetGroupName": "three",
                "CacheSubnetGroupDescription": "",
                "SubnetIds": subnets,
            }
        )
        own = {"CacheParameterGroupName": "lru"}
        self.cache.CreateCacheParameterGroup(
            {**own, "CacheParameterGroupFamily": "redis7", "Description": "any key may go"}
        )
        value = {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}
        self.cache.ModifyCacheParameterGroup({**own, "ParameterNameValues": [value]})
        changed = self.cache.DescribeCacheParameters({**own, "Source": "user"})["Parameters"]
        return (
            f"{len(subnets)} subnets; changed by us: {[each['ParameterName'] for each in changed]}"
        )

    def create(self) -> str:
        """Create the group from the seed."""
        self.cache.CreateReplicationGroup(
            {
                "ReplicationGroupId": GROUP, "ReplicationGroupDescription": "the shop's cache",
                "NumCacheClusters": 3, "AutomaticFailoverEnabled": True, "MultiAZEnabled": True,
                "CacheNodeType": "cache.t3.small", "CacheParameterGroupName": "lru",
                "CacheSubnetGroupName": "three", "NotificationTopicArn": self.topic,
                "SnapshotArns": [f"arn:aws:s3:::{BUCKET}/seed.rdb"], "SnapshotRetentionLimit": 3,
                "SnapshotWindow": "03:00-04:00", "PreferredMaintenanceWindow": "tue:05:00-tue:06:00",
            }
        )  # fmt: skip
        code = refusal(self.cache.TestFailover, ReplicationGroupId=GROUP, NodeGroupId="0001")
        return f"{self.group()['Status']}, endpoints: {'NodeGroups' in self.group()}; TestFailover: {code}"

    def available(self) -> str:
        """Wait until it is available."""
        while self.group()["Status"] == "creating":
            self.cloud.advance(minutes=0.25)
        members = self.group()["NodeGroups"][0]["NodeGroupMembers"]
        zones = {each["PreferredAvailabilityZone"] for each in members}
        ready = self.told("CreateReplicationGroupComplete")
        return f"{self.group()['Status']}: {len(members)} members in {len(zones)} zones; notices {ready}"

    def traffic(self) -> str:
        """Send requests for two hours."""
        first, last = self.run(20).metrics, self.run(100).metrics
        return f"hit ratio {first['hit_ratio']:.2f}, then {last['hit_ratio']:.2f}"

    def alarm(self) -> str:
        """Set an alarm on the memory."""
        self.watch.PutMetricAlarm(
            {
                "AlarmName": "full", "Namespace": "AWS/ElastiCache", "Statistic": "Maximum",
                "MetricName": "DatabaseMemoryUsagePercentage", "Period": 60, "EvaluationPeriods": 3,
                "Dimensions": [{"Name": "CacheClusterId", "Value": f"{GROUP}-001"}],
                "Threshold": 80.0, "ComparisonOperator": "GreaterThanThreshold",
                "AlarmActions": [self.topic],
            }
        )  # fmt: skip
        self.run(8)
        state = self.watch.DescribeAlarms({})["MetricAlarms"][0]["StateValue"]
        return f"{state}; messages {self.told('AlarmName')}"

    def replicate(self) -> str:
        """Add a replica."""
        asked = {"ReplicationGroupId": GROUP, "NewReplicaCount": 3, "ApplyImmediately": True}
        self.cache.IncreaseReplicaCount(asked)
        status = self.group()["Status"]
        self.cloud.advance(minutes=20)
        code = refusal(self.cache.IncreaseReplicaCount, **asked)
        return f"{status}; {len(self.group()['MemberClusters'])} members; again: {code}"

    def order_larger(self) -> str:
        """Ask for a larger node type, in the next window."""
        self.cache.ModifyReplicationGroup(
            {
                "ReplicationGroupId": GROUP,
                "CacheNodeType": "cache.m6g.large",
                "ApplyImmediately": False,
            }
        )
        asked = {"CacheClusterId": f"{GROUP}-001"}
        (found,) = self.cache.DescribeCacheClusters(asked)["CacheClusters"]
        pending = found["PendingModifiedValues"]
        return f"{found['CacheNodeType']}; pending: {pending.get('CacheNodeType')}"
