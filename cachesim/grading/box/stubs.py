"""Imports that the sandbox lacks: they succeed, and what was imported fails as soon as an answer uses it.

So `import numpy as np` harms nobody who only plots with it. Only the student's own imports are treated so: the standard
library finds out by ImportError what there is.
"""

import __future__

import ast
import builtins
import sys
import types

FLAGS = __future__.annotations.compiler_flag  # what stands in an annotation is not a use
CATCHES = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
OPERATIONS = """
    call hash add radd sub rsub mul rmul matmul rmatmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow neg pos
    abs invert and rand or ror xor rxor lshift rlshift rshift rrshift lt le gt ge eq ne getitem setitem delitem contains
    iter next len bool int float complex index str format bytes enter exit mro_entries instancecheck subclasscheck
    await aiter anext round trunc floor ceil reversed
"""


def sentence(name):
    """Return the sentence for an answer that uses something the sandbox does not have."""
    ours = sys.modules["cachesim"]
    return ours.elsewhere(name.removeprefix("cachesim.")) or (
        f"{name} is not in the sandbox: an answer may use Python's standard library and, of cachesim, "
        f"{ours._classes()}"
    )


def _fails(self, *_, **__):
    raise ImportError(sentence(self.__name__))


class Missing(types.ModuleType):
    """Something that the sandbox lacks; whatever is done with it fails with the sentence."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        _fails(self)

    vars().update({f"__{name}__": _fails for name in OPERATIONS.split()})


class Importer:
    """The `__import__` of a student's code."""

    def __init__(self):
        self.guarded = set()

    def compiled(self, source, file):
        """Compile a part, and note where it catches an ImportError: there a missing import must raise it."""
        code = compile(source, file, "exec", FLAGS, dont_inherit=True)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Try) and any(map(_catches, node.handlers)):
                ends = (node.body[0].lineno, node.body[-1].end_lineno + 1)
                self.guarded.update((file, line) for line in range(*ends))
        return code

    def __call__(self, name, globals=None, locals=None, fromlist=(), level=0):
        """Import a module; make one of stubs if it is not there."""
        caller = sys._getframe(1)
        if name.partition(".")[0] == "cachesim" and not level:
            return toolkit(name, fromlist)
        try:
            return builtins.__import__(name, globals, locals, fromlist, level)
        except ModuleNotFoundError:
            if (caller.f_code.co_filename, caller.f_lineno) in self.guarded:
                raise
            return stub(name, fromlist, caller)


def toolkit(name, fromlist):
    """Return the sandbox's own cachesim, in whatever module of it a student looks for a name."""
    ours = sys.modules["cachesim"]
    if name == "cachesim" and (not fromlist or "*" in fromlist):
        return ours
    found = types.ModuleType("cachesim")
    found.__dict__.update(vars(ours))
    if fromlist and name in sys.modules:
        found.__dict__.update(vars(sys.modules[name]))
    inner = name.split(".")[1:2] if not fromlist else [one for one in fromlist if one != "*"]
    for one in inner:
        where = name if fromlist else "cachesim"
        found.__dict__.setdefault(one, Missing(f"{where}.{one}"))
    return found


def stub(name, fromlist, caller):
    """Return a module of stubs for an import statement: the outermost one, or the one that names come from."""
    first, *inner = name.split(".")
    made = outermost = Missing(first)
    for part in inner:
        made.__dict__[part] = Missing(f"{made.__name__}.{part}")
        made = made.__dict__[part]
    names = _unknown(caller) if "*" in (fromlist or ()) else fromlist or ()
    made.__dict__.update({one: Missing(f"{name}.{one}") for one in names})
    made.__dict__["__all__"] = list(names)
    return made if fromlist else outermost


def _unknown(caller):
    """Return the names that some code uses and nobody has defined yet: what it may expect of `from x import *`."""
    waiting, found = [caller.f_code], set()
    while waiting:
        code = waiting.pop()
        found.update(code.co_names)
        waiting += [one for one in code.co_consts if isinstance(one, types.CodeType)]
    return found - set(caller.f_globals) - set(dir(builtins))


def _catches(handler):
    parts = ast.walk(handler.type) if handler.type else [ast.Name("Exception")]
    return any(isinstance(part, ast.Name) and part.id in CATCHES for part in parts)


def built_in(importer):
    """Return the built-in names of a student's code: its own import, and Jupyter's `display`, which prints."""
    return {**vars(builtins), "__import__": importer, "display": print}
