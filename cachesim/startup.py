"""The first moments of a command line: Ctrl-C during the imports gives one sentence, no traceback.

Only the standard library is imported here, and little of it: this must be over before anybody can press a key.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
SENTENCE = "cachesim: interrupted; nothing was half-written"


@contextmanager
def interruptible() -> Iterator[None]:
    """End a command line at once, with a sentence, if it is interrupted in here; another program is left alone.

    An exception would not do: raised inside a callback of an import, Python prints and forgets it.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or not is_command_line(sys.orig_argv):
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(_number: int, _frame: FrameType | None) -> None:
    os.write(2, f"{SENTENCE}\n".encode())
    os._exit(INTERRUPTED)


def is_command_line(words: Sequence[str]) -> bool:
    """Return whether a process that was started with these words is our command line.

    >>> [
    ...     is_command_line(f"python {words}".split())
    ...     for words in ("-m cachesim", "bin/cachesim", "-m pytest")
    ... ]
    [True, True, False]
    """
    script = next((word for word in words[1:] if not word.startswith("-")), "")
    return os.path.splitext(os.path.basename(script))[0] == "cachesim"
