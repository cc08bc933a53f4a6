"""RDB files as a service handles them, and nodes that keep one in the middle of a run."""

import pytest

import cachesim as cs
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.rdb import dump
from cachesim.engines.redis.slots import shares
from cachesim.errors import BadInput
from cachesim.experiments.run import run_and_keep
from cachesim.model import faults as f
from cachesim.model.backups import divided, joined, look_at

NAMES = [f"user:{number}" for number in range(300)]


def engine_with(names, ttl=float("inf")):
    """Return an engine that holds these keys."""
    engine = Redis(memory=2**40).build(clock=lambda: 0.0, random=lambda: 0.5)
    for name in names:
        engine.set(name, name.encode() * 10, ttl=ttl)
    return engine


def test_a_file_is_divided_and_joined_again():
    """Each key is in one part; together they are what was there, and so is the memory."""
    engine = engine_with(NAMES)
    engine.execute(("HSET", "hash", "field", "value"))
    whole = dump(engine)
    parts = divided(whole, shares(3))
    counts = [look_at(part).keys for part in parts]

    assert 301 == sum(counts) == look_at(joined(parts)).keys
    assert min(counts) > 60
    assert look_at(whole).memory == look_at(joined(parts)).memory == engine.memory


def test_another_date_moves_the_ttls():
    """An hour later, with half a minute left, as before."""
    file = dump(engine_with(["a"], ttl=30))
    written = look_at(file).written
    later = joined([file], written=written + 3600)

    assert written + 3600 == look_at(later).written
    assert file != later
    assert file == joined([later], written=written, checksum=True)


@pytest.mark.parametrize("cut", [1, 8, 30, 200])
def test_a_file_that_is_cut_off_is_refused(cut):
    """Wherever it ends."""
    file = dump(engine_with(NAMES))
    with pytest.raises(BadInput):
        look_at(file[:-cut])


@pytest.mark.parametrize("node", ["node-0", "node-1"])
def test_a_node_keeps_the_content_of_its_moment(node):
    """A backup at 5 s has what was there then; the run goes on and has more at its end."""
    scenario = cs.Scenario(
        cache=Redis(memory=2**24), fleet=cs.Replicated(1), duration=20, warmup=0,
        faults=(f.SnapshotCache(at=5.0, node=node, keep=True),),
    )  # fmt: skip
    result, kept = run_and_keep(scenario)
    (file,) = kept.backups.values()
    short, till_then = run_and_keep(scenario.replace(duration=5.0, faults=()))

    assert [(node, 5.0)] == list(kept.backups)
    assert abs(look_at(till_then.file).keys - look_at(file).keys) <= 1
    assert look_at(file).keys < look_at(kept.file).keys
    assert (1, 0) == (len(result.snapshots), len(short.snapshots))


def test_nobody_keeps_what_nobody_wants():
    """A plain snapshot leaves no file."""
    faults = (f.SnapshotCache(at=1.0, node="node-0"),)
    scenario = cs.Scenario(fleet=cs.Replicated(0), duration=2, warmup=0, faults=faults)
    assert {} == run_and_keep(scenario)[1].backups
