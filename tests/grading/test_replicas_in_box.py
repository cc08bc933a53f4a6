"""Replicas in the sandbox: `replica=True` and `app.cache.wait` do there what they do outside."""

import pytest
from pandas.testing import assert_frame_equal

import cachesim as cs
from cachesim.errors import StrategyError
from cachesim.experiments.run import run
from cachesim.grading.answers import AnswerError
from tests.grading.slips import filled
from tests.model.worlds import scripted

SOURCE = """
import cachesim as cs

class Mine(cs.Strategy):
    def read(self, app, key):
        value = yield app.cache.get(key, replica=int(1000 * app.now) % 2 == 0)
        if value is None:
            value = yield app.db.read(key, replica=True)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value)
        some = yield app.cache.wait(1, 0.5)
        if some < 2:
            yield app.timeout(0.01 * some)
"""
WORLD = cs.Scenario(
    cache=cs.Redis(memory=cs.MIB),
    fleet=cs.Replicated(2, lag=cs.distributions.Exponential(mean=0.05)),
    database=cs.Database(replicas=1),
    workload=cs.OpenLoop(rate=200, reads=0.8, popularity=cs.popularity.Zipf(keys=50)),
    duration=3,
    warmup=0,
)


def test_the_same_records_as_outside(lab_of):
    """Byte for byte: the answers come from replicas, and a write waits for one."""
    names = {}
    exec(SOURCE, names)
    outside = run(WORLD.replace(strategy=names["Mine"]())).history
    inside = run(WORLD.replace(strategy=lab_of(SOURCE).strategy("Mine"))).history

    assert {"node-0", "node-1", "node-2"} == set(inside["node"].dropna())
    assert_frame_equal(outside, inside)


SLIPS = {
    "yield app.cache.get(key, replica='yes')": "app.cache.get needs replica=True or replica=False, got 'yes'",
    "yield app.db.read(key, replica=[2])": "app.db.read needs replica=True or replica=False, got [2]",
    "yield app.cache.wait(-1, 1)": "app.cache.wait needs a number of replicas from 0 to 100, got -1",
    "yield app.cache.wait(1.5, 1)": "app.cache.wait needs a number of replicas from 0 to 100, got 1.5",
    "yield app.cache.wait(1, -2)": "app.cache.wait needs a timeout of 0 seconds or more, got -2",
    "yield app.cache.wait(1, None)": "app.cache.wait needs a timeout of 0 seconds or more, got None",
}


@pytest.mark.parametrize(("line", "sentence"), SLIPS.items())
def test_a_slip_has_one_sentence(lab_of, line, sentence):
    """With the student's line."""
    lab = lab_of(filled(f"{line}; row = yield app.db.read(key)", ""))
    with pytest.raises(AnswerError) as found:
        run(scripted(lab.strategy("Mine"), [(0.0, "read", "a")]))

    assert str(found.value).startswith(f"{sentence} (line ")


def test_a_forgotten_wait_is_named(lab_of):
    """As every other call without yield."""
    lab = lab_of(filled("app.cache.wait(1, 1); row = yield app.db.read(key)", ""))
    with pytest.raises(StrategyError, match=r'did you forget "yield" before app\.cache\.wait'):
        run(scripted(lab.strategy("Mine"), [(0.0, "read", "a")]))
