"""The time of a real server. The simulation sets it, through one page of shared memory."""

import mmap
import os
import select
import time
from collections.abc import Callable, Sequence
from itertools import count

from cachesim.engines.base import START

SECOND = 1_000_000_000  # nanoseconds
PATIENCE = 60.0  # seconds of wall time that a server has for an answer, on a busy machine
LEAST_TRIES = 50
LOOKS = 2000  # at the page, between two checks that the server is alive
# cells, as in simulated_time.h
NOW, REACHED, TICKET, DONE, EVENTS, FORKS, BLOCKED, AHEAD, STOPS = range(9)


class ServerClock:
    """The clock of one server process, in nanoseconds of Unix time. Only this object moves it."""

    def __init__(self, start: int) -> None:
        self.page = os.memfd_create("cachesim")  # no file: nothing is left behind
        os.ftruncate(self.page, mmap.PAGESIZE)
        self._memory = mmap.mmap(self.page, mmap.PAGESIZE)
        self._cells = memoryview(self._memory).cast("q")
        self._cells[NOW] = self.start = start
        self.wake = os.eventfd(0, os.EFD_NONBLOCK)
        self.done = os.eventfd(0, os.EFD_NONBLOCK)  # the end of a turn

    def store(self, now: int) -> None:
        """Set the time without waking the server: the next command sees it, but no timer runs."""
        self._cells[NOW] = now

    def move(
        self, times: Sequence[int], fail: Callable[[str], Exception], lives: Callable[[], bool]
    ) -> None:
        """Set one time after the other, at most 500, and wait until every timer that is due has run.

        If the server dies or hangs meanwhile, this raises the error that `fail(reason)` returns.
        """
        cells = self._cells
        cells[NOW] = times[0]
        cells[AHEAD] = ahead = len(times) - 1
        for at in range(ahead):
            cells[STOPS + at] = times[-1 - at]
        os.eventfd_write(self.wake, 1)
        wait = self._sleep if ahead else self._wait
        wait(REACHED, times[-1], fail, lives)

    def turn(self, fail: Callable[[str], Exception], lives: Callable[[], bool]) -> None:
        """Let a server of a fleet work once, at the time that is stored: events first, then timers."""
        turn = self._cells[TICKET] + 1
        self._cells[TICKET] = turn
        os.eventfd_write(self.wake, 1)
        self._sleep(DONE, turn, fail, lives)

    def _sleep(
        self, cell: int, value: int, fail: Callable[[str], Exception], lives: Callable[[], bool]
    ) -> None:
        given_up = time.monotonic() + PATIENCE
        while self._cells[cell] < value:
            # Sleep, do not look again and again: on a busy machine a sleeper continues sooner.
            if select.select([self.done], [], [], PATIENCE / LEAST_TRIES)[0]:
                os.eventfd_read(self.done)
            elif not lives():
                raise fail("ended")
            elif time.monotonic() > given_up:
                raise fail(f"did not come back within {PATIENCE:g} s")

    def _wait(
        self, cell: int, value: int, fail: Callable[[str], Exception], lives: Callable[[], bool]
    ) -> None:
        cells = self._cells
        given_up = time.monotonic() + PATIENCE
        for tried in count():
            for _ in range(LOOKS):
                if cells[cell] >= value:
                    return
                os.sched_yield()
            if not lives():
                raise fail("ended")
            # The whole machine may have been asleep: give up only after enough tries.
            if time.monotonic() > given_up and tried > LEAST_TRIES:
                raise fail(f"did not wake within {PATIENCE:g} s")

    @property
    def events(self) -> int:
        """How many events of sockets a server of a fleet has handled so far."""
        return self._cells[EVENTS]

    @property
    def forks(self) -> int:
        """How many child processes the server has started so far."""
        return self._cells[FORKS]

    def block(self, peers: int) -> None:
        """Cut a server of a fleet off from other servers: one bit per number of a server."""
        self._cells[BLOCKED] = peers

    def close(self) -> None:
        """Free the memory and the descriptors."""
        if self.wake >= 0:
            self._cells.release()
            self._memory.close()
            os.close(self.page)
            os.close(self.wake)
            os.close(self.done)
            self.wake = -1


def nanoseconds(seconds: float) -> int:
    """Return the Unix time of a time of the simulation: in nanoseconds, rounded to microseconds.

    The embedded Redis rounds in the same way (db.py), so both see the same millisecond.

    >>> nanoseconds(0.25) - START * SECOND
    250000000
    """
    return START * SECOND + int(seconds * 1e6 + 0.5) * 1000
