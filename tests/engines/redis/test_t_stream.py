"""The stream commands, by hand; replicas, moves, files and evictions."""

from random import Random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.moving import move_key
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform
from tests.engines.redis.by_hand import WRONG, build, run
from tests.engines.redis.replicas import pair, replay

LOW = "-ERR The ID specified in XADD is equal or smaller than the target stream top item"
WRONG_ID = "-ERR Invalid stream ID specified as stream command argument"
SYNTAX = "-ERR syntax error"
START = 1_577_836_800_000  # milliseconds


@pytest.fixture
def engine():
    return build()


def entry(id, *content):
    return [id.encode(), [part.encode() for part in content]]


SCRIPTS = [
    [
        ("XADD s 5-1 a 1", b"5-1"),
        ("XADD s 5-1 a 1", LOW),
        ("XADD s 5-* a 2", b"5-2"),
        ("XADD s 6 a 3 b 4", b"6-0"),
        ("XADD s 4-* a 5", LOW),
        ("XADD s * a 5", b"%d-0" % START),
        ("XADD s * a 6", b"%d-1" % START),
        ("XLEN s", 5),
        ("TYPE s", "stream"),
        ("OBJECT ENCODING s", b"stream"),
        ("XADD s 0-0 a 1", "-ERR The ID specified in XADD must be greater than 0-0"),
        ("XADD s * a", "-ERR wrong number of arguments for 'xadd' command"),
        ("XADD none NOMKSTREAM * a 1", None),
        ("XRANGE s - 5", [entry("5-1", "a", "1"), entry("5-2", "a", "2")]),
        ("XRANGE s (5-1 6 COUNT 1", [entry("5-2", "a", "2")]),
        ("XREVRANGE s 6 - COUNT 1", [entry("6-0", "a", "3", "b", "4")]),
        ("XRANGE s - + COUNT 0", None),
        ("XRANGE s - (0-0", "-ERR invalid end ID for the interval"),
        ("XRANGE none - +", []),
        ("XADD s x a 1", WRONG_ID),
        ("SET t x", "OK"),
        ("XADD t * a 1", WRONG),
    ],
    [
        ("XADD s 1-1 a 1", b"1-1"),
        ("XADD s 2-1 a 1", b"2-1"),
        ("XADD s 3-1 a 1", b"3-1"),
        ("XADD s 4-1 a 1", b"4-1"),
        ("XDEL s 2-1 9-9", 1),
        ("XLEN s", 3),
        ("XTRIM s MAXLEN ~ 1", 0),
        ("XTRIM s MAXLEN = 2", 1),
        ("XTRIM s MINID 4", 1),
        ("XTRIM s MAXLEN 0", 1),
        ("XLEN s", 0),
        ("EXISTS s", 1),
        ("XADD s 4-1 a 1", LOW),
        ("XSETID s 9-0 ENTRIESADDED 7 MAXDELETEDID 8-0", "OK"),
        ("XADD s 9-* a 1", b"9-1"),
        ("XTRIM s a 1", SYNTAX),
        (
            "XSETID s 3-0",
            "-ERR The ID specified in XSETID is smaller than the target stream top item",
        ),
        (
            "XTRIM s MAXLEN 1 LIMIT 5",
            "-ERR syntax error, LIMIT cannot be used without the special ~ option",
        ),
        (
            "XTRIM s LIMIT 5 LIMIT 6",
            "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
        ),
        (
            "XTRIM s MAXLEN 1 MINID 2",
            "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
        ),
        ("XTRIM s MAXLEN -1", "-ERR The MAXLEN argument must be >= 0."),
        ("XSETID none 1-1", "-ERR no such key"),
    ],
    [
        ("XADD s 1-1 a 1", b"1-1"),
        ("XADD t 7-1 b 2", b"7-1"),
        ("XADD s 2-1 a 2", b"2-1"),
        (
            "XREAD STREAMS s t 1 0",
            {
                b"s": [entry("1-1", "a", "1"), entry("2-1", "a", "2")],
                b"t": [entry("7-1", "b", "2")],
            },
        ),
        ("XREAD COUNT 1 STREAMS s t 1-1 7-1", {b"s": [entry("2-1", "a", "2")]}),
        ("XREAD BLOCK 0 STREAMS s $", None),
        ("XREAD STREAMS s none $ 0", None),
        (
            "XREAD STREAMS s t 0",
            "-ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
        ),
        ("XREAD COUNT 1 COUNT 2", SYNTAX),
        ("XREAD BLOCK x STREAMS s 0", "-ERR timeout is not an integer or out of range"),
    ],
    [
        (
            "XGROUP CREATE s g $",
            "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may "
            "want to use the MKSTREAM option to create an empty stream automatically.",
        ),
        ("XGROUP CREATE s g $ MKSTREAM", "OK"),
        ("XGROUP CREATE s g 0", "-BUSYGROUP Consumer Group name already exists"),
        ("XADD s 1-1 a 1", b"1-1"),
        ("XADD s 2-1 a 2", b"2-1"),
        ("XPENDING s g", [0, None, None, None]),
        ("XREADGROUP GROUP g ann COUNT 1 STREAMS s >", {b"s": [entry("1-1", "a", "1")]}),
        ("XREADGROUP GROUP g bob STREAMS s >", {b"s": [entry("2-1", "a", "2")]}),
        ("XREADGROUP GROUP g ann STREAMS s >", None),
        ("XREADGROUP GROUP g ann STREAMS s 0", {b"s": [entry("1-1", "a", "1")]}),
        ("XPENDING s g", [2, b"1-1", b"2-1", [[b"ann", b"1"], [b"bob", b"1"]]]),
        ("XPENDING s g - + 9 ann", [[b"1-1", b"ann", 0, 2]]),
        ("XPENDING s g IDLE 1 - + 9", []),
        ("XCLAIM s g bob 0 1-1 JUSTID", [b"1-1"]),
        ("XDEL s 1-1", 1),
        ("XREADGROUP GROUP g bob STREAMS s 0", {b"s": [[b"1-1", None], entry("2-1", "a", "2")]}),
        ("XAUTOCLAIM s g ann 0 - COUNT 1", [b"2-1", [], [b"1-1"]]),
        ("XACK s g 2-1 1-1", 1),
        (
            "XINFO CONSUMERS s g",
            [
                {b"name": b"ann", b"pending": 0, b"idle": 0},
                {b"name": b"bob", b"pending": 0, b"idle": 0},
            ],
        ),
        ("XGROUP DELCONSUMER s g bob", 0),
        ("XGROUP CREATECONSUMER s g carl", 1),
        ("XGROUP DESTROY s g", 1),
        ("XGROUP SETID s g 0", "-NOGROUP No such consumer group 'g' for key name 's'"),
        (
            "XREADGROUP GROUP g ann STREAMS s >",
            "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option",
        ),
        (
            "XGROUP create s g 0 x",
            "-ERR unknown subcommand or wrong number of arguments for 'create'. Try XGROUP HELP.",
        ),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_by_hand_on_a_few_commands(engine, script):
    """Ids, ranges, trims, reading of several streams, groups."""
    for line, reply in script:
        assert reply == run(engine, line), line


def test_how_far_a_group_is(engine):
    """Entries read and still to read; after XDEL in the middle nobody can say it until the end is reached."""
    for number in range(1, 5):
        run(engine, f"XADD s {number}-0 a 1")
    run(engine, "XGROUP CREATE s g 0")
    seen = []
    for _ in range(4):
        run(engine, "XREADGROUP GROUP g ann COUNT 1 STREAMS s >")
        run(engine, "XDEL s 3-0")
        group = run(engine, "XINFO GROUPS s")[0]
        seen.append((group[b"entries-read"], group[b"lag"]))

    assert [(1, None), (None, None), (4, 0), (4, 0)] == seen


def test_nobody_reads_twice(engine):
    """Three consumers of a group share 1,000 entries; what one leaves, another one claims."""
    run(engine, "XGROUP CREATE s g $ MKSTREAM")
    draw, got, left = Random(1), [], 0
    for number in range(1000):
        run(engine, f"XADD s * number {number}")
    while told := run(
        engine, f"XREADGROUP GROUP g c{draw.randrange(3)} COUNT {draw.randint(1, 9)} STREAMS s >"
    ):
        ids = [id.decode() for id, _ in told[b"s"]]
        got += ids
        done = draw.sample(ids, draw.randint(1, len(ids)))
        left += len(ids) - len(done)
        assert len(done) == run(engine, "XACK s g " + " ".join(done))

    assert 1000 == len({*got}) == len(got)
    engine.clock.advance(60.0)
    claimed = run(engine, "XAUTOCLAIM s g rescuer 60000 0 COUNT 1000 JUSTID")
    assert left == len(claimed[1]) > 100
    assert b"0-0" == claimed[0]


def test_a_full_stream_evicts():
    """The bytes of streams count: at 200 KiB of memory, as many small streams stay as have room."""
    engine = Redis(memory=200_000, policy="allkeys-lru").build(
        ManualClock(), uniform(1, "evictions")
    )
    for number in range(200):
        engine.execute(("XADD", f"s{number}", "*", "f", "v"))

    assert engine.evictions > 150
    assert 25 < len(engine) < 35
    assert "s199" in engine.table.entries


def test_a_stream_moves_with_its_groups():
    """As MIGRATE moves it: entries, the last id, groups, consumers and what is pending."""
    clock, source, _ = pair()
    target = ReplicatedEngine(Redis(), clock, uniform(1, "target"))
    for line in ("XADD s 1-1 a 1", "XADD s 2-1 a 2", "XDEL s 2-1", "XGROUP CREATE s g 0"):
        run(source, line)
    run(source, "XREADGROUP GROUP g ann STREAMS s >")
    before = run(source, "XINFO STREAM s FULL")
    move_key("s", source, target)

    assert 0 == len(source)
    assert before == run(target, "XINFO STREAM s FULL")


def test_a_replica_knows_what_is_pending():
    """Whose it is, since when and how often it was delivered; and how far the group is."""
    clock, primary, replica = pair()
    for line in ("XADD s 1-1 a 1", "XADD s 2-1 a 2", "XADD s 3-1 a 3", "XGROUP CREATE s g 0"):
        run(primary, line)
    run(primary, "XREADGROUP GROUP g ann COUNT 2 STREAMS s >")
    clock.advance(5.0)
    run(primary, "XCLAIM s g bob 0 2-1")
    run(primary, "XREADGROUP GROUP g carl NOACK STREAMS s >")
    clock.advance(1.0)
    replay(primary, replica)

    waited = [[b"1-1", b"ann", 6000, 1], [b"2-1", b"bob", 1000, 2]]
    for engine in (primary, replica):
        assert waited == run(engine, "XPENDING s g - + 9")
        assert b"3-1" == run(engine, "XINFO GROUPS s")[0][b"last-delivered-id"]
        assert [b"ann", b"bob", b"carl"] == [c[b"name"] for c in run(engine, "XINFO CONSUMERS s g")]


@pytest.mark.parametrize("at", [3, 20, 30, 60, 70])
def test_a_damaged_stream_is_refused(engine, at):
    """RESTORE with a right checksum and a wrong content stores nothing, or a stream that can be read."""
    for line in (
        "XADD s 1-1 f x",
        "XADD s 2-1 f y",
        "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g ann STREAMS s >",
    ):
        run(engine, line)
    payload, errors = bytearray(run(engine, "DUMP s")[:-8]), set()
    for value in range(256):
        payload[at] = value
        try:
            engine.execute(("RESTORE", "t", 0, bytes(payload) + bytes(8), "REPLACE"))
        except CommandError as error:
            errors.add(str(error))
            continue
        run(engine, "XRANGE t - +")
        run(engine, "XINFO STREAM t FULL")
    assert errors <= {"ERR Bad data format"}
