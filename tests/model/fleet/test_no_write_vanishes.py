"""No write vanishes silently: under any faults, each that was acknowledged is there, or a record says why not."""

import os
from types import SimpleNamespace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cachesim.engines.redis.db import unix_milliseconds
from cachesim.engines.redis.engine import Redis
from cachesim.measure.history import Recorder
from cachesim.model import faults as f
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.fleet.failover import UnreliableGroupSystem
from cachesim.model.fleet.groups import Replicated, Shards
from cachesim.model.fleet.lost import held
from cachesim.model.fleet.zones import with_zones
from cachesim.model.popularity import Uniform
from cachesim.model.resilience import Calls, Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import OpenLoop
from cachesim.records import OTHER
from cachesim.scenario import Scenario
from cachesim.units import MIB

EXAMPLES = int(os.environ.get("SCHEDULES", "100"))  # `make proofs` asks for more
LENGTH = 6.0  # seconds

moments, spans = st.floats(0, LENGTH * 0.9), st.floats(0.001, LENGTH / 2)
roles = st.sampled_from(["primary", "node-0", "node-1"])


def named(fault, **fields):
    """Draw a fault of a node; in a cluster the name gets its shard."""
    return st.builds(fault, at=moments, node=roles, **fields)


splits = st.builds(
    f.Partition, nodes=st.lists(roles, unique=True, max_size=2), processes=st.sampled_from([(), (0,)]),
    at=moments, duration=spans,
)  # fmt: skip
faults = st.one_of(
    splits, splits, st.builds(f.FailOverCache, at=moments),
    st.builds(f.KillZone, st.just("zone-0"), at=moments, down=spans | st.just(float("inf"))),
    named(f.KillNode, down=spans | st.just(float("inf"))), named(f.CrashCache, down=spans),
    named(f.FlushCache), named(f.SlowCache, duration=spans, factor=st.floats(1, 2000)),
    named(f.DropCachePackets, duration=spans, share=st.floats(0, 1)),
    *(named(kind, duration=spans) for kind in (
        f.RebootCache, f.FreezeCache, f.PartitionCache, f.RefuseCache, f.RejectCacheLogin)),
)  # fmt: skip
waits = st.floats(0.001, 1.0)
lags = st.builds(Exponential, mean=st.floats(0.001, 0.5)) | st.builds(Constant, value=waits)
paces = st.sampled_from([1e4, 1e5, 1e8])  # bytes per second; a copy has about 10 kB
copies = st.builds(f.FullCopy, fork=st.sampled_from([0.01, 100.0]), bandwidth=paces, load=paces,
                   output_buffer=st.sampled_from([1000, 10_000, MIB]))  # fmt: skip
groups = {"lag": lags, "min_replicas": st.integers(0, 1), "max_lag": st.integers(1, 3),
          "backlog": st.sampled_from([1000, MIB]), "copy": copies, "zones": st.integers(1, 3),
          "reads": st.sampled_from(["primary", "nearest"])}  # fmt: skip
fleets = st.builds(
    Replicated, replicas=st.integers(1, 3), detect=st.builds(Constant, value=waits), processes=st.integers(1, 3),
    promote=st.builds(Constant, value=waits), dns_ttl=waits, reresolves=st.booleans(), **groups,
) | st.builds(
    Shards, st.sampled_from([1, 3]), replicas=st.integers(1, 3), node_timeout=st.floats(0.1, 2), **groups,
)  # fmt: skip


class OnlyCache(Strategy):
    """Writes go only to the cache: most are sets, some with a short life or of two keys, some delete two keys."""

    def read(self, app, key):
        return (yield app.cache.get(key)) or (yield app.db.read(key))

    def write(self, app, key, value):
        twin = f"{{{key}}} {value.write // 70}"  # after a second or two nobody touches it any more
        if value.write % 7 == 0:
            yield app.cache.delete(key)
        elif value.write % 7 in (1, 4):
            yield app.cache.execute("UNLINK", key, twin)
        elif value.write % 7 in (2, 3):
            if (yield app.cache.execute("MSET", key, value, twin, value)):
                app.shared[value.write] = True
        elif (yield app.cache.set(key, value, 0.5 if value.write % 5 == 0 else float("inf"))):
            app.shared[value.write] = True


WATCHED = "set", "delete", "flush", "gone_by_itself", "restart", "execute"


class Watched(with_zones(UnreliableGroupSystem)):
    """A system whose engines note what clients and they themselves do: `done`, in the order of the effects."""

    def make_caches(self):
        self.done = []
        nodes = super().make_caches()
        for node in nodes:
            watch(self, node)
        return nodes


def watch(system, node):
    """Note the sets, deletions and flushes of one engine, and the keys that leave it."""
    engine, name = node.engine, node.name
    plain = {what: getattr(engine, what) for what in WATCHED}

    def note(kind, key=None, write=None):
        system.done.append(
            SimpleNamespace(kind=kind, key=key, write=write, node=name, time=system.env.now)
        )

    def set_(key, value, *ttl):
        plain["set"](key, value, *ttl)
        note("set", key, value.write)

    def delete(key):
        there = plain["delete"](key)
        note("delete" if there else "nothing", key)
        return there

    def execute(command):
        there = {key for key in command if key in engine.table.entries}
        reply = plain["execute"](command)
        if command[0] == "MSET":
            for key, value in zip(command[1::2], command[2::2], strict=True):
                note("set", key, value.write)
        else:
            for key in command[1:]:
                note("delete" if key in there else "nothing", key)
        return reply

    def flush():
        note("flush")
        plain["flush"]()

    def gone(key, why):
        note("gone", key)
        plain["gone_by_itself"](key, why)

    def restart():
        for key, entry in engine.table.entries.items():
            if entry.when is not None and entry.when < unix_milliseconds(system.env.now):
                note("gone", key)  # it was dead, though nobody had looked
        plain["restart"]()

    for what, noted in zip(WATCHED, (set_, delete, flush, gone, restart, execute), strict=True):
        setattr(engine, what, noted)


def played(fleet, faults, timeout, seed):
    """Run a schedule; return the system and the writes that the cache acknowledged."""
    if isinstance(fleet, Shards):
        faults = [in_shard(fault) for fault in faults]
    scenario = Scenario(
        strategy=OnlyCache(), cache=Redis(memory=MIB), fleet=fleet, faults=tuple(faults), seed=seed,
        workload=OpenLoop(rate=60.0, reads=0.2, popularity=Uniform(keys=12)), duration=LENGTH,
        resilience=Resilience(cache=Calls(timeout=timeout, retries=1)), warmup=0.0,
    )  # fmt: skip
    recorder = Recorder(fleet=True)
    system = Watched(scenario, recorder.request, recorder.sample)
    system.run()
    return system, set(system.shared)


def in_shard(fault, number=0):
    """Let a fault name nodes of a shard."""
    if isinstance(fault, f.Partition):
        return fault.replace(nodes=[f"shard-{number} {name}" for name in fault.nodes])
    return fault.replace(node=f"shard-{number} {fault.node}") if hasattr(fault, "node") else fault


def group_of(system, name):
    return next(number for number, names in enumerate(system.fleet.groups()) if name in names)


def vanished(system, acknowledged):
    """Return the newest acknowledged write of each key that is neither there, nor replaced, nor listed as lost."""
    lost = {(each.key, each.write) for each in system.lost_writes()}
    newest = {}  # key -> the newest acknowledged set, None if something came after it
    for each in system.done:
        if each.kind == "set":
            newest[each.key] = each if each.write in acknowledged else None
        elif each.kind == "flush":
            group = group_of(system, each.node)
            newest |= {key: None for key in newest if system.topology.groups[key] == group}
        else:
            newest[each.key] = None
    return [
        each
        for key, each in newest.items()
        if each is not None
        and (key, each.write) not in lost
        and held(system.engine_of(key), key) != each.write
    ]


def undone(system):
    """Return the keys that stand at the primary, though a deletion that is not listed came last."""
    lost = {each.key for each in system.lost_writes() if each.what == OTHER}
    last = {each.key: each.kind for each in system.done}
    return [
        key
        for key, kind in last.items()
        if kind == "delete" and key in system.engine_of(key).table.entries and key not in lost
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


def different(system):
    """Return the replicas that follow a primary and, when all has arrived, have other data than it has."""
    links = [(node, node.replica) for node in system.caches if node.replica is not None]
    for node, link in links:
        if not node.is_silent:
            link.catch_up(LENGTH + 60)
    return [
        node.name for node, link in links
        if not node.is_silent and link.was_cut is None and content(link.primary) != content(link.engine)
    ]  # fmt: skip


def content(engine):
    """Return the keys of an engine, with their values and their ends."""
    return {key: (entry.value, entry.when) for key, entry in engine.table.entries.items()}


@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate],
)  # fmt: skip
@given(fleets, st.lists(faults, min_size=1, max_size=5), waits, st.integers(0, 2**32))
def test_every_acknowledged_write_is_there_or_accounted_for(fleet, faults, timeout, seed):
    """It is there, superseded, evicted, expired, deleted or in `lost_writes`; and no lost one is there.

    Each replica ends with the data of its primary, whatever was copied, cut, closed or begun again.
    """
    system, acknowledged = played(fleet, faults, timeout, seed)

    assert [] == vanished(system, acknowledged)
    assert [] == undone(system)
    assert [] == present(system)
    assert [] == different(system)


brains = st.builds(
    f.Partition, nodes=st.just(("primary",)), processes=st.sampled_from([(0,), (0, 1)]),
    at=st.floats(0, LENGTH / 4), duration=st.floats(LENGTH / 4, LENGTH),
)  # fmt: skip
split_fleets = fleets.map(
    lambda fleet: fleet.replace(processes=3, **({"shards": 3} if isinstance(fleet, Shards) else {}))
)


@settings(
    max_examples=EXAMPLES // 2, derandomize=True, deadline=None, database=None,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate],
)  # fmt: skip
@given(split_fleets, brains, st.lists(faults, max_size=3), waits, st.integers(0, 2**32))
def test_no_write_vanishes_in_a_split_brain(fleet, brain, others, timeout, seed):
    """The same where a primary and a process are cut off together, for long enough that another one is promoted."""
    system, acknowledged = played(fleet, [brain, *others], timeout, seed)

    assert [] == vanished(system, acknowledged)
    assert [] == undone(system)
    assert [] == present(system)
    assert [] == different(system)
