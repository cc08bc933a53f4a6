"""Zones by hand: a visit within a zone takes 1 s, one to another zone 4 s. User u is of process u % processes."""

import pandas as pd
import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.measure.history import Recorder, select_requests
from cachesim.model import faults
from cachesim.model.choice import system_for
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.fleet import Pool, Replicated, Shards
from cachesim.model.fleet.zones import ZonedFleetSystem
from cachesim.model.network import Network
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario
from cachesim.theory.capacity import HEADER
from cachesim.units import MIB
from tests.model.worlds import scripted

NEAR, FAR = 1.0, 4.0
NETWORK = Network(in_zone=Constant(value=NEAR), cross_zone=Constant(value=FAR))
ROLES = ("primary", "replica", "nearest")
LATE = faults.SkewClocks(
    at=190
)  # a fault without an effect here: the tiers are those that may fail


class OnlyCache(Strategy):
    """Reads get, writes set."""

    def read(self, app, key):
        return (yield app.cache.get(key)) or (yield app.db.read(key))

    def write(self, app, key, value):
        yield app.cache.set(key, value)


def play(fleet, steps, *played, **fields):
    """Run some steps; return one row per request in the order of their begin, and the samples of the nodes."""
    fields = {"cache": Redis(memory=MIB), "network": NETWORK, "duration": 200, **fields}
    scenario = scripted(OnlyCache(), steps, fleet=fleet, faults=played, **fields)
    result = run(scenario)
    rows = select_requests(result.history).sort_values("begin", ignore_index=True)
    return rows, result.nodes


def took(rows):
    """Return the seconds of each request."""
    return (rows["end"] - rows["begin"]).tolist()


def test_nodes_and_processes_are_dealt_out():
    """Node n of group g is in zone (g + n) % zones, node i of a pool in zone i % zones, process p in p % zones."""
    shards, pool = Shards(3, replicas=2, zones=3), Pool(4, zones=3, gutter=2, eject=faults.Eject())

    for group, names in enumerate(shards.groups()):
        assert [f"zone-{(group + n) % 3}" for n in range(3)] == [*map(shards.zone_of, names)]
    assert ["zone-0", "zone-1", "zone-2", "zone-0"] == [pool.zone_of(f"node-{i}") for i in range(4)]
    assert ["zone-0", "zone-1"] == [pool.zone_of(name) for name in pool.spares()]
    assert ["zone-0", "zone-1", "zone-2", "zone-0", "zone-0"] == [
        pool.zone_of_process(user) for user in range(5)
    ]
    assert {"zone-0"} == {Pool(4).zone_of(f"node-{i}") for i in range(4)}


@pytest.mark.parametrize("played", [(), (LATE,)])
def test_the_way_depends_on_who_asks(played):
    """Two users of one primary in zone-0: the first is in that zone, the second is not."""
    steps = [(10.0, "write", "a"), *[(10.0, "read", "a")] * 4]
    rows, _ = play(Replicated(0, zones=2, processes=2), steps, *played)

    assert [0, 1, 0, 1, 0] == rows[
        "client"
    ].tolist()  # an open loop deals requests to the processes
    assert [NEAR, FAR, NEAR, FAR, NEAR] == took(rows)


@pytest.mark.parametrize("users", [3, 150])
@pytest.mark.parametrize("played", [(), (LATE,)])
def test_users_keep_their_zone(users, played):
    """In a closed loop, also where many users share clients: every record has the user's own way."""
    workload = ClosedLoop(
        clients=users, think=Constant(value=50.0), reads=0.0, popularity=Uniform(keys=1)
    )
    rows, _ = play(Replicated(0, zones=3, processes=3), (), *played, workload=workload)
    expected = [NEAR if user % 3 == 0 else FAR for user in rows["client"]]

    assert set(range(users)) == set(rows["client"])
    assert expected == pytest.approx(took(rows))


@pytest.mark.parametrize("played", [(), (LATE,)])
def test_reads_go_to_the_own_zone(played):
    """Each of three users finds a copy near, the primary among them; writes travel."""
    steps = [(10.0, op, "a") for op in ("write",) * 3 + ("read",) * 6]
    rows, _ = play(Replicated(2, zones=3, processes=3, reads="nearest"), steps, *played)

    assert [NEAR, FAR, FAR] + 6 * [NEAR] == took(rows)
    assert ["node-0", "node-1", "node-2"] * 2 == rows["node"].dropna().tolist()


@pytest.mark.parametrize("played", [(), (LATE,)])
def test_reads_take_turns_in_the_own_zone(played):
    """Four nodes in two zones: a user reads from two of them. Without a copy in the zone it reads from all."""
    steps = [(10.0, "write", "a"), *[(10.0, "read", "a")] * 8]
    two, _ = play(Replicated(3, zones=2, processes=1, reads="nearest"), steps, *played)
    none, _ = play(Replicated(1, zones=3, processes=3, reads="nearest"), steps, *played)
    far = none[(none["client"] % 3 == 2) & (none["op"] == "read")]

    assert {"node-0": 4, "node-2": 4} == two["node"].value_counts().to_dict()
    assert {"node-0", "node-1"} == set(far["node"])
    assert {FAR} == set(took(far))


@pytest.mark.parametrize("played", [(), (LATE,)])
def test_nearest_in_one_zone_is_any(played):
    """The primary takes its turn, too."""
    steps = [(10.0, "write", "a"), *[(10.0, "read", "a")] * 6]
    rows, _ = play(Replicated(2, reads="nearest"), steps, *played)

    assert {"node-0": 2, "node-1": 2, "node-2": 2} == rows["node"].value_counts().to_dict()


def test_a_read_says_which_nodes_may_answer():
    """`replica=False` is the primary; `replica=True` leaves it to the fleet, as no word does."""

    class Chooses(OnlyCache):
        def read(self, app, key):
            near = yield app.cache.get(key, replica=True)
            yield app.cache.get(key, replica=False)
            return near

    steps = [(10.0, "write", "a"), *[(20.0, "read", "a")] * 2]
    scenario = scripted(
        Chooses(), steps, fleet=Replicated(1, zones=2, processes=2, reads="nearest"),
        cache=Redis(memory=MIB), network=NETWORK,
    )  # fmt: skip
    rows = select_requests(run(scenario).history)

    assert [NEAR, NEAR + FAR, 2 * NEAR] == took(rows)  # of zone-0, zone-1, zone-0


@pytest.mark.parametrize("played", [(), (LATE,)])
def test_bytes_that_cross_are_counted_by_hand(played):
    """Of a key of 1 byte and a value of 100, both ways: those of the user in the other zone."""
    steps = [(10.0, op, "a") for op in ("write", "read", "write", "read")]
    _, nodes = play(Replicated(0, zones=2, processes=2), steps, *played)
    crossed = nodes.groupby("begin")["crossed"].sum().loc[[0, 15, 45, 199]].tolist()

    each = 1 + 100 + 2 * HEADER  # a command and its reply
    assert [0, 0, 2 * each, 2 * each] == crossed
    assert 0 == play(Replicated(0), steps, *played)[1]["crossed"].max()


SMALL = Scenario(
    cache=Redis(memory=MIB), fleet=Pool(3, zones=3), duration=4, warmup=0, seed=3,
    workload=OpenLoop(rate=200.0, reads=0.7, popularity=Uniform(keys=50)), strategy=LazyLoading(invalidate=True),
)  # fmt: skip
FLEETS = [
    Pool(3, zones=3),
    Shards(3, zones=2),
    *(Shards(3, replicas=1, zones=2, reads=role) for role in ROLES),
]


@pytest.mark.parametrize("fleet", FLEETS, ids=repr)
def test_without_faults_both_kinds_of_system_give_the_same_records(fleet):
    """As in one zone."""
    scenario = SMALL.replace(fleet=fleet)
    plain, failing = (
        system_for(each) for each in (scenario, scenario.replace(faults=(LATE.replace(at=3),)))
    )
    frames = []
    for kind in (plain, failing):
        recorder = Recorder(fleet=True)
        system = kind(scenario, recorder.request, recorder.sample)
        system.run()
        frames.append(recorder.hand_over(system.db.versions))

    assert plain is not failing
    pd.testing.assert_frame_equal(*frames)


def test_a_request_in_zones_is_explained():
    """By the same run again: the node that was asked is the near one."""
    result = run(SMALL.replace(fleet=Replicated(2, zones=3, processes=3, reads="nearest")))
    rows = select_requests(result.history).reset_index()
    number = rows.query("op == 'read' and client == 1").index[0]

    assert ", True) at node-1" in result.explain(int(number))


def test_one_zone_has_the_systems_of_today():
    """Zones cost nothing where there are none."""
    for fleet in (Pool(3), Shards(3), Replicated(1, reads="replica")):
        for played in ((), (LATE,)):
            scenario = Scenario(fleet=fleet, cache=Redis(), faults=played, duration=300)

            plain, zoned = (system_for(scenario.replace(fleet__zones=zones)) for zones in (1, 2))

            assert not issubclass(plain, ZonedFleetSystem)
            assert issubclass(zoned, ZonedFleetSystem)
            assert issubclass(zoned, plain)


@pytest.mark.parametrize(
    ("killed", "user", "trips", "hops"),
    [
        ("node-1", 1, [NEAR, NEAR, NEAR + FAR], [0, 0, 1]),
        ("node-0", 0, [NEAR, NEAR + NEAR], [0, 0]),
    ],
)
def test_a_dead_copy_near_by(killed, user, trips, hops):
    """A replica refuses, and the primary is asked next; a near primary is not asked twice, but the database is."""
    fleet = Replicated(
        1, zones=2, processes=2, reads="nearest", dns_ttl=1e6, detect=Constant(value=1e6)
    )
    steps = [(10.0, "write", "a"), *[(10.0, "read", "a")] * 5]  # by users 0, 1, 0, 1, 0 and 1
    database = Database(buffer_hit_ratio=1.0, buffer_read=Constant(value=0.0))
    rows, _ = play(fleet, steps, faults.KillNode(killed, at=45), database=database)
    reads = rows[(rows["op"] == "read") & (rows["client"] % 2 == user)]

    assert trips == pytest.approx(took(reads))
    assert hops == reads["hops"].tolist()


# --- what is refused

WRONG = [
    ({"fleet": Pool(2, zones=2), "faults": (faults.KillZone("zone-2", at=1),)},
     'KillZone finds no zone "zone-2"; this fleet has zone-0, zone-1'),
    ({"faults": (faults.KillZone("zone-0", at=1),)}, "KillZone changes a fleet; give the scenario one"),
    ({"fleet": Pool(2, zones=2), "network": Network(cache_in_zone=False)},
     "Network.cache_in_zone=False puts the whole cache into another zone, but with Pool.zones=2"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "says"), WRONG)
def test_what_cannot_be_is_refused(fields, says):
    """One sentence."""
    with pytest.raises(BadInput, match=says.replace(".", r"\.")):
        run(SMALL.replace(fleet=None).replace(**fields))
