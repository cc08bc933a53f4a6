"""A DB instance under traffic: failover, replicas, and exactly the commits until a moment (check 28)."""

from datetime import timedelta

import pytest

import cachesim as cs
from cachesim.errors import BadInput
from cachesim.experiments.cloud import Cloud
from cachesim.experiments.cloud_database import DatabaseRun
from cachesim.model.distributions import Constant
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.lazy import NoCache
from cachesim.service.faults import ServiceFault
from tests.service.test_rds import ORDERS, made, refused, shown

MIXED = cs.OpenLoop(rate=20, popularity=Zipf(keys=50), reads=0.5)


def shop(minutes=20, **request):
    """Return a cloud with an instance and a cache in front of it, and the desk of RDS."""
    cloud, desk = made(minutes=0, **request)
    cloud.desk("elasticache").CreateCacheCluster({"CacheClusterId": "c"})
    cloud.advance(minutes)
    return cloud, desk


def journal(desk, name="orders"):
    """Return the commits of an instance."""
    return desk.instances.find(name).journal.commits()


def run(cloud, minutes=2, **more):
    """Send requests to the cache, with the instance behind it."""
    return cloud.run(
        **{"cluster": "c", "db_instance": "orders", "workload": MIXED, "minutes": minutes, **more}
    )


def test_the_rows_stay_and_their_versions_go_on():
    """The second run begins with the rows of the first; every committed write has the next version."""
    cloud, desk = shop()
    fresh = {"strategy": cs.LazyLoading(ttl=60, invalidate=True)}
    first = run(cloud, **fresh)
    between = len(journal(desk))
    second = run(cloud, **fresh)
    commits = journal(desk)
    writes = [each.write for each in commits]
    assert between < len(commits)
    assert len(set(writes)) == len(writes)
    for key in {each.key for each in commits}:
        versions = [each.version for each in commits if each.key == key]
        assert versions == [*range(1, len(versions) + 1)]

    written = first.history[first.history["op"] == "write"]
    assert set(written["write"]) == set(writes[:between])
    newest = {each.key: each.version for each in commits[:between]}
    reads = second.history[second.history["op"] == "read"].sort_values("begin")
    once = reads[reads["key"].isin(newest)].drop_duplicates("key").iloc[:8]
    copies = once[once["lookup"] == "hit"]  # of the first run: each knows which write it is
    assert len(copies) > 0
    assert (copies["write"] <= between).all()
    assert all(row["acknowledged"] >= newest[row["key"]] for _, row in once.iterrows())
    assert (once["version"] == once["acknowledged"]).all()


def test_a_restore_gives_exactly_the_commits_until_the_moment():
    """Check 28: at a new endpoint, also for a moment in the midst of a run; outside it is refused."""
    cloud, desk = shop()
    begin = cloud.account.calendar.now
    run(cloud, minutes=4)
    cloud.advance(9)
    run(cloud)
    latest = shown(desk)["LatestRestorableTime"]
    assert latest <= cloud.account.calendar.date - timedelta(minutes=5)

    moment = cloud.account.calendar.date_at(begin + 100)
    asked = {"SourceDBInstanceIdentifier": "orders", "TargetDBInstanceIdentifier": "back"}
    restore = desk.RestoreDBInstanceToPointInTime
    for wrong in (latest + timedelta(seconds=1), cloud.account.calendar.start):
        assert refused(restore, **asked, RestoreTime=wrong) == "InvalidParameterValueException"
    assert refused(restore, **asked) == "InvalidParameterCombinationException"
    restore({**asked, "RestoreTime": moment})
    restore({**asked, "TargetDBInstanceIdentifier": "new", "UseLatestRestorableTime": True})
    cloud.advance(30)

    whole = journal(desk)
    expected = [each for each in whole if each.when <= begin + 100]
    assert 0 < len(expected) < len(whole)
    assert journal(desk, "back") == expected
    assert journal(desk, "new") == [
        each for each in whole if cloud.account.calendar.date_at(each.when) <= latest
    ]
    assert shown(desk, "back")["Endpoint"] != shown(desk)["Endpoint"]

    seen = run(cloud, db_instance="back", strategy=NoCache())
    rows = {each.key: each.version for each in expected}
    firsts = seen.history[seen.history["op"] == "read"].drop_duplicates("key")
    writes = seen.history[seen.history["op"] == "write"].drop_duplicates("key")
    first_write = dict(zip(writes["key"], writes["begin"], strict=True))
    unchanged = firsts[
        [e < first_write.get(k, 1e9) for k, e in zip(firsts["key"], firsts["end"], strict=True)]
    ]
    assert len(unchanged) > 5
    assert all(row["version"] == rows.get(row["key"], 0) for _, row in unchanged.iterrows())
    assert journal(desk, "back")[: len(expected)] == expected
    assert journal(desk) == whole


def test_a_snapshot_in_the_midst_of_a_run_has_the_commits_until_then():
    """What is in it is known when the run is over."""
    cloud, desk = shop()
    named = {"DBInstanceIdentifier": "orders", "DBSnapshotIdentifier": "mid"}
    cloud.at(1, lambda: desk.CreateDBSnapshot(named))
    begin = cloud.account.calendar.now
    run(cloud)
    saved = desk.snapshots.find("mid").journal.commits()
    assert saved == [each for each in journal(desk) if each.when <= begin + 60]
    assert 0 < len(saved) < len(journal(desk))


def test_a_failover_is_seen_by_the_clients():
    """Writes fail for one to two minutes, as long as the events say; no acknowledged write is lost."""
    cloud, desk = shop(MultiAZ=True)
    forced = {"DBInstanceIdentifier": "orders", "ForceFailover": True}
    cloud.at(1, lambda: desk.RebootDBInstance(forced))
    result = run(cloud, minutes=4)
    lasts = desk.instances.find("orders").outages[-1].lasts
    writes = result.history[result.history["op"] == "write"]
    failed = writes[writes["error"].notna()]
    assert 60 <= lasts <= 120
    assert failed["begin"].min() >= 59
    assert 60 + lasts - 2 <= failed["begin"].max() <= 60 + lasts
    acked = set(writes[writes["error"].isna()]["write"])
    assert acked <= {each.write for each in journal(desk)}


def test_a_run_begins_in_the_midst_of_an_outage():
    """The rest of it is in the run."""
    cloud, desk = shop()
    desk.RebootDBInstance({"DBInstanceIdentifier": "orders"})
    lasts = desk.instances.find("orders").outages[-1].lasts
    cloud.advance(0.5)
    result = run(cloud)
    failed = result.history[(result.history["op"] == "write") & result.history["error"].notna()]
    assert lasts - 32 <= failed["begin"].max() <= lasts - 30


def test_replicas_lag_and_a_promoted_one_has_what_had_arrived():
    """ReplicaLag is the age of the oldest commit under way; a promotion keeps a prefix of the commits."""
    cloud, desk = shop()
    copy = {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "orders"}
    desk.CreateDBInstanceReadReplica(copy)
    cloud.advance(20)
    slow = cs.Database(lag=Constant(value=30.0))
    begin = cloud.account.calendar.now
    cloud.at(2.5, lambda: desk.PromoteReadReplica({"DBInstanceIdentifier": "copy"}))
    run(cloud, minutes=4, database=slow)
    whole, own = journal(desk), journal(desk, "copy")
    assert own == [each for each in whole if each.when + 30 <= begin + 150]
    assert 0 < len(own) < len(whole)

    asked = {
        "Namespace": "AWS/RDS", "MetricName": "ReplicaLag", "Period": 60, "Statistics": ["Maximum"],
        "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "copy"}],
        "StartTime": cloud.account.calendar.start, "EndTime": cloud.account.calendar.date,
    }  # fmt: skip
    points = cloud.desk("cloudwatch").GetMetricStatistics(asked)["Datapoints"]
    lags = [each["Maximum"] for each in sorted(points, key=lambda each: each["Timestamp"])]
    assert lags[0] == 0
    assert lags[1:3] == pytest.approx([30, 30], abs=0.5)
    assert lags[3] == -1


def test_what_a_run_cannot_have():
    """A replica, an instance that is not there yet, and one that nobody made."""
    cloud, desk = made(minutes=0)
    with pytest.raises(BadInput, match="creating"):
        DatabaseRun(cloud.account, "orders")
    cloud.advance(30)
    desk.CreateDBInstanceReadReplica(
        {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "orders"}
    )
    cloud.advance(30)
    with pytest.raises(BadInput, match='name its source "orders"'):
        DatabaseRun(cloud.account, "copy")
    with pytest.raises(ServiceFault, match="not found"):
        DatabaseRun(cloud.account, "nobody")


def test_a_security_group_keeps_the_application_out():
    """No rule, no connection."""
    cloud = Cloud(seed=1)
    group = cloud.desk("ec2").CreateSecurityGroup({"GroupName": "db", "Description": "d"})[
        "GroupId"
    ]
    cloud.desk("rds").CreateDBInstance({**ORDERS, "VpcSecurityGroupIds": [group]})
    cloud.advance(30)
    served = DatabaseRun(cloud.account, "orders")
    assert [str(each) for each in served.faults()] == ["PartitionDatabase at 0 s for good"]
