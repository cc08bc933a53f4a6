"""No write vanishes silently: under any faults, each that was acknowledged is there, or a record says why not."""

import os
from itertools import count
from types import SimpleNamespace
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from cachesim.engines.base import INVALIDATED
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.slots import slot_of
from cachesim.errors import BadInput
from cachesim.measure.history import Recorder
from cachesim.model import faults as f
from cachesim.model.choice import system_for
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.fleet import migration
from cachesim.model.fleet.groups import Replicated, Shards
from cachesim.model.fleet.lost import held
from cachesim.model.network import Network
from cachesim.model.popularity import Uniform
from cachesim.model.resilience import Calls, Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from cachesim.units import MIB

EXAMPLES = int(os.environ.get("SCHEDULES", "100"))  # `make proofs` asks for more
LENGTH = 6.0  # seconds

moments, spans = st.floats(0, LENGTH * 0.9), st.floats(0.001, LENGTH / 2)
roles = st.sampled_from(["primary", "node-0", "node-1"])


def named(fault, **fields):
    """Draw a fault of a node; in a cluster the name gets its shard."""
    return st.builds(fault, at=moments, node=roles, **fields)


faults = st.one_of(
    named(f.KillNode, down=spans | st.just(float("inf"))), named(f.CrashCache, down=spans),
    named(f.FlushCache), named(f.SlowCache, duration=spans, factor=st.floats(1, 2000)),
    named(f.DropCachePackets, duration=spans, share=st.floats(0, 1)),
    *(named(kind, duration=spans) for kind in (
        f.RebootCache, f.FreezeCache, f.PartitionCache, f.RefuseCache, f.RejectCacheLogin)),
)  # fmt: skip
paces = {"batch": st.integers(1, 3), "at": moments}
moves = st.one_of(
    st.builds(
        lambda ends, **pace: f.Reshard(*ends, **pace), st.permutations(["shard-0", "shard-1", "shard-2"]).map(
            lambda names: names[:2]), slots=st.integers(1, 4), **paces,
    ),
    st.builds(f.AddShard, **paces), st.builds(f.RemoveShard, st.just("shard-2"), **paces),
)  # fmt: skip
waits = st.floats(0.001, 1.0)
lags = st.builds(Exponential, mean=st.floats(0.001, 0.5)) | st.builds(Constant, value=waits)
groups = {"lag": lags, "min_replicas": st.integers(0, 1), "max_lag": st.integers(1, 3)}
fleets = st.builds(
    Replicated, replicas=st.integers(1, 3), detect=st.builds(Constant, value=waits), processes=st.integers(1, 3),
    promote=st.builds(Constant, value=waits), dns_ttl=waits, reresolves=st.booleans(), **groups,
) | st.builds(
    Shards, st.sampled_from([1, 3]), replicas=st.integers(1, 3), node_timeout=st.floats(0.1, 2), **groups,
)  # fmt: skip


TAGS = [next(f"{{{n}}}" for n in count() if slot_of(b"%d" % n) == slot) for slot in range(3)]


class LowSlots(OpenLoop):
    """Twelve keys in the slots that move first: 0, 1 and 2."""

    def keys_loaded(self):
        return [TAGS[n % 3] + key for n, key in enumerate(super().keys_loaded())]


class OnlyCache(Strategy):
    """Writes go only to the cache: most are sets, some with a short life, some are deletes."""

    def read(self, app, key):
        return (yield app.cache.get(key)) or (yield app.db.read(key))

    def write(self, app, key, value):
        if value.write % 7 == 0:
            yield app.cache.delete(key)
        elif (yield app.cache.set(key, value, 0.5 if value.write % 5 == 0 else float("inf"))):
            app.shared[value.write] = True


def watched(kind):
    """Make a kind of system whose engines note what clients and they themselves do: `done`, in that order."""

    class Watched(kind):
        moving = False  # whether a key moves now

        def __init__(self, *parts):
            self.done = []
            super().__init__(*parts)

        def make_cache(self, name):
            node = super().make_cache(name)
            watch(self, node)
            return node

    return Watched


def watch(system, node):
    """Note the sets, deletions and flushes of one engine, and the keys that leave it."""
    engine, name = node.engine, node.name
    plain = {what: getattr(engine, what) for what in ("set", "delete", "flush", "gone_by_itself")}

    def note(kind, key=None, write=None):
        system.done.append(
            SimpleNamespace(kind=kind, key=key, write=write, node=name, time=system.env.now)
        )

    def mine(key):
        return shard_of(system, key) == group_of(system, name)

    def set_(key, value, *ttl):
        plain["set"](key, value, *ttl)
        note("moved" if system.moving else "set", key, value.write)

    def delete(key):
        there = plain["delete"](key)
        note("delete", key)
        return there

    def flush():
        for key in filter(mine, list(engine.table.entries)):
            note("flush", key)
        plain["flush"]()

    def gone(key, why):
        if why != INVALIDATED:  # another shard has it
            note("gone", key)
        plain["gone_by_itself"](key, why)

    engine.set, engine.delete, engine.flush, engine.gone_by_itself = set_, delete, flush, gone


def played(fleet, faults, timeout, seed, moves=(), workload=OpenLoop, **fields):
    """Run a schedule; return the system and the writes that the cache acknowledged."""
    if isinstance(fleet, Shards):
        faults = [
            fault.replace(node=f"shard-{n % 2 if moves else 0} {fault.node}")
            for n, fault in enumerate(faults)
        ]
    scenario = Scenario(
        strategy=OnlyCache(), cache=Redis(memory=MIB), fleet=fleet, faults=(*faults, *moves), seed=seed,
        workload=workload(rate=60.0, reads=0.2, popularity=Uniform(keys=12)), duration=LENGTH,
        resilience=Resilience(cache=Calls(timeout=timeout, retries=1)), warmup=0.0, **fields,
    )  # fmt: skip
    recorder = Recorder(fleet=True)
    system = watched(system_for(scenario))(scenario, recorder.request, recorder.sample)

    def move_key(*ends):
        system.moving = True
        try:
            plain(*ends)
        finally:
            system.moving = False

    plain = migration.move_key
    with patch.object(migration, "move_key", move_key):
        system.run()
    return system, set(system.shared)


def group_of(system, name):
    groups = getattr(system, "shards", None) or system.fleet.groups()
    return next(number for number, names in enumerate(groups) if name in names)


def shard_of(system, key):
    """Return the group that has a key now, or would take it."""
    table = getattr(system, "table", None)
    return system.topology.groups[key] if table is None else table.holder(key)


def vanished(system, acknowledged):
    """Return the newest acknowledged write of each key that is neither there, nor replaced, nor listed as lost."""
    lost = {(each.key, each.write) for each in system.lost_writes()}
    newest = {}  # key -> the newest acknowledged set, None if something came after it
    for each in system.done:
        if each.kind in ("set", "moved"):
            newest[each.key] = each if each.write in acknowledged else None
        else:
            newest[each.key] = None
    return [
        each
        for key, each in newest.items()
        if each is not None
        and (key, each.write) not in lost
        and held(system.engine_of(key), key) != each.write
    ]


def present(system):
    """Return the lost writes that stand at the primary, though nobody set them again."""
    found = [w for w in system.lost_writes() if w.write is not None]
    return [
        write
        for write in found
        if held(system.engine_of(write.key), write.key) == write.write
        and not any(
            each.kind == "set" and (each.key, each.write) == (write.key, write.write)
            and (each.node != write.node or each.time > write.time)
            for each in system.done
        )
    ]  # fmt: skip


SCHEDULES = settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate],
)  # fmt: skip


@SCHEDULES
@given(fleets, st.lists(faults, min_size=1, max_size=5), waits, st.integers(0, 2**32))
def test_every_acknowledged_write_is_there_or_accounted_for(fleet, faults, timeout, seed):
    """It is there, superseded, evicted, expired, deleted or in `lost_writes`; and no lost one is there."""
    system, acknowledged = played(fleet, faults, timeout, seed)

    assert [] == vanished(system, acknowledged)
    assert [] == present(system)


SLOW = Network(in_zone=Constant(value=0.01), cross_zone=Constant(value=0.01))  # a slot takes 80 ms


@SCHEDULES
@given(
    st.builds(Shards, st.just(3), replicas=st.integers(1, 2), node_timeout=st.floats(0.1, 2), **groups),
    st.lists(faults, max_size=3), st.lists(moves, min_size=1, max_size=3), waits, st.integers(0, 2**32),
)  # fmt: skip
def test_slots_that_move_lose_and_double_nothing(fleet, faults, moves, timeout, seed):
    """The same while slots move; and each key is at one shard, the one that answers for it."""
    try:
        system, acknowledged = played(
            fleet, faults, timeout, seed, moves=moves, workload=LowSlots, network=SLOW
        )
    except BadInput:  # the second of two changes names a shard that has left
        reject()

    assert [] == vanished(system, acknowledged)
    assert [] == present(system)
    for shard in system.present():
        engine = system.primary(shard).engine
        assert [] == [key for key in list(engine.keys()) if system.table.holder(key) != shard]
    assert not any(list(system.primary(shard).engine.keys()) for shard in system.left)
