"""The lab of nbgrader and otter says what `cachesim grade` says, but for the line: the traceback has that."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.simple import Simple
from cachesim.errors import CachesimError
from cachesim.grading.inprocess import NotebookLab
from tests.grading.slips_of_policies import POLICIES
from tests.grading.test_sandbox_messages import ENTRIES

ENTRIES = {
    name: case
    for name, case in ENTRIES.items()
    if name not in ("no Python", "Mine has another base")
}


def lab_of(source):
    """Return the lab of a notebook in which a source was run."""
    names = {}
    exec(source, names)
    return NotebookLab(names)


def told(act):
    """Return the sentence with which something fails."""
    with pytest.raises((CachesimError, TypeError)) as found:
        act()
    return str(found.value)


@pytest.mark.parametrize("name", [name for name in ENTRIES if name.startswith("f ")])
def test_a_function(name):
    """What an exercise asks for and is not there, or is something else."""
    source, sentence = ENTRIES[name]

    assert sentence.partition(" (line ")[0] == told(lambda: lab_of(source).call("f", 7))


@pytest.mark.parametrize("name", ["Mine is a function", "Mine has another field"])
def test_a_strategy(name):
    """A field that is missing is told by the class itself."""
    source, sentence = ENTRIES[name]

    assert sentence == told(lambda: lab_of(source).strategy("Mine", ttl=1.0))


@pytest.mark.parametrize(("source", "sentence"), POLICIES.values(), ids=POLICIES)
def test_a_policy(source, sentence):
    """The engine tells it."""
    policy = lab_of(source).policy("Mine")

    def play():
        engine = Simple(items=2, policy=policy).build(ManualClock(), lambda: 0.5)
        for key in "abc":
            engine.set(key, b"1")

    assert sentence == told(play)


def test_hints():
    """A hint stands behind what a test says when it fails, and is forgotten by the next test."""
    lab = lab_of("def f(x): return 1000 * x")

    def test(lab):
        found = lab.call("f", 7)
        lab.hint_if(found == 7000, "This is what you get in milliseconds.")
        assert found == 7, "seven is right"

    with pytest.raises(
        AssertionError, match=r"(?s)^seven is right\b.*\bThis is what you get in milliseconds\.$"
    ):
        lab.run("seven", (), test)
    lab.run("nothing", (), lambda lab: None)

    assert [] == lab.hints
