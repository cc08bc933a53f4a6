"""Hidden stays hidden: whatever a student's code says in a hidden test, only the teacher reads it."""

import pytest

from cachesim.grading.exercise import Exercise
from cachesim.grading.judge import judge
from cachesim.grading.sandbox import strongest
from cachesim.grading.submission import Submission

LAB = '''# %% id="f"
def f(x):
    # BEGIN SOLUTION
    return x
    # END SOLUTION


# %% id="helpers" tags=["helpers"]
import cachesim as cs


def play(lab):
    """Store more than the cache holds."""
    engine = cs.Simple(items=2, policy=lab.policy("Mine")).build(cs.ManualClock(), lambda: 0.5)
    for key in ("tulip-1", "tulip-2", "tulip-3"):
        engine.set(key, b"1")


def serve(lab):
    """Read a key."""
    load = cs.OpenLoop(rate=9, popularity=cs.popularity.Uniform(keys=3))
    cs.run(cs.Scenario(strategy=lab.strategy("Mine"), workload=load, duration=1, warmup=0))


# %% id="visible" tags=["visible"]
def test_seen(lab):
    assert lab.call("f", "rose") == "rose", "f is wrong"


# %% id="hidden" tags=["hidden"]
def test_unseen(lab):
    found = lab.call("f", "tulip")
    lab.hint_if(found == "pilut", "This is what you get if you read it backwards.")
    assert found == "tulip", f"f gave {found!r}"
    if lab.call("kind") == "policy":
        play(lab)
    if lab.call("kind") == "strategy":
        serve(lab)
'''
ABOUT = """id = "99"
title = "A secret"
entry_points = ["f"]
hints = ["none"]
explanation = "none"
[predict]
question = "?"
choices = ["yes"]
answer = "yes"
why = "so"
[[tests]]
id = "seen"
points = 50
visibility = "visible"
failed = "f must give what it is given."
[[tests]]
id = "unseen"
points = 50
failed = "f must always give what it is given."
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Give a function that grades a source and returns the two outcomes."""
    folder = tmp_path_factory.mktemp("99_secret")
    (folder / "lab.py").write_text(LAB, "utf-8")
    (folder / "exercise.toml").write_text(ABOUT, "utf-8")
    exercise = Exercise(folder)
    return lambda source: judge(exercise, Submission.of("ada", source), tier=strongest()).outcomes


START = "def f(x):\n    if x != 'rose':\n        {}\n    return x\ndef kind(): return {!r}\nimport cachesim as cs\n"
POLICY = """class Mine(cs.EvictionPolicy):
    def __init__(self): self.keys = []
    def on_add(self, entry): self.keys.append(entry.key)
    def victim(self): {}
"""
STRATEGY = """class Mine(cs.Strategy):
    def read(self, app, key):
        row = yield app.db.read(key)
        {}
        return row
    def write(self, app, key, value):
        yield app.db.write(key, value)
"""


def function(line):
    """Return a submission that says what it knows in a function."""
    return START.format(line, "function")


def policy(line):
    """Return one that does so in a policy."""
    return START.format("pass", "policy") + POLICY.format(line)


def strategy(line):
    """Return one that does so in a strategy."""
    return START.format("pass", "strategy") + STRATEGY.format(line)


BUILT = "type(repr(x), (Exception,), {})()"
FAR = "exec(compile('\\n' * 20_000 + 'raise ValueError', 'submission:', 'exec'))"
ELSEWHERE = "exec(compile('raise ValueError', 'submission:tulip', 'exec'))"
LEAKS = {  # what a submission does with what it knows -> what its student reads
    "an error": (function("raise ValueError(x)"), "your code raised ValueError (line 3)"),
    "the name of an error": (function(f"raise {BUILT}"), "your code raised an error (line 3)"),
    "a line": (function(FAR), "your code raised ValueError"),
    "a part": (function(ELSEWHERE), "your code raised ValueError"),
    "a result": (function("return 'I saw ' + x"), ""),
    "a result of another kind": (
        function("return type(x, (), {})()"),
        "f returned something else; return plain data: finite numbers, text, True, False, None, "
        "lists and dicts of these (line 1)",
    ),
    "an exit": (
        function("import sys; sys.exit(x)"),
        "your code ended the process: leave out exit(), quit(), sys.exit() and os._exit() (line 3)",
    ),
    "what is printed": (function("print(x); raise KeyError"), "your code raised KeyError (line 3)"),
    "a victim": (
        policy("return repr(self.keys)"),
        "Mine.victim() returned a text, which the cache does not hold; return a key that on_add named and "
        "on_remove has not",
    ),
    "a key": (
        strategy("yield app.cache.get(key * 200)"),
        "app.cache.get needs a key, a text of 1 to 250 characters, got a text (line 10)",
    ),
    "a TTL": (
        strategy("yield app.cache.set(key, row, key)"),
        "app.cache.set needs a ttl above 0 seconds (leave it out for no limit), got a text (line 10)",
    ),
    "a time": (
        strategy("yield app.timeout(-float(key[4:]) - 1e6)"),
        "app.timeout needs a number of seconds, 0 or more, got a number (line 10)",
    ),
    "a call": (
        strategy("getattr(app, key)()"),
        "what you call is not in the sandbox; it has app.cache.get, set, delete and wait, app.db.read and write, "
        "app.timeout, app.spawn, app.now, app.random, app.client and app.shared (line 10)",
    ),
    "a class's name": (
        strategy("Mine.__name__ = Mine.read.__name__ = key; return key"),
        "Mine.read must return the Value that it read, as it is, or None if there is no such row; it returned "
        "a text (line 8)",
    ),
    "a method's arguments": (
        START.format("global kind; exec(f'def kind({x}): return 1', globals())", "policy"),
        "kind is called with 0 arguments, and must take as many",
    ),
    "a failure of the simulated world": (
        strategy("raise cs.errors.CacheError(key)"),
        "your code raised an error (line 10)",
    ),
}


@pytest.mark.parametrize(("source", "sentence"), LEAKS.values(), ids=LEAKS)
def test_nothing_of_a_hidden_test_is_told(graded, source, sentence):
    """The exercise's sentence and the kind of trouble, nothing that the code could choose; the teacher reads more."""
    seen, unseen = graded(source)

    assert ("passed", "") == (seen.status, seen.message)
    assert f"f must always give what it is given. {sentence}".strip() == unseen.message
    assert unseen.status in ("failed", "error")
    assert unseen.seen
    assert "" == seen.seen == unseen.output


def test_the_teacher_reads_what_was_seen(graded):
    """In full, as far as there is room."""
    outcome = graded(function("raise ValueError(x)"))[1]

    assert "ValueError: tulip (line 3)" == outcome.seen


def test_a_known_mistake_is_told(graded):
    """A hint is the author's own text, so it may be shown for a hidden test, too."""
    outcome = graded(function("return x[::-1]"))[1]

    assert (
        "f must always give what it is given. This is what you get if you read it backwards."
        == outcome.message
    )


def test_what_is_printed_in_a_visible_test_is_shown(graded):
    """Its first 2,000 characters, also of code that is ended; a test that passes shows it, too."""
    passing, _ = graded("def kind(): return 1\ndef f(x):\n    print('got', x)\n    return x\n")
    ended, _ = graded(
        "print('here')\ndef f(x):\n    print('y' * 9999)\n    import os; os._exit(0)\n"
    )
    broken, _ = graded(
        "import sys\nprint('a\\x1b[2J', file=sys.stderr)\ndef f(x): return x\n1 / 0\n"
    )

    assert ("passed", "got rose\n") == (passing.status, passing.output)
    assert ("crashed", "here\n" + "y" * 1995) == (ended.status, ended.output)
    assert ("error", "a [2J\n") == (broken.status, broken.output)


def test_printing_without_end_is_cheap(graded):
    """What is beyond the first characters goes nowhere, and holds nobody up."""
    outcome, _ = graded(
        "def kind(): return 1\ndef f(x):\n    for _ in range(10_000): print('z' * 999)\n    return x\n"
    )

    assert ("passed", 2000) == (outcome.status, len(outcome.output))
