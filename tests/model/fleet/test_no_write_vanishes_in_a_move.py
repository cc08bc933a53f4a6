"""The rule of test_no_write_vanishes.py while slots move: no write vanishes, and no key is at two shards."""

from itertools import count
from types import SimpleNamespace
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.slots import slot_of
from cachesim.errors import BadInput
from cachesim.measure.history import Recorder
from cachesim.model import faults as f
from cachesim.model.distributions import Constant
from cachesim.model.fleet import migration, resharding
from cachesim.model.fleet.groups import Shards
from cachesim.model.fleet.resharding import ReshardingSystem
from cachesim.model.network import Network
from cachesim.model.popularity import Uniform
from cachesim.model.resilience import Calls, Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from cachesim.units import MIB
from tests.model.fleet.test_no_write_vanishes import (
    EXAMPLES,
    LENGTH,
    different,
    faults,
    groups,
    in_shard,
    moments,
    present,
    undone,
    vanished,
    waits,
    watch,
)

TAGS = [next(f"{{{n}}}" for n in count() if slot_of(b"%d" % n) == slot) for slot in range(3)]
SLOW = Network(in_zone=Constant(value=0.01), cross_zone=Constant(value=0.01))  # a slot takes 80 ms
paces = {"batch": st.integers(1, 3), "at": moments}
moves = st.one_of(
    st.builds(
        lambda ends, **pace: f.Reshard(*ends[:2], **pace),
        st.permutations(["shard-0", "shard-1", "shard-2"]), slots=st.integers(1, 4), **paces,
    ),
    st.builds(f.AddShard, **paces), st.builds(f.RemoveShard, st.just("shard-2"), **paces),
)  # fmt: skip


class LowSlots(OpenLoop):
    """Keys in the slots that move first: 0, 1 and 2."""

    def keys_loaded(self):
        return [TAGS[n % 3] + key for n, key in enumerate(super().keys_loaded())]


class OneOrTwo(Strategy):
    """Writes go only to the cache: sets, some with a short life, some of two keys, and deletions."""

    def read(self, app, key):
        return (yield app.cache.get(key)) or (yield app.db.read(key))

    def write(self, app, key, value):
        if value.write % 7 == 0:
            yield app.cache.delete(key)
        elif value.write % 7 == 1:
            if (yield app.cache.execute("MSET", key, value, f"{key} twin", value)):
                app.shared[value.write] = True
        elif (yield app.cache.set(key, value, 0.5 if value.write % 5 == 0 else float("inf"))):
            app.shared[value.write] = True


class WatchedMoves(ReshardingSystem):
    """A system that notes what happens to its keys; a key that moves is set again, and not gone."""

    def __init__(self, *parts):
        self.done = []
        super().__init__(*parts)

    def make_cache(self, name):
        node = super().make_cache(name)
        engine, flush = node.engine, node.engine.flush
        watch(self, node)

        def noted():
            shard = next(n for n, names in enumerate(self.shards) if name in names)
            for key in list(engine.table.entries):
                if self.table.holder(key) == shard:
                    gone = {"kind": "gone", "key": key, "write": None}
                    self.done.append(SimpleNamespace(**gone, node=name, time=self.env.now))
            flush()

        engine.flush = noted
        return node

    def run(self):
        """Run, and mark what the moves have noted."""
        move, take = migration.move_key, resharding.take_away

        def move_key(key, *ends):
            before = len(self.done)
            move(key, *ends)
            new = self.done[before:]
            if any(each.kind == "set" for each in new):
                new = [each for each in new if each.kind == "set" or each.key != key]
                self.done[before:] = [SimpleNamespace(**vars(each), moved=True) for each in new]

        def take_away(*what):
            before = len(self.done)
            take(*what)
            del self.done[before:]

        with (
            patch.object(migration, "move_key", move_key),
            patch.object(resharding, "take_away", take_away),
        ):
            super().run()

    def without_moves(self):
        """Return the same system, as if nothing had been set by a move."""
        done = [each for each in self.done if not hasattr(each, "moved")]
        return SimpleNamespace(done=done, lost_writes=self.lost_writes, engine_of=self.engine_of)


def played(fleet, faults, moves, timeout, seed):
    """Run a schedule; return the system."""
    faults = [in_shard(each, n % 2) for n, each in enumerate(faults)]
    scenario = Scenario(
        strategy=OneOrTwo(), cache=Redis(memory=MIB), fleet=fleet, faults=(*faults, *moves), seed=seed,
        workload=LowSlots(rate=60.0, reads=0.2, popularity=Uniform(keys=12)), duration=LENGTH,
        resilience=Resilience(cache=Calls(timeout=timeout, retries=1)), warmup=0.0, network=SLOW,
    )  # fmt: skip
    recorder = Recorder(fleet=True)
    system = WatchedMoves(scenario, recorder.request, recorder.sample)
    system.run()
    return system


@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate],
)  # fmt: skip
@given(
    st.builds(Shards, st.just(3), replicas=st.integers(1, 2), node_timeout=st.floats(0.1, 2), **groups),
    st.lists(faults, max_size=3), st.lists(moves, min_size=1, max_size=3), waits, st.integers(0, 2**32),
)  # fmt: skip
def test_slots_that_move_lose_and_double_nothing(fleet, faults, moves, timeout, seed):
    """Each acknowledged write is there or accounted for; each key is at the shard that answers for it."""
    try:
        system = played(fleet, faults, moves, timeout, seed)
    except BadInput as error:  # the second of two changes names a shard that has left
        if "has no shard" not in str(error):
            raise
        reject()

    assert [] == vanished(system, set(system.shared))
    assert [] == undone(system)
    assert [] == present(system.without_moves())
    assert [] == different(system)
    for shard in range(len(system.shards)):
        here = system.primary(shard).engine.table.entries
        assert [] == [key for key in here if system.table.holder(key) != shard]
