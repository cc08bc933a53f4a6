"""A fingerprint of a scenario: equal for equal scenarios in every process, different if anything differs.

It covers everything that a run can depend on: the fields; the code of the user's own classes and functions, with
the globals that they use; the content of a trace; the name and version of what is installed. Anything else is
refused with a sentence, because a wrong fingerprint would find a wrong result in the store.
"""

from __future__ import annotations

import dis
import hashlib
import pickle
import sys
import sysconfig
import types
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from cachesim.errors import BadInput
from cachesim.live.server import ServerSpec
from cachesim.model.database import Database
from cachesim.model.trace_workload import TraceReplay
from cachesim.spec import Spec, fields_of
from cachesim.storage.sqlite import MEMORY

PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented))
OF_PYTHON = {  # attributes that Python adds to a class: they follow from the rest
    "__dict__", "__weakref__", "__module__", "__qualname__", "__doc__", "__annotations__", "__annotate__",
    "__annotate_func__", "__annotations_cache__", "__dataclass_fields__", "__dataclass_params__",
    "__match_args__", "__static_attributes__", "__firstlineno__", "__slotnames__", "_field_types",
    "__abstractmethods__", "_abc_impl", "__replace__",
}  # fmt: skip
GENERATED = "__create_fn__"  # in the names of the functions that dataclasses writes


def fingerprint(value: Any) -> str:
    """Return 64 hexadecimal digits that stand for a value.

    Raises
    ------
    BadInput
        Its effect on a run cannot be known beforehand: a real server, a file that the run writes, an object
        that cannot be pickled.

    Examples
    --------
    >>> fingerprint([1, 2]) == fingerprint([1, 2]), fingerprint([1, 2]) == fingerprint([2, 1])
    (True, False)
    """
    try:
        return _Walk().of(value)
    except BadInput:
        raise
    except (TypeError, AttributeError, OSError, RecursionError, pickle.PicklingError) as error:
        raise BadInput(f"it holds what has no lasting form ({error})") from None


class _Walk:
    """One walk over everything that a value refers to; a circle of references ends the walk."""

    def __init__(self) -> None:
        self._path: set[int] = set()

    def of(self, value: Any) -> str:
        if type(value) in PLAIN:
            return _digest(type(value).__name__, repr(value))
        if id(value) in self._path:
            return _digest("again", getattr(value, "__qualname__", type(value).__qualname__))
        self._path.add(id(value))
        try:
            return _digest(type(value).__name__, *self._parts(value))
        finally:
            self._path.discard(id(value))

    def _all(self, values: Iterable[Any]) -> list[str]:
        return [self.of(value) for value in values]

    def _parts(self, value: Any) -> Iterable[str]:
        """Return the fingerprints of the parts of a value."""
        if type(value) in (tuple, list):
            return self._all(value)
        if type(value) is dict:
            return self._all(part for item in value.items() for part in item)
        if type(value) in (set, frozenset):
            return sorted(self._all(value))
        if isinstance(value, Spec):
            return [self.of(type(value)), *_files(value), self.of(fields_of(value))]
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.ModuleType):
            return self._module(value, ())
        if isinstance(value, types.MethodType | staticmethod | classmethod):
            return self._all([value.__func__, getattr(value, "__self__", None)])
        if isinstance(value, property):
            return self._all([value.fget, value.fset, value.fdel])
        return self._pickled(value)

    def _class(self, cls: type) -> Iterator[str]:
        yield cls.__qualname__
        if known := _installed(cls.__module__):
            yield known
            return
        yield from self._all(cls.__bases__)
        for name, part in sorted(vars(cls).items()):
            if name not in OF_PYTHON and not _is_made_by_python(part):
                yield from (name, self.of(part))

    def _function(self, function: types.FunctionType) -> Iterator[str]:
        yield function.__qualname__
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        yield from self._all([function.__defaults__, function.__kwdefaults__, cells])
        if known := _installed(function.__module__):
            yield known
            return
        yield from self._code(function.__code__, function.__globals__)

    def _code(self, code: types.CodeType, names: dict[str, Any]) -> Iterator[str]:
        """Yield the code itself, and the globals that it reads."""
        yield code.co_code.hex()
        yield repr((code.co_names, code.co_varnames, code.co_argcount, code.co_flags))
        for constant in code.co_consts:
            inner = isinstance(constant, types.CodeType)
            yield from self._code(constant, names) if inner else [self.of(constant)]
        for name, found in _used(code, names):
            if isinstance(found, types.ModuleType):
                yield _digest(name, *self._module(found, code.co_names))
            else:
                yield _digest(name, self.of(found))

    def _module(self, module: types.ModuleType, used: tuple[str, ...]) -> Iterator[str]:
        """Yield the version of an installed module; for a user's module, its source and the values of `used` names."""
        yield module.__name__
        if known := _installed(module.__name__):
            yield known
            return
        yield Path(str(module.__file__)).read_text(encoding="utf-8") if module.__file__ else ""
        yield from (_digest(n, self.of(vars(module)[n])) for n in used if n in vars(module))

    def _pickled(self, value: Any) -> list[str]:
        """Return the parts from which pickle would make any other object."""
        reduced = value.__reduce_ex__(4)
        if isinstance(reduced, str):
            return [reduced, str(_installed(value.__module__))]
        made, given, *rest = reduced
        state, items, pairs = [*rest, None, None, None][:3]
        return self._all([made, given, state, list(items or ()), list(pairs or ())])


def _digest(*parts: str) -> str:
    found = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        found.update(b"%d:" % len(content) + content)
    return found.hexdigest()


def _files(spec: Spec) -> Iterator[str]:
    """Yield the content of the files that a spec reads; refuse servers, and files that a run writes."""
    if isinstance(spec, ServerSpec):
        raise BadInput(f"{type(spec).__name__} runs whatever server is installed")
    if isinstance(spec, Database) and spec.file != MEMORY:
        raise BadInput(f'it writes the database file "{spec.file}"')
    path = spec.path if isinstance(spec, TraceReplay) else getattr(spec, "seed_from", "")
    if path:
        about = Path(path).stat()
        yield _content(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=16)  # a trace may have gigabytes, and a sweep asks once per case
def _content(path: str, _size: int, _changed: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed(module: str | None) -> str:
    """Return the name and version of an installed module's package; "" for a module of the user."""
    package = str(module).partition(".")[0]
    if package == "__main__":  # a notebook or a script
        return ""
    if package == "cachesim" or package in sys.stdlib_module_names:
        return str(module)  # their versions are part of the code's version
    top = sys.modules.get(package)
    file = getattr(top, "__file__", None) or ""
    if not any(file.startswith(sysconfig.get_path(name)) for name in ("purelib", "platlib")):
        return ""
    return f"{module} {getattr(top, '__version__', '')}"


def _is_made_by_python(part: Any) -> bool:
    if isinstance(part, types.MemberDescriptorType | types.GetSetDescriptorType):
        return True
    code = getattr(part, "__code__", None)
    return code is not None and code.co_qualname.startswith(GENERATED)


def _used(code: types.CodeType, names: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the globals that the code reads and the modules that it imports, each with its name."""
    found: dict[str, Any] = {}
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval in names:
            found[step.argval] = names[step.argval]
        elif step.opname == "IMPORT_NAME" and not _installed(step.argval):
            if step.argval not in sys.modules:
                raise BadInput(f"it imports {step.argval} while it runs; import it at the top")
            found[step.argval] = sys.modules[step.argval]
    return sorted(found.items())
