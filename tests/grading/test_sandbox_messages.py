"""What only a sandbox says: what a function gave, what ended the process, what is not there; and what is honest."""

import pytest

from cachesim.errors import StrategyError
from cachesim.experiments.run import run
from cachesim.grading.answers import AnswerError
from cachesim.model.strategies.base import Strategy
from tests.grading.slips import STRATEGY, filled
from tests.model.worlds import scripted

RESULT = "f returned {}; return plain data: finite numbers, text, True, False, None, lists and dicts of these"
EXIT = "your code ended the process: leave out exit(), quit(), sys.exit() and os._exit()"
RECURSION = "your code calls itself without end (RecursionError)"
CRASH = (
    "your code made Python itself crash: calls inside calls without end, too much memory, or ctypes"
)
STEPS = [(0.0, "read", "a"), (50.0, "read", "a"), (50.0, "write", "a")]

FUNCTIONS = {  # the body of f(x), which is called with 7 -> what is told
    "a set": ("return {x}", RESULT.format("{7}") + " (line 1)"),
    "a set in a list": ("return [1, {'a': {x}}]", RESULT.format("{7}") + " (line 1)"),
    "a generator": ("yield x", RESULT.format("a generator") + " (line 1)"),
    "bytes": ("return b'x'", RESULT.format("b'x'") + " (line 1)"),
    "nan": ("return float('nan')", RESULT.format("nan") + " (line 1)"),
    "an object": ("return object()", RESULT.format("an object of type object") + " (line 1)"),
    "a Fraction": (
        "import fractions\nreturn fractions.Fraction(1, 3)",
        RESULT.format("an object of type Fraction") + " (line 1)",
    ),
    "keys that are tuples": ("return {(1, 2): 3}", RESULT.format("{(1, 2): 3}") + " (line 1)"),
    "a ring": ("a = []\na.append(a)\nreturn a", RESULT.format("[[[...]]]") + " (line 1)"),
    "sys.exit": ("import sys\nsys.exit(0)", f"{EXIT} (line 3)"),
    "exit": ("exit()", f"{EXIT} (line 2)"),
    "quit": ("quit(1)", f"{EXIT} (line 2)"),
    "os._exit": ("import os\nos._exit(0)", EXIT),
    "os.abort": (
        "import os\nos.abort()",
        CRASH,
    ),
    "input": (
        "return int(input('x?'))",
        "input() waits for a keyboard, and there is none: what a function needs comes as its arguments (line 2)",
    ),
    "no end": ("return f(x + 1)", f"{RECURSION} (line 2)"),
    "no end, and no limit": (
        "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n    def __repr__(self): return repr(self)\nrepr(A())",
        CRASH,
    ),
    "memory": (
        "return len(bytearray(1 << 40))",
        "your code needs more memory than a test may use (MemoryError) (line 2)",
    ),
    "a name": ("return y", "NameError: name 'y' is not defined (line 2)"),
    "nothing next": ("return next(iter([]))", "StopIteration: next() found nothing (line 2)"),
    "a long number": (
        "return 10 ** 20",
        "an answer of your code cannot be read: a whole number of 21 digits, more than 18",
    ),
    "many levels": (
        "for _ in range(40): x = [x]\nreturn x",
        "an answer of your code is nested too deeply",
    ),
    "many parts": ("return [0] * 200_000", "an answer of your code has more than 100,000 parts"),
}


@pytest.mark.parametrize(("body", "sentence"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function(lab_of, body, sentence):
    """Each way not to give a result has its own sentence, with the student's line where there is one."""
    source = "def f(x):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    with pytest.raises(AnswerError) as found:
        lab_of(source).call("f", 7)

    assert sentence == str(found.value)


ENTRIES = {  # what stands in place of f, or of Mine -> what is told
    "f is not there": ("g = 1", '"f" is not defined: write it, with exactly this name'),
    "f is a class": ("class f: pass", "f must be a function, it is a class"),
    "f is a number": ("f = 0.1 + 0.2", "f must be a function, it is 0.3"),
    "f takes two": (
        "def f(x, y): pass",
        "f is called with 1 argument, and must take as many (line 1)",
    ),
    "Mine is a function": ("def Mine(): pass", "Mine must be a class, it is a function"),
    "Mine has another base": (
        "class Mine: pass",
        'Mine must be a subclass of cs.Strategy: write "class Mine(cs.Strategy):"',
    ),
    "Mine has another field": (
        STRATEGY.replace("ttl: float", "tll: float"),
        'Mine has no field "ttl"; its fields are: tll',
    ),
    "Mine has its own __init__": (
        STRATEGY.replace("    ttl: float = 10.0", "    def __init__(self, size): pass"),
        "Mine cannot be made: its __init__ asks for more than it is given; "
        "leave __init__ out, or give its arguments defaults",
    ),
    "no Python": ("def f(x:\n", "SyntaxError: '(' was never closed (line 1)"),
}


@pytest.mark.parametrize(("source", "sentence"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_point(lab_of, source, sentence):
    """What an exercise asks for and is not there, or is something else."""
    lab = lab_of(source)
    with pytest.raises(AnswerError) as found:
        lab.call("f", 7) if sentence.startswith(('"f', "f", "Syn")) else lab.strategy(
            "Mine", ttl=1.0
        )

    assert sentence == str(found.value)


def test_a_field_is_told_as_outside(lab_of):
    """The sentence of `cs.run`."""
    names = {}
    exec(STRATEGY.replace("ttl: float", "tll: float"), names)
    with pytest.raises(ValueError, match="no field") as outside:
        names["Mine"](ttl=1.0)

    assert ENTRIES["Mine has another field"][1] == str(outside.value)


LACKS = {
    "app.cache.execute": 'yield app.cache.execute("GET", key)',
    "app.db.write_all": "yield app.db.write_all([])",
    "app.db.version_of": "app.db.version_of(row)",
    "app.skew": "app.skew",
    "value.write": "row = yield app.db.read(key); row.write",
}


@pytest.mark.parametrize(("name", "line"), LACKS.items())
def test_what_the_sandbox_lacks_is_named(lab_of, name, line):
    """Whatever works in `cs.run` and not here is told so, with what there is."""
    lab = lab_of(filled("row = yield app.db.read(key)", line))
    with pytest.raises(
        AnswerError, match=rf"{name} is not in the sandbox; it has app.cache.get, set"
    ) as found:
        run(scripted(lab.strategy("Mine"), STEPS))

    assert name not in found.value.fixed


def test_sleep_in_a_strategy(lab_of):
    """It would stop the simulation; a function may sleep."""
    source = "import time\n" + filled("time.sleep(0.01)", "row = yield app.db.read(key)")
    lab = lab_of(source + "def f(x):\n    time.sleep(0)\n    return x\n")

    assert 7 == lab.call("f", 7)
    with pytest.raises(AnswerError, match=r"time.sleep stops the whole simulation"):
        run(scripted(lab.strategy("Mine"), STEPS))


def test_the_cell_is_named(lab_of):
    """A notebook's cell stands before the line, and a line that is not there is not told."""
    lab = lab_of("def f(x):\n    return y\n", where="cell 7")
    with pytest.raises(AnswerError, match=r"NameError: name 'y' is not defined \(cell 7, line 2\)"):
        lab.call("f", 1)

    far = "exec(compile('\\n' * 99 + 'def f(x): return y', 'submission:', 'exec'))"
    with pytest.raises(AnswerError, match=r"is not defined$"):
        lab_of(far).call("f", 1)


def test_the_class_is_the_students():
    """A strategy that is used where another is asked for is told by its own name."""

    class Mine(Strategy):
        """Nothing yet."""

    with pytest.raises(StrategyError, match=r"^Mine must define read\(self, app, key\)$"):
        run(scripted(Mine(), STEPS))
