"""How long a process has owed an answer, and how much of it is its own fault: a busy machine must not cost a point.

A process that cannot run, for want of a free core or of a page on the disk, is not to blame; nor for the time that the
grader, which waits for a core too, takes to look at the answer. Linux counts these waits, and they are given back. What
is left is time in which the process sat there: only then is the wall limit the student's. A process that works is
ended by its CPU limit, and one that talks for ever by the number of messages.

References
----------
Linux: Documentation/scheduler/sched-stats.rst (schedstat: time on a core, time spent waiting for one), proc(5).
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PATIENCE = 10  # wall limits, after which the machine is taken to be stuck
PROC = Path("/proc")


class State(NamedTuple):
    """Of a process and all that it has started, with all their threads."""

    cpu: float  # seconds spent on a core
    waited: float  # seconds spent waiting for a free one
    can_run: bool  # or will, when the disk has answered


def state_of(pid: int) -> State | None:
    """Read the state of a process; None if it has ended, or outside Linux."""
    cpu, waited, letters = 0.0, 0.0, set()
    for task in (task for process in family(pid) for task in _tasks(process)):
        with suppress(OSError):  # a thread that has just ended
            ran, stood, _ = (task / "schedstat").read_text().split()
            cpu, waited = cpu + int(ran) / 1e9, waited + int(stood) / 1e9
            letters.add((task / "stat").read_text().rpartition(")")[2].split()[0])
    return State(cpu, waited, bool(letters & {"R", "D"})) if letters else None


def family(pid: int) -> list[int]:
    """Return a process and all that it has started."""
    try:
        children = (PROC / f"{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(process for child in children for process in family(int(child)))]


def _tasks(pid: int) -> list[Path]:
    try:
        return list((PROC / str(pid) / "task").iterdir())
    except OSError:
        return []


def waited_by(thread: int) -> float:
    """Read how many seconds this thread has waited for a free core; 0 where the system does not count."""
    try:
        return int((PROC / f"self/task/{thread}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


class Owed:
    """The time in which a process owes an answer.

    Parameters
    ----------
    limit : float
        Seconds that it may owe one without working on it, all questions together.
    clock : callable
        Gives the time in seconds.
    state, waited : callable
        Give the process's `State`, and the seconds for which the grader itself has waited for a core.

    >>> now = iter([0, 5, 6, 9])
    >>> owed = Owed(8, lambda: next(now), lambda: State(5, 1.5, can_run=False), lambda: 0.0)
    >>> owed.begin(), owed.end(), owed.begin()
    (None, None, None)
    >>> owed.left()  # of 8 s: 5 s for the first answer, 3 s so far for the second, 1.5 s of them not its own
    1.5
    """

    def __init__(
        self,
        limit: float,
        clock: Callable[[], float],
        state: Callable[[], State | None],
        waited: Callable[[], float],
    ) -> None:
        self.limit, self.clock, self.state, self.waited = limit, clock, state, waited
        self.before = 0.0  # owed for answers that have come
        self.since: float | None = None
        self.first = waited()
        self.cpu = 0.0  # seconds that it was last seen to have used

    def begin(self) -> None:
        """Note that it owes an answer from now on."""
        self.since = self.clock()

    def end(self) -> None:
        """Note that it has answered."""
        since, self.since = self.since, None
        if since is not None:
            self.before += self.clock() - since

    def total(self) -> float:
        """Return the seconds owed so far, no matter who is to blame."""
        since = self.since
        return self.before + (0.0 if since is None else self.clock() - since)

    def left(self) -> float:
        """Return the seconds that it has left."""
        state = self.state() or State(self.cpu, 0.0, can_run=False)
        self.cpu = max(self.cpu, state.cpu)
        given_back = state.waited + self.waited() - self.first
        return min(self.limit + given_back, PATIENCE * self.limit) - self.total()

    def blame(self) -> str:
        """Name the cause when no time is left: "code", "machine" or "unknown"; "" while there is time."""
        state = self.state()
        if self.total() >= PATIENCE * self.limit:
            return "machine"
        if state is None:
            return "unknown"
        return "" if state.can_run else "code"
