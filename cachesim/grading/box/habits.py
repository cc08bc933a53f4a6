"""What a notebook may do and an answer may not: wait for a keyboard, end the process, sleep while a simulation runs."""

import builtins
import io
import os
import random
import time

from slips import Slip

MOST_PRINTED = 2000  # characters


class Printed(io.TextIOBase):
    """What the code prints: the first characters go to the grader, the rest nowhere."""

    def __init__(self, descriptor):
        self.descriptor, self.left = descriptor, MOST_PRINTED

    def writable(self):
        """Return that it can be written to."""
        return True

    def write(self, text):
        """Write what there is still room for."""
        part = text[: self.left]
        self.left -= len(part)
        if part:
            try:
                os.write(self.descriptor, part.encode("utf-8", "backslashreplace"))
            except OSError:  # the grader no longer listens
                self.left = 0
        return len(text)


def install(is_at_work):
    """Put slips in place of what would end the process or wait; `is_at_work` says whether a simulation runs.

    Random numbers are the same in every run: an answer that draws gets the same points each time.
    """
    random.seed(1)
    builtins.input = lambda prompt="": _refuse("input")
    builtins.exit = builtins.quit = lambda code=None: _refuse("exit")
    really = time.sleep
    time.sleep = lambda seconds: _refuse("sleep") if is_at_work() else really(seconds)


def _refuse(code):
    raise Slip(code)
