"""A full resync of a real replica, beside ours: what a read finds meanwhile, and how often all is copied."""

import random
from itertools import groupby, repeat
from pathlib import Path

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis import rdb
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.errors import CommandError
from cachesim.live.groups import PrimaryAndReplicas
from cachesim.model.fleet.copying import LOADING, CopyingReplica, Terms
from cachesim.units import MIB

SETTINGS = {
    "repl-backlog-size": "16kb",
    "rdbcompression": "no",
    "loading-process-events-interval-bytes": 4096,  # so often it answers while it loads
}
STEP, MOST = 0.1, 200  # seconds between two looks, and how many looks there are
LAG = 0.5  # seconds
TURNS = 50  # of a server that loads, until it answers


def filled(node, last):
    """Write 100 kB and a last value."""
    draw = random.Random(1)
    for number in range(100):
        node("SET", f"k{number}", draw.randbytes(1000))
    node("SET", "a", last)


def answer(node):
    """Ask a real node for "a"; while it loads, it takes the question at one of its next turns."""
    node.ask("GET", "a")
    for _ in range(TURNS):
        if node.has_answered():
            break
        node.process.turn()
    try:
        return node.reply()
    except CommandError as error:
        return str(error).rstrip(".")


def away(fleet):
    """Start a pair whose replica has an old value and was away for more than the backlog."""
    pair = fleet(PrimaryAndReplicas, settings=SETTINGS)
    pair.primary.call("SET", "a", "old")
    pair.primary.call("CONFIG", "SET", "client-output-buffer-limit", "replica 1mb 0 0")
    pair.settle()
    (link,) = pair.links
    link.set_lag(lambda: LAG, lambda: 0.0)
    link.break_off()
    pair.settle()
    filled(pair.primary.call, "new")
    link.heal()
    return pair


def fulls(pair):
    return int(pair.primary.info("stats")["sync_full"])


def looks(pair, until, then=None):
    """Look every 100 ms until the replica answers `until`; when it first loads, do something."""
    seen = []
    while until not in seen and len(seen) < MOST:
        pair.move(STEP)
        seen.append(answer(pair.replicas[0]))
        if then and seen[-1] == LOADING:
            then()
            then = None
    return [each for each, _ in groupby(seen)]


def ours(until, buffer=256 * MIB, then=None):
    """Do the same with an embedded pair: a copy takes 1 s, and 1 s to load."""
    clock, closed, takes_time = ManualClock(), [], []
    primary, engine = (
        ReplicatedEngine(Redis(), clock, lambda: 0.5, backlog=16_384) for _ in range(2)
    )
    replica = CopyingReplica(
        primary, engine, repeat(LAG), closed=closed.append,
        copies=lambda at: Terms(at + 1, at + 2, buffer) if takes_time else None,
    )  # fmt: skip
    takes_time.append(True)
    primary.execute(("SET", "a", "old"))
    clock.advance(1)
    replica.cut(1)
    filled(lambda *command: primary.execute(command), "new")
    replica.resync(1)
    seen = []
    while until not in seen and len(seen) < MOST:
        clock.advance(STEP)
        replica.catch_up(clock())
        if closed and closed[0] <= clock():
            closed.clear()
            replica.heal(clock()) or replica.resync(clock())
        seen.append(LOADING if replica.is_loading else engine.get("a"))
        if then and seen[-1] == LOADING:
            then(lambda *command: primary.execute(command))
            then = None
    return [each for each, _ in groupby(seen)], replica.full_copies


def test_what_a_replica_answers_during_a_full_resync(fleet):
    """What it had, LOADING, and then the copy."""
    pair = away(fleet)
    before = fulls(pair)
    real = looks(pair, until=b"new")

    assert [b"old", LOADING, b"new"] == real
    assert (real, fulls(pair) - before) == ours(until=b"new")
    assert 101 == pair.replicas[0].call("DBSIZE")


def burst(call):
    """Write two megabytes, more than the output buffer takes."""
    for number in range(2000):
        call("SET", f"k{number % 100}", b"x" * 1000)
    call("SET", "a", "newest")


def test_a_full_output_buffer_begins_the_copy_again(fleet):
    """2 MB are written while it loads: the first copy is served for a while, and the second one has all."""
    pair = away(fleet)
    before = fulls(pair)
    real = looks(pair, b"newest", then=lambda: burst(pair.primary.call))

    assert [b"old", LOADING, b"new", LOADING, b"newest"] == real
    assert (real, fulls(pair) - before) == ours(b"newest", MIB, then=burst)


@pytest.mark.parametrize("hashes", [0, 6])
def test_the_size_of_a_copy(fleet, hashes):
    """Ours lacks fields that only a server writes, 150 bytes at most; and a small hash takes a byte per part less."""
    pair = fleet(PrimaryAndReplicas, settings=SETTINGS)
    engine = ReplicatedEngine(Redis(), ManualClock(), lambda: 0.5)
    parts = [part for n in range(40) for part in (f"f{n}", f"v{n}!")]
    for node in (pair.primary.call, lambda *command: engine.execute(command)):
        for size in (1, 20, 63, 64, 1000, 20_000):
            value = random.Random(size).randbytes(size)
            node("SET", f"k{size}", value)
            node("SET", f"t{size}", value, "PX", 1_000_000)
        for number in range(hashes):
            node("HSET", f"h{number}", *parts)
    pair.primary.call("SAVE")
    folder = Path(pair.primary.call("CONFIG", "GET", "dir")[b"dir"].decode())
    missing = (folder / "dump.rdb").stat().st_size - rdb.size(engine)

    assert hashes * len(parts) <= missing < 150 + 1.1 * hashes * len(parts)
