"""Fingerprints: equal in every process, other as soon as anything differs that a run can depend on."""

import itertools
import os
import subprocess
import sys
import types
from pathlib import Path

import cloudpickle
import pytest

from cachesim.engines.policies import LRU, SIEVE, Belady
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments import jobs
from cachesim.experiments.fingerprint import fingerprint
from cachesim.experiments.store import case_key, code_version, run_key
from cachesim.live.redis_server import RedisServer
from cachesim.model.database import Database
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.trace_workload import TraceReplay
from cachesim.scenario import Scenario

OWN = '''
from cachesim.model.strategies.base import Strategy
{imports}
TTL = {ttl}

def helper(key):
    return {helped}

class Mine(Strategy):
    """{text}"""
    times: int = 1

    def read(self, app, key):
        inner = lambda value: value or {default}
        return helper(inner((yield app.cache.get(key)))), TTL

    def write(self, app, key, value):
        yield app.db.write(key, value)

    def {other}(self):
        return self.__class__, Mine
'''
USUAL = {
    "imports": "", "ttl": "5", "helped": "key", "text": "Mine.", "default": "None", "other": "again",
}  # fmt: skip


def own(name="own", **changes):
    """Return a strategy as a student's notebook or file defines it, with a few places changed."""
    module = types.ModuleType(name)
    exec(compile(OWN.format(**{**USUAL, **changes}), f"<{name}>", "exec"), module.__dict__)
    return module.Mine()


PRINT = """
import pickle, sys
from tests.experiments.test_fingerprint import Scenario, case_key, own
print(case_key(Scenario(strategy=own())), case_key(Scenario()), case_key(pickle.load(sys.stdin.buffer)))
"""


def test_another_process_finds_the_same():
    """Nothing depends on addresses, on hash() or on the order of a set."""
    theirs = Scenario(strategy=own("__main__"), cache=Simple(policy=lambda: LRU()))
    here = [case_key(s) for s in (Scenario(strategy=own()), Scenario(), theirs)]

    for hash_seed in ("0", "4242"):
        there = subprocess.run(
            [sys.executable, "-c", PRINT],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            input=cloudpickle.dumps(theirs),  # as a job travels to a worker
            capture_output=True,
            check=True,
        )
        assert here == there.stdout.decode().split()


@pytest.mark.parametrize(
    "change",
    [
        {"ttl": "6"},  # a global that it reads
        {"helped": "(key, 1)"},  # the code of a function that it calls
        {"default": "0"},  # a constant in a function within a function
        {"other": "another"},  # a method more and one less
        {"ttl": "[1, 2]"},
        {"imports": "from math import sin as helper\n", "helped": "helper(key)"},
    ],
)
def test_a_change_of_own_code_is_another_fingerprint(change):
    """Of the class, or of anything it reaches."""
    assert fingerprint(own()) != fingerprint(own(**change))


def test_a_name_apart_own_code_is_known_again():
    """Defined once more in another cell, it is the same strategy; its fields count."""
    assert fingerprint(own()) == fingerprint(own())
    assert fingerprint(own()) != fingerprint(own().replace(times=2))


def test_a_module_of_ones_own_counts_with_what_is_used_of_it(monkeypatch):
    """A value that was set from outside, too."""
    tools = types.ModuleType("tools_of_mine")
    tools.__file__, tools.BASE = None, 1
    monkeypatch.setitem(sys.modules, "tools_of_mine", tools)
    mine = own(imports="import tools_of_mine", helped="tools_of_mine.BASE")
    late = own(
        helped="__import__('os') and key",
        other="f(self):\n        import tools_of_mine\n\n    def g",
    )
    before = fingerprint(mine), fingerprint(late)
    tools.BASE = 2

    assert before[0] != fingerprint(mine)
    assert before[1] == fingerprint(late)  # it uses nothing of it
    monkeypatch.delitem(sys.modules, "tools_of_mine")
    with pytest.raises(BadInput, match="imports tools_of_mine while it runs"):
        fingerprint(late)


def test_every_field_counts_and_the_seed_is_apart():
    """Two cases that differ in anything but the seed have different keys; runs differ by the seed."""
    scenario = Scenario()
    others = [
        scenario.replace(strategy=LazyLoading(ttl=11)), scenario.replace(duration=71), scenario.replace(start="warm"),
        scenario.replace(cache=Redis(memory=2**21)), scenario.replace(cache=Simple(memory=2**20)),
        scenario.replace(cache=Simple(memory=2**20, policy=SIEVE)), scenario.replace(database__connections=3),
        scenario.replace(cache=Simple(memory=2**20, policy=lambda: LRU())), scenario.replace(workload__reads=0.5),
        scenario.replace(cache=Simple(memory=2**20, policy=Belady(["a", "b"]))),
        scenario.replace(cache=Simple(memory=2**20, policy=Belady(["a", "c"]))),
    ]  # fmt: skip
    keys = [case_key(s) for s in (scenario, *others)]

    assert len(keys) == len(set(keys))
    assert case_key(scenario) == case_key(scenario.replace(seed=2))
    assert run_key(keys[0], 1) != run_key(keys[0], 2) != run_key(keys[1], 2)
    assert "numpy" in code_version()


def test_the_content_of_a_trace_counts(tmp_path):
    """Not its name alone."""
    path = tmp_path / "trace.csv"
    keys = []
    for text in ("key\na\nb\n", "key\na\nc\nd\n"):
        path.write_text(text)
        keys.append(fingerprint(TraceReplay(path=str(path), rate=1.0)))

    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (RedisServer(), "RedisServer runs whatever server is installed"),
        (Database(file="rows.db"), 'writes the database file "rows.db"'),
        ((n for n in range(3)), "no lasting form"),
        (sys.stdout, "no lasting form"),
    ],
)
def test_what_cannot_be_known_is_refused(value, says):
    """A wrong fingerprint would hand out a wrong result."""
    with pytest.raises(BadInput, match=says):
        fingerprint([value])


def test_all_kinds_of_values_have_one():
    """Each a different one, the same when made again; what holds itself too."""

    def values():
        ring = []
        ring.append(ring)
        yield from (
            None,
            True,
            1,
            1.0,
            "1",
            b"1",
            1j,
            (1,),
            [1],
            {1},
            frozenset({1}),
            {1: 2},
            {2: 1},
            ...,
        )
        yield from (ring, itertools.chain, property(own), staticmethod(own), own, os.path, types)
        yield from (Path("a"), Path("b"), types.SimpleNamespace(a=1), "a".join, len)

    once, again = ([fingerprint(value) for value in values()] for _ in range(2))

    assert once == again
    assert len(once) == len(set(once))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": "cachesim 0"}, "a worker of the cluster runs cachesim .* but this process cachesim 0"),
        ({"key": "0" * 32}, "a worker of the cluster has other code of yours, or another trace"),
    ],
)  # fmt: skip
def test_a_worker_with_other_code_is_refused(change, says):
    """Its numbers would not be ours; with the same code it does the job."""
    scenario = Scenario(duration=3, warmup=1)
    key = run_key(case_key(scenario), scenario.seed)
    job = jobs.Job(0, 0, scenario, key=key, version=code_version())

    assert None is jobs.do(job).row["failure"]
    with pytest.raises(BadInput, match=says):
        jobs.do(job._replace(**change))
