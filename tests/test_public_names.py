"""The front door: what `import cachesim` shows, and what it costs."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import cachesim

SLOW = {
    "matplotlib",
    "joblib",
    "scipy",
    "pandas",
    "pyarrow",
    "numba",
}  # imported by those who need them


def shown():
    """List what a user sees: public names, sub-packages that merely got imported left out."""
    return {
        name
        for name, thing in vars(cachesim).items()
        if not name.startswith("_") and not inspect.ismodule(thing)
    }


def groups():
    """Return the names of `__all__` by the comment above them.

    >>> sorted(groups())[0], "Scenario" in groups()["describe a run"]
    ('describe a run', True)
    """
    source = Path(cachesim.__file__).read_text(encoding="utf-8")
    listed = source.partition("__all__ = [")[2].partition("]")[0].splitlines()[1:]
    found = {}
    for line in map(str.strip, listed):
        if line.startswith("#"):
            names = found[line.removeprefix("# ")] = []
        elif line:
            names.append(line.strip('",'))
    return found


def own_docstring(thing):
    """Return the docstring that somebody wrote for this very thing, "" if nobody did.

    >>> own_docstring(type("Nameless", (int,), {}))
    ''
    """
    text = thing.__doc__ or ""  # a class does not inherit __doc__ ...
    return "" if text.startswith(f"{thing.__name__}(") else text  # ... but dataclass makes one up


def test_all_is_sorted_and_short():
    """`__all__` has groups for a reader, each sorted; it names nothing twice, and 44 at most."""
    assert [name for names in groups().values() for name in names] == cachesim.__all__
    assert len(groups()) > 1
    assert [] == [group for group, names in groups().items() if sorted(names) != names]
    assert len(set(cachesim.__all__)) == len(cachesim.__all__) <= 44


def test_all_is_what_is_there():
    """Every name of `__all__` exists, and no other public name does."""
    assert [] == [name for name in cachesim.__all__ if not hasattr(cachesim, name)]
    assert set() == shown() - set(cachesim.__all__)


def test_every_public_name_has_a_docstring():
    """Modules, classes and functions say what they are; constants are numbers and cannot."""
    public = {name: getattr(cachesim, name) for name in cachesim.__all__}
    speaking = {
        name: thing
        for name, thing in public.items()
        if inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isroutine(thing)
    }

    assert [] == [name for name, thing in speaking.items() if not own_docstring(thing)]


def test_the_import_leaves_slow_libraries_alone():
    """A fresh `import cachesim` imports none of the slow libraries, and prints nothing."""
    program = "import sys, cachesim; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    fresh = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (0, "") == (fresh.returncode, fresh.stderr)
    assert set() == SLOW & set(fresh.stdout.split())
    assert 1 == len(fresh.stdout.splitlines())


@pytest.mark.parametrize(("name", "place"), cachesim._MOVED.items())
def test_a_moved_name_says_where_it_is(name, place):
    """As an attribute and in a from-import; the sentence's own name exists."""
    says = rf"^cachesim\.{name} is now cachesim\.{place}\.{name}; use that name$"
    with pytest.raises(ImportError, match=says):
        getattr(cachesim, name)
    with pytest.raises(ImportError, match=says):
        exec(f"from cachesim import {name}")

    assert hasattr(getattr(cachesim, place), name)
    assert name not in cachesim.__all__


def test_a_name_that_never_was_is_an_attribute_error():
    """So that hasattr and getattr with a default work."""
    assert not hasattr(cachesim, "nothing_of_the_kind")
