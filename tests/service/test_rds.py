"""The desk of RDS: states and their times, events, windows, failover, replicas, snapshots, the bill."""

import json
from datetime import timedelta

import pytest

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault

ORDERS = {
    "DBInstanceIdentifier": "orders",
    "Engine": "mysql",
    "DBInstanceClass": "db.t3.micro",
    "AllocatedStorage": 20,
    "MasterUserPassword": "correct horse",
    "BackupRetentionPeriod": 3,
    "PreferredBackupWindow": "03:00-04:00",
    "PreferredMaintenanceWindow": "tue:05:00-tue:06:00",
}
DAY = 24 * 60  # minutes


def made(minutes=30, **request):
    """Return a cloud with an instance, and its desk."""
    cloud = Cloud(seed=1)
    desk = cloud.desk("rds")
    desk.CreateDBInstance(ORDERS | request)
    cloud.advance(minutes)
    return cloud, desk


def shown(desk, name="orders"):
    """Return an instance as it is shown."""
    return desk.DescribeDBInstances({"DBInstanceIdentifier": name})["DBInstances"][0]


def told(desk, name="orders", minutes=20 * DAY):
    """Return the messages about a source, the oldest first."""
    asked = {"Duration": minutes, "SourceIdentifier": name}
    return [each["Message"] for each in reversed(desk.DescribeEvents(asked)["Events"])]


def refused(call, **request):
    """Return the shape of the fault with which a call is refused."""
    with pytest.raises(ServiceFault) as found:
        call(request)
    return found.value.shape


def test_an_instance_comes_and_is_saved_first():
    """It has no endpoint while it is created; then its first backup is made, and it is available."""
    cloud, desk = made(minutes=0)
    assert shown(desk)["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in shown(desk)
    cloud.advance(5)
    assert shown(desk)["DBInstanceStatus"] == "creating" or told(desk)[0] == "DB instance created"
    cloud.advance(15)
    found = shown(desk)
    assert (found["DBInstanceStatus"], found["Endpoint"]["Port"]) == ("available", 3306)
    assert told(desk) == [
        "DB instance created",
        "Backing up DB instance",
        "Finished DB Instance backup",
    ]
    assert found["LatestRestorableTime"] <= cloud.account.calendar.date


@pytest.mark.parametrize(
    ("changes", "shape"),
    [
        ({"DBInstanceIdentifier": "1bad--"}, "InvalidParameterValueException"),
        ({"Engine": "oracle-ee"}, "InvalidParameterValueException"),
        ({"DBInstanceClass": "db.huge"}, "InvalidParameterValueException"),
        ({"AllocatedStorage": 19}, "InvalidParameterValueException"),
        ({"BackupRetentionPeriod": 36}, "InvalidParameterValueException"),
        ({"PreferredBackupWindow": "03:00-03:29"}, "InvalidParameterValueException"),
        ({"PreferredBackupWindow": "05:30-06:30"}, "InvalidParameterValueException"),
        ({"MasterUserPassword": "short"}, "InvalidParameterValueException"),
        ({"StorageType": "io1"}, "NotImplemented"),
    ],
)  # fmt: skip
def test_what_an_instance_cannot_be(changes, shape):
    """A wrong value is refused, and nothing is made."""
    desk = Cloud(seed=1).desk("rds")
    assert refused(desk.CreateDBInstance, **ORDERS | changes) == shape
    assert [] == desk.DescribeDBInstances({})["DBInstances"]


def test_windows_that_nobody_chose_do_not_overlap():
    """Both are drawn, and one beside a window that somebody chose."""
    desk = Cloud(seed=1).desk("rds")
    few = {name: value for name, value in ORDERS.items() if "Preferred" not in name}
    for number in range(30):
        night = {"PreferredBackupWindow": "03:00-10:30"} if number % 2 else {}
        desk.CreateDBInstance({**few, **night, "DBInstanceIdentifier": f"d{number}"})
    for each in desk.DescribeDBInstances({})["DBInstances"]:
        begin, end = (part[-5:] for part in each["PreferredBackupWindow"].split("-"))
        first, last = (part[-5:] for part in each["PreferredMaintenanceWindow"].split("-"))
        assert last <= begin or first >= end


def test_a_failover_takes_one_or_two_minutes_and_tells_three_events():
    """0013, then 0015 and 0049; the zone changes, and the name stays. Too soon again, 0034 says no."""
    cloud, desk = made(MultiAZ=True)
    sns = cloud.desk("sns")
    topic = sns.CreateTopic({"Name": "ops"})["TopicArn"]
    sns.Subscribe({"TopicArn": topic, "Protocol": "inbox"})
    asked = {"SubscriptionName": "Fail", "SnsTopicArn": topic, "SourceType": "db-instance"}
    desk.CreateEventSubscription({**asked, "EventCategories": ["failover"]})
    before, begin = shown(desk), cloud.account.calendar.now

    reboot = {"DBInstanceIdentifier": "orders", "ForceFailover": True}
    assert desk.RebootDBInstance(reboot)["DBInstance"]["DBInstanceStatus"] == "rebooting"
    assert refused(desk.RebootDBInstance, **reboot) == "InvalidDBInstanceStateFault"
    cloud.advance(3)
    after = shown(desk)
    desk.RebootDBInstance(reboot)

    messages = [(each.seconds - begin, json.loads(each.text)["Event ID"]) for each in cloud.inbox]
    assert [text.rpartition("#")[2] for _, text in messages] == [
        f"RDS-EVENT-{number}" for number in ("0013", "0015", "0049", "0034")
    ]
    assert messages[0][0] == 0
    assert 60 <= messages[2][0] <= 120
    assert after["Endpoint"] == before["Endpoint"]
    assert after["AvailabilityZone"] == before["SecondaryAvailabilityZone"]
    assert shown(desk)["DBInstanceStatus"] == "available"


def test_failovers_of_many_seeds_take_one_or_two_minutes():
    """None is shorter or longer, and they differ."""
    seen = set()
    for seed in range(30):
        cloud = Cloud(seed=seed)
        desk = cloud.desk("rds")
        desk.CreateDBInstance({**ORDERS, "MultiAZ": True})
        cloud.advance(30)
        desk.kill("orders")
        seen.add(desk.instances.find("orders").outages[-1].lasts)
    assert 60 <= min(seen) < max(seen) <= 120


def test_without_a_standby_there_is_no_failover():
    """ForceFailover is refused; a reboot is not; a dead machine is repaired."""
    cloud, desk = made()
    forced = {"DBInstanceIdentifier": "orders", "ForceFailover": True}
    assert refused(desk.RebootDBInstance, **forced) == "InvalidParameterCombinationException"
    desk.RebootDBInstance({"DBInstanceIdentifier": "orders"})
    cloud.advance(5)
    cloud.kill("orders")
    cloud.advance(10)
    assert told(desk)[3:] == [
        "DB instance shutdown", "DB instance restarted",
        "Recovery of the DB instance has started. "
        "Recovery time will vary with the amount of data to be recovered.",
        "DB instance restarted", "Recovery of the DB instance is complete.",
    ]  # fmt: skip


def test_changes_wait_for_the_window():
    """What waits is shown, and replaced by a newer change; a window moved takes it along."""
    cloud, desk = made()
    for kind in ("db.t3.small", "db.t3.medium"):
        desk.ModifyDBInstance({"DBInstanceIdentifier": "orders", "DBInstanceClass": kind})
    assert shown(desk)["PendingModifiedValues"] == {"DBInstanceClass": "db.t3.medium"}
    window = {"PreferredMaintenanceWindow": "mon:12:00-mon:13:00"}
    desk.ModifyDBInstance({"DBInstanceIdentifier": "orders", **window})
    cloud.advance(4 * 60)
    found = shown(desk)
    assert (found["DBInstanceClass"], found["PendingModifiedValues"]) == ("db.t3.medium", {})
    assert told(desk)[-2:] == [
        "Applying modification to database instance class",
        "Finished applying modification to DB instance class",
    ]
    cloud.advance(2 * DAY)
    assert len(told(desk)) == 5 + 2 * 2  # two nights, and the old window did nothing


def test_a_change_at_once():
    """A standby comes without an outage, more storage too; less storage is refused."""
    cloud, desk = made()
    now = {"DBInstanceIdentifier": "orders", "ApplyImmediately": True}
    desk.ModifyDBInstance({**now, "MultiAZ": True, "AllocatedStorage": 40})
    assert shown(desk)["DBInstanceStatus"] == "modifying"
    cloud.advance(15)
    found = shown(desk)
    assert (found["MultiAZ"], found["AllocatedStorage"]) == (True, 40)
    assert [each.frozen for each in desk.instances.find("orders").outages] == [True]  # the backup's
    assert refused(desk.ModifyDBInstance, **now, AllocatedStorage=30) == (
        "InvalidParameterCombinationException"
    )


def test_a_snapshot_of_every_night_is_kept_for_some_days():
    """One a day in the window, and those older than the retention period are dropped."""
    cloud, desk = made(minutes=8 * DAY)
    names = [each["DBSnapshotIdentifier"] for each in desk.DescribeDBSnapshots({})["DBSnapshots"]]
    assert 4 <= len(names) <= 5
    last = [f"rds:orders-2026-01-{n}" for n in (10, 11, 12, 13)]
    assert [name[:21] for name in names[-4:]] == last
    assert all("03-00" <= name[-5:] < "04-00" for name in names)
    (backup,) = desk.DescribeDBInstanceAutomatedBackups({})["DBInstanceAutomatedBackups"]
    window, now = backup["RestoreWindow"], cloud.account.calendar.date
    assert now - window["EarliestTime"] == timedelta(days=3)
    assert timedelta(minutes=5) <= now - window["LatestTime"] < timedelta(minutes=10)
    desk.ModifyDBInstance({"DBInstanceIdentifier": "orders", "BackupRetentionPeriod": 1})
    assert len(desk.DescribeDBSnapshots({})["DBSnapshots"]) == 2


def test_no_backups_no_way_back():
    """0 days drop the backups and end the restores; replicas need them, and refuse 0."""
    cloud, desk = made()
    now = {"DBInstanceIdentifier": "orders", "ApplyImmediately": True}
    desk.ModifyDBInstance({**now, "BackupRetentionPeriod": 0})
    cloud.advance(15)
    assert "LatestRestorableTime" not in shown(desk)
    assert [] == desk.DescribeDBSnapshots({})["DBSnapshots"]
    copy = {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "orders"}
    assert refused(desk.CreateDBInstanceReadReplica, **copy) == "InvalidDBInstanceStateFault"
    desk.ModifyDBInstance({**now, "BackupRetentionPeriod": 1})
    cloud.advance(20)
    desk.CreateDBInstanceReadReplica(copy)
    assert refused(desk.ModifyDBInstance, **now, BackupRetentionPeriod=0) == (
        "InvalidParameterValueException"
    )
    assert told(desk)[3:] == [
        "Disabled automated backups", "Enabled automated backups",
        "Backing up DB instance", "Finished DB Instance backup",
    ]  # fmt: skip


def test_a_replica_comes_and_becomes_an_instance():
    """It names its source; promoted, it has backups of its own. It follows nobody whose source is gone."""
    cloud, desk = made()
    for name in ("copy", "Other"):
        copy = {"DBInstanceIdentifier": name, "SourceDBInstanceIdentifier": "orders"}
        desk.CreateDBInstanceReadReplica(copy)
    cloud.advance(20)
    assert shown(desk)["ReadReplicaDBInstanceIdentifiers"] == ["copy", "other"]
    assert told(desk, "copy") == ["DB instance created", "Replication for the Read Replica resumed"]
    desk.PromoteReadReplica({"DBInstanceIdentifier": "copy"})
    cloud.advance(15)
    found = shown(desk, "copy")
    assert (found["DBInstanceStatus"], found["BackupRetentionPeriod"]) == ("available", 1)
    assert shown(desk)["ReadReplicaDBInstanceIdentifiers"] == ["other"]
    assert refused(desk.PromoteReadReplica, DBInstanceIdentifier="copy") == (
        "InvalidDBInstanceStateFault"
    )
    desk.DeleteDBInstance({"DBInstanceIdentifier": "orders", "SkipFinalSnapshot": True})
    assert "ReadReplicaSourceDBInstanceIdentifier" not in shown(desk, "other")


def test_a_deletion_needs_a_word_about_the_last_snapshot():
    """One of two members; a protected instance stays; automated snapshots go, the last one stays."""
    cloud, desk = made(DeletionProtection=True)
    named = {"DBInstanceIdentifier": "orders"}
    gone = {**named, "SkipFinalSnapshot": True}
    assert refused(desk.DeleteDBInstance, **gone) == "InvalidParameterCombinationException"
    desk.ModifyDBInstance({**named, "DeletionProtection": False})
    assert refused(desk.DeleteDBInstance, **named) == "InvalidParameterCombinationException"
    last = {"FinalDBSnapshotIdentifier": "last"}
    assert refused(desk.DeleteDBInstance, **gone, **last) == "InvalidParameterCombinationException"
    desk.DeleteDBInstance({**named, **last})
    cloud.advance(20)
    assert [each["DBSnapshotIdentifier"] for each in desk.DescribeDBSnapshots({})["DBSnapshots"]] == [
        "last"
    ]  # fmt: skip
    assert refused(desk.DescribeDBInstances, **named) == "DBInstanceNotFoundFault"
    desk.RestoreDBInstanceFromDBSnapshot({**named, "DBSnapshotIdentifier": "last"})
    cloud.advance(20)
    assert shown(desk)["DBInstanceStatus"] == "available"
    assert "Restored from snapshot last" in told(desk)
