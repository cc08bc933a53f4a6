"""The base of the engines that are real servers: a process, its time, and its counters."""

import math
import os
import time
import warnings
from typing import Literal

from cachesim.clock import Clock
from cachesim.engines.base import UNKNOWN, Command, Engine, EngineSpec, Random, Work
from cachesim.errors import CachesimError
from cachesim.live.clock import nanoseconds
from cachesim.live.process import LEAD, ServerProcess

SEEDS = 1 << 31  # how many seeds a server's srand accepts
MISLED = 1.3  # percentage points of hit ratio: the measured error of LRU on wall time
ClockKind = Literal["simulated", "wall"]


class ServerSpec(EngineSpec):
    """A real server, its program and its clock."""

    embedded = EngineSpec()  # not a field: the embedded engine with the same commands
    program: str  # found on the PATH
    clock: ClockKind = "simulated"  # "wall": wall time passes on the server
    pinned: bool = True  # keep server and simulation on one core: twice as fast; on Linux only

    def command(self, path: str) -> list[str]:
        """Return the program and its arguments, to listen on the unix socket at `path`."""
        raise NotImplementedError


class ServerEngine(Engine):
    """An engine that is a process of its own. It ends with `close`, or with this object."""

    def __init__(self, spec: ServerSpec, clock: Clock, random: Random) -> None:
        self.spec = spec
        self.clock = clock
        self.random = random
        self._empty = spec.embedded.build(clock, lambda: 0.5)
        simulated = spec.clock == "simulated"
        start = nanoseconds(math.floor(clock())) - LEAD if simulated else None
        seed = int(random() * SEEDS)
        self._is_pinned = bool(spec.pinned and simulated and pin())  # before its threads are born
        try:
            self.process = ServerProcess(spec.command, start=start, seed=seed)
        except CachesimError:
            self._unpin()
            raise
        self.send = self.process.send
        self._began = clock(), time.monotonic()
        self.version = ""

    def counters(self) -> dict[str, float]:
        """Ask the server for its counters; return them under the server's names."""
        raise NotImplementedError

    def work(self, command: Command) -> Work:
        """Return the work of a command on an empty server: this server is not asked for its content."""
        return self._empty.work(command)

    def why_missed(self, key: str) -> str:
        """Return "unknown": a server does not say why a key is absent."""
        return UNKNOWN

    def close(self) -> None:
        """End the server and leave nothing behind. Warn if it ran on wall time."""
        self._unpin()
        if not self.process.output.closed:
            if self.spec.clock == "wall":
                self._warn()
            self.process.close()

    def _unpin(self) -> None:
        if self._is_pinned:
            self._is_pinned = False
            unpin()

    def _warn(self) -> None:
        simulated, wall = self.clock() - self._began[0], time.monotonic() - self._began[1]
        factor = simulated / wall if wall else math.inf
        warnings.warn(
            f"{self.version} ran on wall time: {simulated:.3g} simulated s passed in {wall:.3g} s, so a "
            f"TTL lasted {factor:.3g} times as long as it should and the clocks of LRU and LFU ran as "
            f"much too slow; that alone has cost LRU {MISLED} pp of hit ratio at a factor of 86. "
            'Take clock="simulated" where it works (Linux with a C compiler).',
            stacklevel=2,
        )


_pins: list[set[int]] = []  # one for each pin that holds; the first has the cores from before


def pin() -> bool:
    """Keep this process, and those it starts, on its core. False if the system cannot do that.

    Requests and answers then stay on one core, which is 2 to 6 times as fast as two cores. Servers may
    end in any order: each pin needs one `unpin`, and the last one gives the cores back.
    """
    if not hasattr(os, "sched_setaffinity"):
        return False
    _pins.append(os.sched_getaffinity(0))
    with open("/proc/self/stat") as stat:
        core = int(stat.read().rpartition(")")[2].split()[36])
    os.sched_setaffinity(0, {core})
    return True


def unpin() -> None:
    """Let go of one pin."""
    allowed = _pins.pop()
    if not _pins:
        os.sched_setaffinity(0, allowed)
