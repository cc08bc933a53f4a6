"""The managed service beside its peers: the same probes against all; the table of docs/background/service_peers.md.

`python benchmarks/service_peers.py --write` puts the table into the page, with the peers' answers as they were
recorded. An environment with boto3 and the peer, and without cachesim, records them again: `--record moto` in
process, `--record ministack http://127.0.0.1:4566` from a server that runs there.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/background/service_peers.md"
RECORD = Path(__file__).with_name("service_peers.json")
BEGIN, END = "<!-- made by benchmarks/service_peers.py -->", "<!-- end -->"
ABSENT = (
    "NotImplemented",
    "404",
    "InvalidAction",
    "InternalFailure",
)  # what peers say of no operation
LONGEST = 130  # seconds of a pause: LocalStack looks at an alarm after all its periods
GROUP = {"ReplicationGroupId": "shop", "ReplicationGroupDescription": "d", "NumCacheClusters": 3}
GROUP |= {"AutomaticFailoverEnabled": True, "CacheNodeType": "cache.t3.micro"}


def tried(call):
    """Return an answer, or the name of the error."""
    try:
        return call()
    except Exception as error:
        response = getattr(error, "response", {"Error": {"Code": type(error).__name__}})
        return response["Error"]["Code"]


def least(shape):
    """Return the least that a shape takes: its required members, each with a plain value."""
    if shape is None or shape.type_name == "structure":
        return {
            name: least(shape.members[name]) for name in (shape.required_members if shape else ())
        }
    plain = {"list": lambda: [least(shape.member)], "map": dict, "string": lambda: "x" * 20}
    plain |= {"boolean": lambda: True, "timestamp": lambda: datetime(2026, 1, 5, tzinfo=UTC)}
    return plain.get(shape.type_name, lambda: 1)()


def operations(client, wait):
    """Count the operations of ElastiCache that do not say that they are not there."""
    cache = client("elasticache")
    model = cache.meta.service_model
    shapes = {name: model.operation_model(name).input_shape for name in model.operation_names}
    codes = [
        tried(lambda name=name: cache._make_api_call(name, least(shapes[name]))) for name in shapes
    ]
    missing = sum(str(code).startswith(ABSENT) for code in codes)
    return f"{len(codes) - missing} of {len(codes)}"


def creation(client, wait):
    """Name the states of a group: at once, and after a quarter of an hour."""
    cache = client("elasticache")
    first = cache.create_replication_group(**GROUP)["ReplicationGroup"]["Status"]
    wait(15)
    return f"{first}, then {cache.describe_replication_groups()['ReplicationGroups'][0]['Status']}"


def members(client, wait):
    """How many clusters there are for a group of three."""
    return str(len(client("elasticache").describe_cache_clusters()["CacheClusters"]))


def nonsense(client, wait):
    """Count which of a node type, a name and a number are taken that no service has."""
    cache = client("elasticache")
    wrong = (
        {"ReplicationGroupId": "one", "CacheNodeType": "cache.banana"},
        {"ReplicationGroupId": "1-bad--"},
        {"ReplicationGroupId": "two", "NumCacheClusters": 99},
    )
    taken = [
        tried(lambda each=each: cache.create_replication_group(**{**GROUP, **each}))
        for each in wrong
    ]
    if all(str(each).startswith(ABSENT) for each in taken):
        return taken[0]
    return f"{sum(isinstance(each, dict) for each in taken)} of 3 accepted"


def failover(client, wait):
    """Who leads after a failover."""
    cache = client("elasticache")
    found = tried(lambda: cache.test_failover(ReplicationGroupId="shop", NodeGroupId="0001"))
    if isinstance(found, str):
        return found
    wait(15)
    group = cache.describe_replication_groups(ReplicationGroupId="shop")["ReplicationGroups"][0]
    nodes = group["NodeGroups"][0]["NodeGroupMembers"]
    return "another node leads" if nodes[0]["CurrentRole"] == "replica" else "nothing changed"


def events(client, wait):
    """How many events tell of all this."""
    found = tried(lambda: client("elasticache").describe_events(Duration=60)["Events"])
    return found if isinstance(found, str) else f"{len(found)} events"


def alarm(client, wait, now):
    """Name the state of an alarm after five minutes above its threshold."""
    watch = client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="hot", Namespace="mine", MetricName="m", Statistic="Average", Period=60,
        EvaluationPeriods=2, Threshold=1.0, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    for minute in range(-3, 2):
        when = now() + timedelta(minutes=minute)
        watch.put_metric_data(
            Namespace="mine", MetricData=[{"MetricName": "m", "Value": 9.0, "Timestamp": when}]
        )
    wait(2.1)
    return watch.describe_alarms()["MetricAlarms"][0]["StateValue"]


PROBES = {
    "a new group is": creation,
    "clusters of a group of three": members,
    "nonsense (`cache.banana`, `1-bad--`, 99 members)": nonsense,
    "after `TestFailover`": failover,
    "`DescribeEvents`": events,
    "operations of ElastiCache": operations,
}


def probed(client, wait, now):
    """Return the answers to all probes; one that fails has the name of its error."""
    found = {name: tried(lambda probe=probe: probe(client, wait)) for name, probe in PROBES.items()}
    return found | {"an alarm after five bad minutes": tried(lambda: alarm(client, wait, now))}


def ours():
    """Probe our own service."""
    from cachesim.experiments.cloud import Cloud

    cloud = Cloud(seed=1)
    return probed(
        cache(cloud.client),
        lambda minutes: cloud.advance(minutes=minutes),
        lambda: cloud.account.calendar.date,
    )


def record(name, url=None):
    """Probe a peer, and write its answers down. A server gets a minute or so wherever we have more."""
    from importlib.metadata import version

    import boto3

    os.environ |= {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    config = {"region_name": "us-east-1", "endpoint_url": url}
    if url is None:
        from moto import mock_aws

        mock_aws().start()

    def wait(minutes):
        time.sleep(min(60 * minutes, LONGEST) if url else 0)

    client = cache(lambda service: boto3.client(service, **config))
    found = probed(client, wait, lambda: datetime.now(UTC))
    told = json.loads(RECORD.read_text()) | {f"{name} {version(name)}": found}
    kept = {key: told[key] for key in told if key.split()[0] != name or told[key] is found}
    RECORD.write_text(json.dumps(kept, indent=1) + "\n")


def table():
    """Return the table in Markdown."""
    seen = {"cachesim": ours(), **json.loads(RECORD.read_text())}
    lines = [["", *seen], ["---"] * (len(seen) + 1)]
    lines += [[name, *(each[name] for each in seen.values())] for name in seen["cachesim"]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def renewed(page):
    """Return the page with a new table."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    if "--record" in sys.argv:
        record(*sys.argv[sys.argv.index("--record") + 1 :])
    elif "--write" in sys.argv:
        PAGE.write_text(renewed(PAGE.read_text()))
    else:
        print(table())
