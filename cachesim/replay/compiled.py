"""A kernel is a loop written once: Python runs it on lists, numba runs it as machine code on arrays.

Both do the same arithmetic on whole numbers and the same draws, so their answers are the same, bit for bit.
"""

import threading
from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from types import CodeType, FunctionType
from typing import Any
from zlib import crc32

import numpy as np

from cachesim.errors import BadInput
from cachesim.startup import interruptible

# Numba counts references whenever a function takes columns out of a tuple, and copies the tuple for every call.
# Measured, that makes our kernels twenty times as slow. So functions are compiled into their callers (`inline`),
# and only functions that change a list count references (`_nrt`, numba's run time for memory).
WORTH_IT = 1_000_000  # requests to play
OPTIONS = {"inline": "always", "nogil": True}  # nogil: other threads run at the same time
LOOK_AGAIN = 0.1  # seconds between two looks at a thread; on Windows Ctrl-C cannot end a wait
LIST_WORDS = {"append", "clear", "heappop", "heappush", "reverse"}


def choose(compiled: bool | None, *, work: int) -> bool:
    """Decide whether kernels run as machine code; None: if numba is installed and there is enough work.

    Parameters
    ----------
    work : int
        Requests to play, all sizes together. Numba takes a second to load, and some to compile the first time.

    Raises
    ------
    BadInput
        `compiled` is true and numba is missing.
    """
    if compiled is None:
        return work >= WORTH_IT and is_installed()
    if compiled and not is_installed():
        raise BadInput(
            "compiled=True needs numba, which is not installed; leave compiled out, or install it with: "
            'pip install "cachesim-lab[fast]"'
        )
    return compiled


def is_installed() -> bool:
    """Whether numba can be imported."""
    return find_spec("numba") is not None


def call(kernel: Callable[..., Any], *arguments: Any, compiled: bool) -> Any:
    """Run a kernel on columns, named tuples of columns, and numbers.

    >>> call(sum, np.arange(4), compiled=False)
    6
    """
    if compiled:
        return _heard(machine_code(kernel), arguments)
    return kernel(*map(_listed, arguments))


def _heard(function: Any, arguments: tuple[Any, ...]) -> Any:
    """Call machine code in another thread, so that this one reacts to Ctrl-C; a kernel itself handles no signal.

    After Ctrl-C the kernel runs on until the process ends, for its thread is a daemon.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments)
    with interruptible():
        function.compile(tuple(map(_numba().typeof, arguments)))
    ended: list[Callable[[], Any]] = []
    thread = threading.Thread(
        target=lambda: ended.append(_outcome(function, arguments)), daemon=True
    )
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_AGAIN)
    return ended[0]()


def _outcome(function: Any, arguments: tuple[Any, ...]) -> Callable[[], Any]:
    """Call machine code; make a function that gives its answer, or raises its error, in the thread that calls it."""
    try:
        answer = function(*arguments)
    except Exception as error:
        return partial(_raise, error)
    return lambda: answer


def _raise(error: Exception) -> None:
    raise error


def _numba() -> Any:
    import numba

    return numba


def _listed(argument: Any) -> Any:
    """Turn columns into lists, for Python reads a number from a list three times as fast as from an array."""
    if isinstance(argument, np.ndarray):
        return argument.tolist()
    return type(argument)(*map(_listed, argument)) if isinstance(argument, tuple) else argument


@cache
def machine_code(kernel: Any) -> Any:
    """Prepare a kernel and the functions it calls for numba, which compiles it at the first call.

    The code is kept on disk beside the source or, if that is read-only, in the user's cache folder. If neither
    can be written, each process compiles for itself (some seconds).
    """
    njit: Any = _numba().njit  # its types do not know `_nrt`

    names = {**kernel.__globals__, **{n: machine_code(f) for n, f in called(kernel).items()}}
    twin = FunctionType(kernel.__code__, names, kernel.__name__, kernel.__defaults__)
    twin.__module__ = kernel.__module__
    twin.__qualname__ = f"{kernel.__qualname__}_{fingerprint(kernel):08x}"
    counts = not LIST_WORDS.isdisjoint(kernel.__code__.co_names)
    try:
        return njit(cache=True, _nrt=counts, **OPTIONS)(twin)
    except RuntimeError:  # "cannot cache function": no folder can be written
        return njit(_nrt=counts, **OPTIONS)(twin)


def called(kernel: Any) -> dict[str, Any]:
    """Find the functions of cachesim that a kernel calls, by name."""
    known = {name: kernel.__globals__.get(name) for name in kernel.__code__.co_names}
    return {
        name: value
        for name, value in known.items()
        if isinstance(value, FunctionType) and value.__module__.startswith("cachesim.")
    }


def fingerprint(kernel: Any) -> int:
    """Compute a number that changes with the kernel, the functions it calls, their constants and their types.

    It is part of the name of the kept machine code: numba itself checks only the time of one file, and it cannot
    read a kept file that names a class which has another name now.
    """
    code, known = kernel.__code__, kernel.__globals__
    consts = [value for value in code.co_consts[1:] if not isinstance(value, CodeType)]
    numbers = [known[name] for name in code.co_names if isinstance(known.get(name), (int, float))]
    inner = [fingerprint(function) for function in called(kernel).values()]
    types = list(map(repr, kernel.__annotations__.values()))
    return crc32(repr((OPTIONS, code.co_code, consts, numbers, inner, types)).encode())
