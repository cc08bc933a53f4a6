"""What a slip is told: one sentence that cures it, the same in the sandbox as in `cs.run`, with the student's line."""

import pytest

import cachesim as cs
from cachesim.engines.simple import Simple
from cachesim.errors import Slip
from cachesim.experiments.run import run
from tests.grading.slips import MARK, STRATEGIES
from tests.grading.slips_of_policies import POLICIES
from tests.model.worlds import scripted

STEPS = [(0.0, "read", "a"), (50.0, "read", "a"), (50.0, "write", "a")]


def own(source):
    """Return the class as `cs.run` takes it, from a notebook's cell."""
    names = {}
    exec(compile(source, "a cell", "exec"), names)
    return names["Mine"]


def told(act):
    """Return the sentence of a failure and its fixed part; nothing if it does not fail."""
    try:
        act()
    except Slip as slip:
        return str(slip), slip.fixed
    return None, None


def line_of(source):
    """Return where the mark is, as a message says it."""
    lines = [number for number, line in enumerate(source.splitlines(), 1) if MARK.strip() in line]
    return f" (line {lines[0]})" if lines else ""


@pytest.mark.parametrize(("source", "sentence"), STRATEGIES.values(), ids=STRATEGIES)
def test_a_strategy(lab_of, source, sentence):
    """The same sentence on both sides, and in the sandbox the line."""
    lab = lab_of(source)
    inside, fixed = told(lambda: run(scripted(lab.strategy("Mine"), STEPS)))
    outside, _ = told(lambda: run(scripted(own(source)(), STEPS)))
    if sentence and "{text}" in sentence:  # a row as text begins in its own way on each side
        begin = sentence.removesuffix("{text}")
        assert outside.startswith(begin)
        assert inside.startswith(begin)
        sentence = outside = inside.removesuffix(line_of(source))

    assert sentence == outside
    assert (sentence and sentence + line_of(source)) == inside
    assert sentence is None or fixed.endswith(line_of(source))


@pytest.mark.parametrize(("source", "sentence"), POLICIES.values(), ids=POLICIES)
def test_a_policy(lab_of, source, sentence):
    """Three keys in a cache for two: the third asks for a victim."""
    lab = lab_of(source)

    def play(policy):
        engine = Simple(items=2, policy=policy).build(cs.ManualClock(), lambda: 0.5)
        for key in "abc":
            engine.set(key, b"1")
        lab.finish()

    inside, _ = told(lambda: play(lab.policy("Mine")))
    outside, _ = told(lambda: play(own(source)))

    assert sentence == outside
    assert sentence == inside.partition(" (line ")[0]
