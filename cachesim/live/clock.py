"""The time of a real server: set by the simulation, shared through one page of memory."""

import mmap
import os
import time
from collections.abc import Callable
from itertools import count

from cachesim.engines.base import START

SECOND = 1_000_000_000  # nanoseconds
PATIENCE = 10.0  # seconds of wall time in which a server answers or is given up
LEAST_TRIES = 50
LOOKS = 2000  # at the page between two questions whether the server still lives


class ServerClock:
    """The clock of one server process, in nanoseconds of Unix time; moved from here only."""

    def __init__(self, start: int) -> None:
        self.page = os.memfd_create("cachesim")  # no file: nothing is left behind
        os.ftruncate(self.page, mmap.PAGESIZE)
        self._memory = mmap.mmap(self.page, mmap.PAGESIZE)
        self._cells = memoryview(self._memory).cast("q")
        self._cells[0] = self.start = start
        self.wake = os.eventfd(0, os.EFD_NONBLOCK)

    def store(self, now: int) -> None:
        """Set the time, waking nobody: the next command sees it, no timer runs."""
        self._cells[0] = now

    def move(self, now: int, fail: Callable[[str], Exception], lives: Callable[[], bool]) -> None:
        """Set the time and wait until every timer due by then has run.

        If the server dies or hangs meanwhile, raises what `fail` makes of a reason.
        """
        cells = self._cells
        cells[0] = now
        os.eventfd_write(self.wake, 1)
        given_up = time.monotonic() + PATIENCE
        for tried in count():
            for _ in range(LOOKS):
                if cells[1] >= now:
                    return
                os.sched_yield()
            if not lives():
                raise fail("ended")
            # The machine itself may have stood still: only a server that had its turns is given up.
            if time.monotonic() > given_up and tried > LEAST_TRIES:
                raise fail(f"did not wake within {PATIENCE:g} s")

    def close(self) -> None:
        """Give the memory and the descriptors back."""
        if self.wake >= 0:
            self._cells.release()
            self._memory.close()
            os.close(self.page)
            os.close(self.wake)
            self.wake = -1


def nanoseconds(seconds: float) -> int:
    """Return the Unix time, in nanoseconds but to the microsecond, of a time of the simulation.

    The embedded Redis rounds so too (db.py): both see the same millisecond.

    >>> nanoseconds(0.25) - START * SECOND
    250000000
    """
    return START * SECOND + int(seconds * 1e6 + 0.5) * 1000
