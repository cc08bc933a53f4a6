"""The week of one cache: what each step must show, the sum of the bill, and the same seed twice."""

import re

import pytest

from cachesim.experiments.week import week
from cachesim.model.backups import look_at

pytestmark = pytest.mark.slow
SEEN = {  # step -> what it must say
    "mon 08:00": r"3 subnets; changed by us: \['maxmemory-policy'\]",
    "mon 08:05": r"creating, endpoints: False; TestFailover: InvalidReplicationGroupState",
    "mon 08:06": r"available: 3 members in 3 zones; notices 1",
    "mon 11:00": r"ALARM; messages 1",
    "mon 11:10": r"modifying; 4 members; again: NoOperation",
    "mon 12:00": r"cache.t3.small; pending: cache.m6g.large",
    "tue 03:00": r"snapshotting; Modify: InvalidReplicationGroupState; "
    r"snapshots \['automatic.shop-004-2026-01-06-03-\d\d'\]",
    "tue 04:58": r"cache.m6g.large, pending {}; requests with a cache error: \d+",
    "wed 10:00": r"in-progress, stopping, stopped; nodes updated [12]/4",
    # 3 writes/s and a lag of 1 ms: 0.003 are lost on average, so two or more once in 200,000 weeks
    "thu 14:00": r"5 events; acknowledged writes lost: [01]",
    "thu 15:00": r"in the bucket: \['pre-sale-copy.rdb', 'seed.rdb'\]",
    "fri 09:00": r"available; slots \['0-8191', '8192-16383'\]",
    "fri 12:00": r"3 shards; requests with a cache error: 0",
    "fri 18:00": r"groups 0; snapshots \['pre-sale', 'last-shop', 'last-sale'\]; sum .*USD",
}


@pytest.fixture(scope="module")
def played():
    """The week, once."""
    return week(seed=1)


def test_each_step_shows_what_it_must(played):
    """States, faults, members, messages, slots: the words of each step."""
    seen = {step.when: step.seen for step in played[1]}

    assert [] == [when for when, form in SEEN.items() if not re.fullmatch(form, seen[when])]
    first, last = map(float, re.findall(r"0\.\d\d", seen["mon 09:00"]))
    assert first + 0.05 < last < 1  # an empty cache fills


def test_the_bill_is_hours_times_prices(played):
    """Line by line, and the sum; nothing runs any more."""
    bill = played[0].account.bill
    nodes = sum(each.hours(1e9) * each.node_type.price for each in bill.rented)

    assert [] == bill.running()
    backups = float(re.search(r"backups .* (\S+) USD", played[0].bill())[1])
    assert played[0].dollars() == pytest.approx(nodes + backups, abs=0.001)
    assert 14 == len(bill.rented)  # 3 + 1 small ones, 4 large ones, 3 shards of two


def test_the_exported_file_has_keys(played):
    """What lies in the bucket is an RDB file with the seed's keys and others."""
    file = played[0].desk("s3").GetObject({"Bucket": "seeds", "Key": "pre-sale-copy.rdb"})["Body"]
    content = file if isinstance(file, bytes) else file.read()

    assert look_at(content).keys > 1000


def test_the_same_seed_gives_the_same_week(played):
    """Every sentence, and the bill to the cent."""
    cloud, steps = week(seed=1)

    assert steps == played[1]
    assert cloud.bill() == played[0].bill()
