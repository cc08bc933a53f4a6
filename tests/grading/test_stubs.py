"""Imports that the sandbox lacks harm only an answer that uses them."""

import pytest

import cachesim
from cachesim.grading.answers import AnswerError
from cachesim.grading.parts import Part
from cachesim.grading.sandbox import Limits, box, strongest

LACKS = (
    "{} is not in the sandbox: an answer may use Python's standard library and, of cachesim, "
    "Entry, EvictionPolicy, Strategy, errors.CacheError, errors.DatabaseRefused"
)


def value(*cells):
    """Run the cells; return the result of f()."""
    parts = [Part(f"cell {number}", code) for number, code in enumerate(cells, 1)]
    with box(strongest(), Limits(), parts) as made:
        return made.ask(do="call", name="f", arguments=[])["value"]


UNUSED = {
    "numpy": "import numpy as np",
    "matplotlib": "import matplotlib.pyplot as plt, pandas as pd",
    "names": "from IPython.display import display, HTML",
    "a star": "from numpy import *",
    "of cachesim": "from cachesim import run, plots, EvictionPolicy\nclass A(EvictionPolicy): pass",
    "a room of cachesim": "import cachesim.plots as p\nfrom cachesim.grading.histories import of",
    "an annotation": "import numpy as np\ndef g(x: np.ndarray) -> np.float64: pass",
    "in a function": "def g():\n    import scipy.stats as st\n    return st.norm",
    "a room's own names": "from cachesim.errors import DatabaseRefused\nassert issubclass(DatabaseRefused, Exception)",
    "with a way out": "try:\n    import numpy as np\nexcept ImportError:\n    np = None\nassert np is None",
    "with a way out for all": "try:\n    import numpy\nexcept:\n    numpy = 1\nassert numpy == 1",
    "the standard library": "import pickle, heapq, json, decimal, statistics, typing, dataclasses",
    "a star of cachesim": "from cachesim import *\nclass A(EvictionPolicy): size = MIB",
    "display": "display(3)",
}


@pytest.mark.parametrize("source", UNUSED.values(), ids=UNUSED)
def test_an_import_that_is_not_used_costs_nothing(source):
    """Nor does one that only a function uses which nobody calls."""
    assert 7 == value(source, "def f(): return 7")


USED = [
    ("import numpy as np\ndef f(): return np.pi", "numpy"),
    ("import matplotlib.pyplot as plt\ndef f(): plt.show()", "matplotlib.pyplot"),
    ("from numpy import array\ndef f(): return array([1])", "numpy.array"),
    ("from numpy import *\ndef f(): return zeros(3)", "numpy.zeros"),
    ("from numpy import pi\ndef f(): return 2 * pi", "numpy.pi"),
    ("from numpy import pi\ndef f(): return max(1, pi)", "numpy.pi"),
    ("from numpy import ndarray\ndef f(): return isinstance(1, ndarray)", "numpy.ndarray"),
    ("from cachesim import run\ndef f(): return run()", "cachesim.run"),
    ("import cachesim.plots as p\ndef f(): return p.lines", "cachesim.plots"),
    ("from cachesim.policies import LRU as f\n\n", "cachesim.policies.LRU"),
    ("def f():\n    import scipy.stats as s; return s.norm", "scipy.stats"),
    ("import helpers\ndef f(): return helpers.go()", "helpers"),
]


@pytest.mark.parametrize(("source", "name"), USED, ids=[source[:30] for source, _ in USED])
def test_using_it_says_what_the_sandbox_has(source, name):
    """With the line that uses it."""
    with pytest.raises(AnswerError) as raised:
        value(source)

    assert str(raised.value).startswith(f"ImportError: {LACKS.format(name)}")


def test_what_would_be_the_answer_is_refused():
    """As an attribute of the toolkit, with its line."""
    for name in ("policies", "run", "exercise"):
        with pytest.raises(
            AnswerError, match=rf"cachesim\.{name} is not part of .* \(cell 1, line 2\)"
        ):
            value(f"import cachesim as cs\ndef f(): return cs.{name}")


@pytest.mark.parametrize("name", ["BadInput", "CacheError"])
def test_a_name_that_lives_in_errors_says_so(name):
    """As an attribute and as an import, by the sentence that the front door has outside."""
    says = f"cachesim.{name} is now cachesim.errors.{name}; use that name"
    as_attribute = f"import cachesim as cs\ndef f(): return cs.{name}"
    as_import = f"from cachesim import {name}\ndef f(): raise {name}()"
    for source in (as_attribute, as_import):
        with pytest.raises(AnswerError, match=f"^ImportError: {says}"):
            value(source)


ONLY_INSIDE = {"Entry"}  # what a policy is given: outside it is made by the engine


def test_the_front_door_is_the_same_inside():
    """A name that the sandbox has at the top is public outside too, and as the same kind of thing."""
    public = (
        "[n for n, x in vars(cs).items() if not n.startswith('_') and isinstance(x, (type, int))]"
    )
    inside = set(value(f"import cachesim as cs\ndef f(): return {public}"))

    assert set() == inside - set(cachesim.__all__) - ONLY_INSIDE - {"Slip"}
    assert {"EvictionPolicy", "MIB", "Strategy"} == inside & set(cachesim.__all__)


def test_units_and_errors_are_namespaces_inside():
    """As outside: imported from their module, or reached through it."""
    source = "import cachesim as cs\nfrom cachesim.units import KIB\nfrom cachesim.errors import CacheError\n"

    assert [1024, True] == value(
        f"{source}def f(): return [KIB, CacheError is cs.errors.CacheError]"
    )
