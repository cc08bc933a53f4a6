"""A full copy in a fleet, by hand: the primary stands still for 1 s; 4 s on the way, 2 s to load."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis import rdb
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.experiments.run import run
from cachesim.model import faults
from cachesim.model.distributions import Constant
from cachesim.model.fleet.copying import FullCopy
from cachesim.model.fleet.groups import Replicated
from cachesim.records import Value
from cachesim.units import GIB, MIB
from tests.model.fleet.test_groups import SMALL, OnlyCache, play, read, write

BACKLOG = 1000  # bytes: seven writes of 100 bytes


def copy_of(writes, **fields):
    """A copy that takes 1 s, 4 s and 2 s if the primary has so many keys, "b", "c" and so on."""
    engine = ReplicatedEngine(Redis(memory=MIB), ManualClock(40.0), lambda: 0.5)
    for n in range(writes):
        engine.set(chr(ord("b") + n), Value.stamp(n, size=100))
    size = rdb.size(engine)
    costs = {"fork": GIB / engine.memory, "bandwidth": size / 4, "load": size / 2}
    return FullCopy(**costs, **fields)


def pair(copy, **fields):
    return Replicated(
        1, lag=Constant(value=0.0), backlog=BACKLOG, dns_ttl=0.0, copy=copy, **fields,
        detect=Constant(value=1.0), promote=Constant(value=0.0),
    )  # fmt: skip


GONE = faults.KillNode("node-1", at=20, down=10)  # the replica is back at 30 s, empty
CUT = faults.PartitionCache(node="node-1", at=20, duration=10)


def test_a_replica_that_comes_back_empty():
    """Copied from 30 s to 37 s. A get takes effect 1 s after it was sent; LOADING costs a hop and a visit."""
    steps = [write(10), read(22), read(3), read(1.5)]  # sent at 32, 35 and 36.5 s
    system, rows = play(pair(copy_of(1)), steps, GONE, strategy=OnlyCache(replica=True))

    assert [None, 1, 1] == system.shared["read"]
    assert ["lost", "hit", "hit"] == rows["lookup"].dropna().tolist()
    assert ["node-1", "node-0", "node-1"] == rows["node"].dropna().tolist()
    assert [0, 0, 1, 0] == rows["hops"].tolist()
    assert [11.0, 2.0, 1.0] == (rows["end"] - rows["begin"]).tolist()[1:]
    assert 1 == system.caches[1].replica.full_copies


def test_the_primary_stands_still_for_the_fork():
    """From 30 s to 31 s: a get of 30.25 s begins to be served at 31 s."""
    system, rows = play(pair(copy_of(1)), [write(10), read(20.25), read(2)], GONE)

    assert [11.0, 32.0, 33.25] == rows["end"].tolist()
    assert [1, 1] == system.shared["read"]


def test_a_replica_that_was_away_for_too_long_serves_what_it_had():
    """A cut from 20 s to 30 s, and more writes than the backlog holds: old until 35 s, LOADING until 37 s."""
    busy = [write(10), write(14.1)] + [write(0.1)] * 20
    steps = [*busy, read(5.9), read(2.5), read(1.5)]  # sent at 32, 34.5 and 36 s
    system, rows = play(pair(copy_of(1)), steps, CUT, strategy=OnlyCache(replica=True))

    assert [1, 22, 22] == system.shared["read"]
    assert [0, 1, 0] == rows["hops"].tolist()[-3:]


def test_a_short_cut_needs_no_copy():
    """Five writes are in the backlog."""
    busy = [write(10), write(14.1)] + [write(0.1)] * 4
    system, _ = play(pair(copy_of(1)), [*busy, read(6)], CUT, strategy=OnlyCache(replica=True))

    assert [6] == system.shared["read"]
    assert 0 == system.caches[1].replica.full_copies


def test_a_copy_starts_over_when_the_output_buffer_is_full():
    """Ten writes per second from 33 s to 43 s, and the buffer holds 31 of them."""
    busy = [write(10), write(22)] + [write(0.1)] * 99
    steps = [*busy, read(20)]
    small, large = copy_of(1, output_buffer=4000), copy_of(1, output_buffer=MIB)
    often, _ = play(pair(small), steps, GONE, strategy=OnlyCache(replica=True))
    once, _ = play(pair(large), steps, GONE, strategy=OnlyCache(replica=True))

    assert [101] == often.shared["read"] == once.shared["read"]
    assert 1 == once.caches[1].replica.full_copies
    assert 3 == often.caches[1].replica.full_copies  # 30 s; 37 s, when it had loaded; 40.1 s


def test_nobody_is_promoted_in_the_middle_of_a_copy():
    """The primary dies at 33 s, for good: the replica has nothing. At 40 s it would have had everything."""
    found = {}
    for at in (33, 40):
        killed = faults.KillNode("node-0", at=at)
        system, _ = play(pair(copy_of(1)), [write(10), read(60)], GONE, killed)
        found[at] = system.topology.primaries, len(system.lost_writes())

    assert {33: ((0,), 1), 40: ((1,), 0)} == found


def test_a_replica_that_copies_is_not_good():
    """With min-replicas-to-write the primary takes no writes before the copy is loaded, at 37 s."""
    fleet = pair(copy_of(1), min_replicas=1, max_lag=1)
    steps = [write(10), *[write(0.5)] * 70]
    _, rows = play(fleet, steps, GONE, on_cache_error="raise")
    refused = rows[rows["error"].notna()]

    assert 20.0 <= refused["end"].min() < 21.5  # the primary looks once per second
    assert 37.0 <= refused["end"].max() < 38.5


def test_wait_waits_for_the_copy():
    """Asked at 33 s: the replica answers when it has loaded and is half a second away."""
    system, _ = play(pair(copy_of(1)), [write(10), write(21)], GONE, strategy=OnlyCache(waits=1))

    assert (1, 37.5) == system.shared["waited"][1]


def test_commands_while_it_loads():
    """INFO is answered, GET and STRLEN are not, and a SET is refused as at any replica."""

    class Asks(OnlyCache):
        command: str = "GET b"

        def read(self, app, key):
            node = app.cache.clients[1]
            reply = yield node.execute(*self.command.split())
            app.shared["reply"] = reply
            return (yield app.db.read(key))

    said = {}
    for command in ("GET b", "STRLEN b", "SET b 1", "INFO server", "NOSUCH"):
        system, rows = play(pair(copy_of(1)), [write(10), read(25)], GONE,
                            strategy=Asks(command=command), on_cache_error="raise")  # fmt: skip
        said[command] = system.shared.get("reply", rows["error"][1])[:8]

    assert {"GET b": "Redirect", "STRLEN b": "Redirect", "SET b 1": "Redirect",
            "INFO server": b"# Server", "NOSUCH": "CommandE"} == said  # fmt: skip


@pytest.mark.parametrize(
    "played", [(), (faults.PartitionCache(node="node-1", at=1, duration=0.5),)]
)
def test_without_a_full_copy_its_costs_change_nothing(played):
    """Not a record, not an event: the replicas of the start are there, and a short cut needs none."""
    dear = FullCopy(fork=1000.0, bandwidth=1.0, load=1.0, output_buffer=1)
    cheap, costly = (run(SMALL.replace(faults=played, fleet__copy=c)) for c in (FullCopy(), dear))

    assert cheap.history.equals(costly.history)
    assert cheap.nodes.equals(costly.nodes)


def test_a_small_cache_is_copied_in_milliseconds():
    """A MiB at the figures of a scenario that says nothing."""
    spec = Replicated(1).copy
    seconds = spec.fork / 1024 + MIB / spec.bandwidth + MIB / spec.load

    assert 0.005 < seconds < 0.025
