"""What an answer needs, runs; the rest does not. In each case the lines that must run end with `#+`."""

import pytest

from tests.grading.box_modules import answer

F = "def f(x):  #+\n    return TABLE[x]  #+\n"
CASES = {
    "an import": "import math  #+\nimport numpy as np\ndef f(x):  #+\n    return math.pi  #+\n",
    "an import by another name": "import os.path as p  #+\nfrom os import sep\ndef f(x): return p.join(x)  #+\n",
    "two modules of one package": "import xml.dom  #+\nimport xml.sax  #+\nf = lambda: xml.dom  #+\n",
    "a constant": f"TABLE = [1, 2]  #+\nOTHER = 3\n{F}",
    "an annotated constant": f"TABLE: list = [1, 2]  #+\n{F}",
    "two names at once": f"TABLE, OTHER = [1], [2]  #+\nprint(OTHER)\n{F}",
    "a walrus": f"(TABLE := [1])  #+\n{F}",
    "a walrus in a comprehension": f"x = [TABLE := [y] for y in range(3)]  #+\n{F}",
    "a loop": f"TABLE = {{}}  #+\nfor n in range(5):  #+\n    TABLE[n] = n  #+\n{F}",
    "a loop with a condition": f"TABLE = []  #+\nwhile len(TABLE) < 5:  #+\n    TABLE += [1]  #+\n{F}",
    "a with": f"with open('x') as file:  #+\n    TABLE = file.read()  #+\n{F}",
    "a try": f"try:  #+\n    TABLE = {{}}  #+\nexcept ValueError:  #+\n    TABLE = None  #+\n{F}",
    "a match": f"match 1:  #+\n    case TABLE:  #+\n        pass  #+\n{F}",
    "an if": f"import sys  #+\nif sys.version_info > (3, 9):  #+\n    TABLE = 1  #+\nelse:  #+\n    TABLE = 2  #+\n{F}",
    "a method that changes": f"TABLE = []  #+\nTABLE.append(3)  #+\nprint(TABLE)\n{F}",
    "a chain of methods": f"TABLE = {{}}  #+\nTABLE.setdefault(1, []).append(2)  #+\n{F}",
    "a method that changes, for its result": f"TABLE = [1]  #+\nlast = TABLE.pop()  #+\n{F}",
    "a key": f"TABLE = {{}}  #+\nTABLE['a'] = 1  #+\nTABLE['b']['c'].d = 2  #+\n{F}",
    "a sum": f"TABLE = 0  #+\nTABLE += 1  #+\n{F}",
    "a del": f"TABLE = {{1: 2}}  #+\ndel TABLE[1]  #+\ndel OTHER\n{F}",
    "another name": f"TABLE = {{}}  #+\nt = TABLE  #+\nt[1] = 2  #+\nu = {{}}\nu[1] = 2\n{F}",
    "what a loop reaches": f"TABLE = [[], []]  #+\nfor row in TABLE:  #+\n    row.append(1)  #+\n{F}",
    "what a helper reaches": f"TABLE = [[]]  #+\ndef fill():  #+\n    for r in TABLE: r.append(1)  #+\nfill()  #+\n{F}",
    "a thing in it": f"TABLE = [[]]  #+\nfirst = TABLE[0]  #+\nfirst.append(3)  #+\n{F}",
    "the heap": f"import heapq  #+\nTABLE = [3, 1]  #+\nheapq.heapify(TABLE)  #+\n{F}",
    "a shuffle": f"import random  #+\nTABLE = [3, 1]  #+\nrandom.seed(4)  #+\nrandom.shuffle(TABLE)  #+\n{F}",
    "a setting": f"import sys  #+\nsys.setrecursionlimit(5000)  #+\nTABLE = 1  #+\n{F}",
    "a helper": "def g(x):  #+\n    return x  #+\ndef h(): pass\ndef f(x):  #+\n    return g(x)  #+\n",
    "a helper below": "def f(x):  #+\n    return g(x)  #+\ndef g(x):  #+\n    return x  #+\n",
    "a helper's helper": "def f(x): return g(x)  #+\ndef g(x): return h(x)  #+\nh = len  #+\n",
    "a helper that fills": f"TABLE = {{}}  #+\ndef fill():  #+\n    TABLE[1] = 2  #+\nprint(fill())  #+\n{F}",
    "a helper that fills what it gets": f"TABLE = {{}}  #+\ndef fill(t):  #+\n    t[1] = 2  #+\nfill(TABLE)  #+\n{F}",
    "a helper in a helper": f"TABLE = {{}}  #+\ndef put(k): TABLE[k] = k  #+\ndef fill(): put(3)  #+\nfill()  #+\n{F}",
    "a loop over a helper": f"TABLE = {{}}  #+\ndef put(k): TABLE[k] = k  #+\nfor k in 1, 2:  #+\n    put(k)  #+\n{F}",
    "a global in a helper": f"def make():  #+\n    global TABLE  #+\n    TABLE = [1]  #+\nmake()  #+\n{F}",
    "a decorator": "import functools  #+\n@functools.cache  #+\ndef f(x):  #+\n    return x  #+\n",
    "a registry": f"TABLE = {{}}  #+\ndef known(c):  #+\n    TABLE[c] = c  #+\n@known  #+\nclass A: pass  #+\n{F}",
    "a base class": "class A: pass  #+\nclass f(A): pass  #+\n",
    "a default": "ten = 10  #+\nother = 3\ndef f(x=ten): return x  #+\n",
    "a class that is changed": "class f: pass  #+\ndef g(self): pass  #+\nf.g = g  #+\nprint(f.g)\n",
    "a class method": "class A:  #+\n    @classmethod  #+\n    def go(cls): pass  #+\nA.go()  #+\nf = A  #+\n",
    "setattr": "class f: pass  #+\nsetattr(f, 'x', 1)  #+\n",
    "a local of the same name": "result = 1 / 0\ndef f(x):  #+\n    result = x  #+\n    return result  #+\n",
    "a parameter of the same name": "x = 1 / 0\ndef f(x): return [x for x in x]  #+\n",
    "a name in a class body": "y = 1 / 0\nclass f:  #+\n    y = 3  #+\n    def g(self): return self.y  #+\n",
    "the last of two": "def f(x):\n    return 1\ndef f(x):  #+\n    return 2  #+\n",
    "a second that extends the first": "class f: pass  #+\nclass f(f): x = 1  #+\n",
    "a wrapped function": "def f(x): return x  #+\nf = print or f  #+\n",
    "a value used, then changed": "n = 1  #+\ndef g(): return n  #+\nX = g()  #+\nn = 2  #+\nf = lambda: X  #+\n",
    "a value that is replaced unused": "n = 1 / 0\nn = 2  #+\ndef f(x): return n  #+\n",
    "a star": "from math import *  #+\nfrom os import sep\ndef f(x): return sin(x)  #+\n",
    "a star that nobody needs": "from matplotlib.pyplot import *\ndef f(x): return len(x)  #+\n",
    "the main part": "def f(x): return 1  #+\nif __name__ == '__main__':\n    f = None\n",
    "tries": "def f(x): return 1  #+\nf(3)\nprint(f(4))\nassert f(1) == 1\nr = f(5)\nhelp(f)\n[f(n) for n in r]\n",
    "tries of a class": "class f: pass  #+\np = f()\np.on_add(1)\nf.victim(None)\nf().victim()\n",
    "plots": "import plt\ndef f(x): return 1  #+\nplt.plot([f(n) for n in range(9)])\nplt.show()\n",
    "what fails": "def f(x): return 1  #+\n1 / 0\nprint(result)\nraise SystemExit\n",
    "on one line": "a = 1; b = 2; c = 3  #+\ndef f(x): return a + c  #+\n",
    "on one line with brackets": "a = (1,\n 2); c = 3  #+\ndef f(x): return c  #+\n",
    "future": "from __future__ import annotations\ndef f(x): return x  #+\n",
    "lines of a string": "s = '''  #+\n%time\n'''  #+\ndef f(x): return s  #+\n".replace("\n%time", "\n%time #+"),
    "an async try": "import asyncio\nawait asyncio.sleep(0)\nasync for x in y: pass\ndef f(x): return x  #+\n",
}  # fmt: skip


@pytest.mark.parametrize("source", CASES.values(), ids=CASES)
def test_what_the_answer_needs_runs(source):
    """... and nothing else; every line keeps its number."""
    wanted = [n for n, line in enumerate(source.split("\n"), 1) if line.endswith("#+")]
    ((_, code),) = answer(source).parts()

    assert wanted == [n for n, line in enumerate(code.split("\n"), 1) if line.strip()]
    compile(code, "the answer", "exec")


def test_statements_on_one_line_are_kept_apart():
    """What is left out between two that stay takes its semicolon along."""
    ((_, code),) = answer("a = 1; b = 1 / 0; c = 3\ndef f(x): return a, c\n").parts()

    assert "a = 1; c = 3\ndef f(x): return a, c\n" == code


def test_letters_of_several_bytes():
    """Columns count bytes, and words are not cut."""
    ((_, code),) = answer("ä = 'ßß€😀'; b = 2; ö = 'é'\ndef f(x): return ä, ö\n").parts()

    assert "ä = 'ßß€😀'; ö = 'é'\n" == code.split("def")[0]


GIVEN = "import cs\nclass f(cs.P):\n    ...\ndef helper(): pass\n"


@pytest.mark.parametrize("cells", [("class f: x = 1", GIVEN), (GIVEN, "class f: x = 1")])
def test_an_untouched_stub_never_replaces_an_attempt(cells):
    """In whichever order they stand."""
    made = answer(*cells, given=[GIVEN])

    assert ["f"] == made.written
    assert ["class f: x = 1\n"] == [code for _, code in made.parts()]


def test_a_stub_may_be_extended():
    """A class that builds on the stub needs it; so does a method that is put into it."""
    for source in ("class f(f): x = 1", "def g(self): pass\nf.victim = g"):
        made = answer(GIVEN, source, given=[GIVEN])
        assert ["f"] == made.written
        assert ["cell 1", "cell 2"] == [where for where, _ in made.parts()]


def test_the_stub_alone_is_nothing_written():
    """Comments and layout are no attempt; a helper that the exercise gave is none either."""
    for source in (GIVEN, GIVEN.replace("\n", "  # mine\n"), "import cs", ""):
        assert [] == answer(source, given=[GIVEN]).written


def test_what_the_exercise_gave_may_be_used():
    """A student's own helper of the same name comes first."""
    mine = "def f(x): return helper()"
    given, own = (
        answer(GIVEN, mine, given=[GIVEN]),
        answer("helper = 3", mine, GIVEN, given=[GIVEN]),
    )

    assert ["cell 1", "cell 2"] == [where for where, _ in given.parts()]
    assert ["cell 1", "cell 2"] == [where for where, _ in own.parts()]
