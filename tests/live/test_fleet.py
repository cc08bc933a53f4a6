"""Several real redis-servers on one simulated clock: time, turns, links, faults."""

import os
import random
import tempfile
from pathlib import Path

import pytest

from cachesim.errors import BadInput, CommandError
from cachesim.live.fleet import LiveFleet
from cachesim.live.groups import PrimaryAndReplicas
from cachesim.live.play import TimedCommand, play
from tests.live.conftest import seconds_until, started_fleet

SMALL = {"repl-backlog-size": "16kb"}


def test_a_link_has_the_lag_that_we_give_it(fleet):
    """By hand: a write at 0 s is at the replica 20 ms later, not 1 ms earlier."""
    pair = fleet(PrimaryAndReplicas, lag=lambda: 0.02)
    (replica,) = pair.replicas
    pair.primary.call("SET", "a", "1")
    seen = [replica.call("GET", "a")]
    for seconds in (0.019, 0.001):
        pair.move(seconds)
        seen.append(replica.call("GET", "a"))

    assert [None, None, b"1"] == seen
    assert 0.02 == pytest.approx(pair.now)


def test_what_was_sent_at_once_arrives_at_once(fleet):
    """A lag is drawn per instant, not per command."""
    lags = iter([0.3, 0.1])
    pair = fleet(PrimaryAndReplicas, lag=lambda: next(lags), back=lambda: 0.0)
    (replica,) = pair.replicas
    for value in ("1", "2"):
        pair.primary.call("SET", "a", value)
    pair.move(0.299)
    before = replica.call("GET", "a")
    pair.move(0.001)

    assert (None, b"2") == (before, replica.call("GET", "a"))


def test_a_link_keeps_the_order(fleet):
    """A piece with a shorter lag waits for the one before it, as in TCP."""
    lags = iter([0.3, 0.1, 0.1])
    pair = fleet(PrimaryAndReplicas, lag=lambda: next(lags, 0.0))
    (replica,) = pair.replicas
    pair.primary.call("SET", "a", "1")
    pair.move(0.05)
    pair.primary.call("SET", "a", "2")
    pair.move(0.2)
    before = replica.call("GET", "a")
    pair.move(0.05)

    assert (None, b"2") == (before, replica.call("GET", "a"))


def test_a_replica_knows_the_time(fleet):
    """A key that has expired is nil at the replica; it is counted until the primary's DEL arrives."""
    pair = fleet(PrimaryAndReplicas, lag=lambda: 0.5, back=lambda: 0.0)
    (replica,) = pair.replicas
    pair.primary.call("SET", "a", "1", "PX", 1000)
    pair.move(1.2)
    dead = replica.call("GET", "a"), replica.call("PTTL", "a"), replica.call("DBSIZE")
    pair.move(1.0)

    assert (None, -2, 1) == dead
    assert 0 == replica.call("DBSIZE")


def test_wait_takes_one_round_trip(fleet):
    """WAIT asks the replicas at once: the answer comes after twice the lag, not at the next ACK."""
    pair = fleet(PrimaryAndReplicas, replicas=2, lag=lambda: 0.02)
    pair.primary.call("SET", "a", "1")
    with pytest.raises(BadInput, match="WAIT waits"):
        pair.primary.call("WAIT", 2, 1000)
    pair.move(0.039)
    early = pair.primary.has_answered()
    pair.move(0.001)

    assert not early
    assert pair.primary.has_answered()
    assert 2 == pair.primary.reply()


def test_wait_gives_up(fleet):
    """Where one replica is frozen, WAIT 2 answers 1 when its time is over."""
    pair = fleet(PrimaryAndReplicas, replicas=2)
    pair.replicas[0].freeze()
    pair.primary.call("SET", "a", "1")
    pair.primary.ask("WAIT", 2, 1000)
    pair.move(0.9)
    early = pair.primary.has_answered()
    pair.move(0.2)

    assert (False, 1) == (early, pair.primary.reply())


def is_refused(pair):
    """Whether the primary refuses a write because it has too few good replicas."""
    try:
        return pair.primary.call("SET", "a", "1") != "OK"
    except CommandError as error:
        return str(error).startswith("NOREPLICAS")


@pytest.mark.parametrize("patience", [3, 10])
def test_min_replicas(fleet, patience):
    """Writes stop between m - 1/2 and m + 3/2 s after the cut of the link; they are back within 1 s."""
    settings = {"min-replicas-to-write": 1, "min-replicas-max-lag": patience}
    pair = fleet(PrimaryAndReplicas, settings=settings)
    (link,) = pair.links
    for phase in (0.0, 0.3, 0.5, 0.8):
        pair.move(2 + phase)
        link.cut()
        until_refused = seconds_until(pair, lambda: is_refused(pair))
        reads = pair.primary.call("GET", "a")
        link.heal()
        pair.settle()
        until_served = seconds_until(pair, lambda: not is_refused(pair))

        assert patience - 0.5 <= until_refused <= patience + 1.5
        assert b"1" == reads
        assert until_served <= 1.05


def test_a_frozen_replica_shifts_its_beat(fleet):
    """Its cron does not run meanwhile, so its ACKs come at another part of the second: up to 1 s less."""
    pair = fleet(
        PrimaryAndReplicas, settings={"min-replicas-to-write": 1, "min-replicas-max-lag": 3}
    )
    (replica,) = pair.replicas
    for phase in (0.0, 0.3, 0.5, 0.8):
        pair.move(2 + phase)
        replica.freeze()
        until_refused = seconds_until(pair, lambda: is_refused(pair))
        replica.thaw()
        seconds_until(pair, lambda: not is_refused(pair))

        assert 3 - 1 <= until_refused <= 3 + 1.5


@pytest.mark.parametrize(("missed", "expected"), [(8, "partial"), (40, "full")])
def test_what_a_replica_missed(fleet, missed, expected):
    """With a backlog of 16 kB: 8 kB missed are sent again; after 40 kB everything is copied."""
    pair = fleet(PrimaryAndReplicas, settings=SMALL)
    (link,), (replica,) = pair.links, pair.replicas
    before = counts(pair)
    link.break_off()
    pair.settle()
    for number in range(missed):
        pair.primary.call("SET", f"k{number}", "y" * 1000)
    link.heal()
    pair.move(3)
    after = counts(pair)

    assert pair.is_linked()
    assert missed == replica.call("DBSIZE")
    assert {"full": int(expected == "full"), "partial_ok": int(expected == "partial")} == {
        name: after[name] - before[name] for name in before
    }


def counts(pair):
    """Return how many resyncs there were, of each kind."""
    stats = pair.primary.info("stats")
    return {name: int(stats[f"sync_{name}"]) for name in ("full", "partial_ok")}


def test_a_cut_link_holds_everything_back(fleet):
    """In a partition nothing arrives; what was under way arrives when it heals."""
    pair = fleet(PrimaryAndReplicas, lag=lambda: 0.01)
    (link,), (replica,) = pair.links, pair.replicas
    pair.primary.call("SET", "a", "1")
    link.cut()
    pair.move(5)
    cut = replica.call("GET", "a")
    link.heal()
    pair.move(0.05)

    assert (None, b"1") == (cut, replica.call("GET", "a"))


def test_a_reboot_without_persistence_empties_the_replica(fleet):
    """A20: the primary comes back empty, and its replica copies the empty data set."""
    pair = fleet(PrimaryAndReplicas)
    (replica,) = pair.replicas
    pair.primary.call("SET", "a", "1")
    pair.settle()
    full = replica.call("DBSIZE")
    pair.primary.crash()
    pair.move(1)
    pair.restart(pair.nodes[0])
    took = seconds_until(pair, pair.is_linked)

    assert (1, 0) == (full, replica.call("DBSIZE"))
    assert took <= 1.5


def test_a_crashed_node_takes_no_commands(fleet):
    """One sentence says what to do; a node that runs is not restarted."""
    pair = fleet(PrimaryAndReplicas)
    with pytest.raises(BadInput, match="crash it before"):
        pair.restart(pair.primary)
    pair.replicas[0].crash()
    with pytest.raises(BadInput, match="has crashed"):
        pair.replicas[0].call("PING")


def test_a_closed_fleet_leaves_nothing(monkeypatch):
    """No process, no folder, no descriptor; the process may use all its cores again."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        started_fleet(LiveFleet, [{}]).close()  # compiles the library on a first use
        before = len(os.listdir("/proc/self/fd")), os.sched_getaffinity(0)
        with started_fleet(PrimaryAndReplicas, replicas=2) as fleet:
            pids = [node.pid for node in fleet.nodes]
            fleet.replicas[0].freeze()

        assert [] == os.listdir(folder)
        assert before == (len(os.listdir("/proc/self/fd")), os.sched_getaffinity(0))
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_two_fleets_do_not_meet(fleet):
    """Each has a network of its own."""
    first, second = fleet(LiveFleet, [{}]), fleet(LiveFleet, [{}])

    assert first.nodes[0].address != second.nodes[0].address


def schedule(pair):
    """Play random writes, reads, freezes and cuts; return everything that was answered."""
    draw, said = random.Random(4), []
    for _ in range(300):
        pair.move(draw.choice([0.0, 0.003, 0.05, 0.4]))
        key = f"k{draw.randrange(9)}"
        if draw.random() < 0.4:
            pair.primary.call("SET", key, draw.randrange(99), "PX", draw.randint(20, 900))
        said.append(draw.choice(pair.replicas).call("GET", key))
        if draw.random() < 0.03:
            draw.choice(pair.links).break_off()
            pair.move(0.5)
            for link in pair.links:
                link.heal()
    return said, [node.call("INFO", "replication") for node in pair.nodes]


def test_the_same_schedule_gives_the_same_answers(fleet):
    """Three runs, byte for byte: values, offsets, ids and states of the links."""
    runs = []
    for _ in range(3):
        lags = random.Random(5)
        pair = fleet(PrimaryAndReplicas, replicas=2, lag=lambda lags=lags: lags.expovariate(50))
        said, states = schedule(pair)
        runs.append((said, [without_addresses(state) for state in states]))

    assert runs[0] == runs[1] == runs[2]


def without_addresses(info):
    """Leave the addresses and ports out: each fleet has its own."""
    lines = info.decode().splitlines()
    return [
        line.partition("state=")[2] if line.startswith("slave") and "state=" in line else line
        for line in lines
        if not line.startswith(("master_host", "master_port"))
    ]


def test_a_schedule(fleet):
    """By hand on five commands: replies in order, and an error as a value."""
    pair = fleet(PrimaryAndReplicas, lag=lambda: 0.02)
    steps = [
        TimedCommand(0.0, 0, ("SET", "a", b"1")),
        TimedCommand(0.01, 1, ("GET", "a")),
        TimedCommand(0.02, 1, ("GET", "a")),
        TimedCommand(0.02, 1, ("DEL", "a")),
        TimedCommand(0.03, 0, ("DEL", "a")),
    ]
    *replies, refused, deleted = play(pair, steps)

    assert ["OK", None, b"1", 1] == [*replies, deleted]
    assert "READONLY You can't write against a read only replica." == str(refused)
