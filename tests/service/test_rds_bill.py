"""What DB instances cost, and their tags."""

import pytest

from tests.service.test_rds import DAY, made, shown


def test_the_bill():
    """Hours by the second and twice with a standby, storage, and backups beyond the storage."""
    cloud, desk = made(minutes=0, MultiAZ=True)
    cloud.advance(60)
    created = (shown(desk)["InstanceCreateTime"] - cloud.account.calendar.start).total_seconds()
    desk.CreateDBSnapshot({"DBInstanceIdentifier": "orders", "DBSnapshotIdentifier": "kept"})
    cloud.advance(10)
    desk.DeleteDBInstance({"DBInstanceIdentifier": "orders", "SkipFinalSnapshot": True})
    cloud.advance(20)
    end = desk.costs.rents[0].end
    cloud.advance(30 * DAY)

    (hours, storage, backup) = cloud.account.bill.lines(cloud.account.calendar.now)
    assert hours[:2] == ("orders", "db.t3.micro")
    assert hours[3] == pytest.approx((end - created) / 3600 * 2 * 0.017)
    assert storage[3] == pytest.approx((end - created) / 3600 / 730 * 2 * 20 * 0.115)
    kept = cloud.account.calendar.now - end  # while the instance was there, backups were free
    assert backup[3] == pytest.approx(kept / 3600 / 730 * 20 * 0.095)


def test_tags():
    """They come with Create, change, and go."""
    cloud, desk = made(Tags=[{"Key": "team", "Value": "web"}])
    named = {"ResourceName": shown(desk)["DBInstanceArn"]}
    desk.AddTagsToResource({**named, "Tags": [{"Key": "cost", "Value": "7"}]})
    desk.RemoveTagsFromResource({**named, "TagKeys": ["team"]})
    assert desk.ListTagsForResource(named)["TagList"] == [{"Key": "cost", "Value": "7"}]
    assert shown(desk)["TagList"] == [{"Key": "cost", "Value": "7"}]
    assert cloud.account.tags_of(named["ResourceName"]) == {"cost": "7"}
    assert cloud.account.tags_of(named["ResourceName"] + "x") == {}
