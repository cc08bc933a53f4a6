"""The front door: what `import cachesim` shows, and what it costs."""

import inspect
import subprocess
import sys

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
    """Return what a user sees: public names, sub-packages that merely got imported left out."""
    return {
        name
        for name, thing in vars(cachesim).items()
        if not name.startswith("_") and not inspect.ismodule(thing)
    }


def rank(name):
    """Return the key of the order that ruff keeps: constants, classes, the rest.

    >>> sorted(["run", "Zipf", "MIB"], key=rank)
    ['MIB', 'Zipf', 'run']
    """
    return not name.isupper(), not name[0].isupper(), name


def own_docstring(thing):
    """Return the docstring that somebody wrote for this very thing, "" if nobody did.

    >>> own_docstring(type("Nameless", (int,), {}))
    ''
    """
    text = thing.__doc__ or ""  # a class does not inherit __doc__ ...
    return "" if text.startswith(f"{thing.__name__}(") else text  # ... but dataclass makes one up


def test_all_is_sorted_and_short():
    """`__all__` is sorted, names nothing twice, and has at most 40 names."""
    assert sorted(set(cachesim.__all__), key=rank) == list(cachesim.__all__)
    assert 0 < len(cachesim.__all__) <= 40


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
