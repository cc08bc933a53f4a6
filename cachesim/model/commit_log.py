"""Which commits have arrived at which read replica: a log in place of copies of the database.

A replica has every commit up to some point of their order. So what it would answer is known without playing it:
nothing happens at a replica until somebody reads it, and no event is spent on a commit's way there.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from cachesim.records import Value
from cachesim.storage.base import Storage

Arrivals = tuple[float, ...]  # seconds: when a commit arrives at each replica
Row = Value | None


class CommitLog:
    """The rows that some replica may not have yet, each with the few versions that are still on their way.

    Commit i, made at t, arrives at a replica at max(arrival of commit i - 1, t + lag): the order stays. All lags
    are drawn in the order of the commits, so an answer does not depend on who else reads.

    >>> from cachesim.storage.sqlite import SQLite
    >>> log = CommitLog(rows := SQLite(), lags=[iter([2.0, 0.5])])
    >>> for now, write in ((10.0, 1), (10.1, 2)):
    ...     log.note([("a", Value.stamp(write, 8))], now)
    ...     version = rows.write("a", Value.stamp(write, 8))
    >>> read = log.reader(0)
    >>> read("a", 11.9), read("a", 12.0)
    (None, Value(write=2, 8 bytes))

    Parameters
    ----------
    rows : Storage
        The rows of the primary.
    lags : sequence of iterators
        For each replica the seconds from a commit until the replica has it, without end.
    """

    def __init__(self, rows: Storage, lags: Sequence[Iterator[float]]) -> None:
        self._rows = rows
        self._lags = lags
        self._last: Arrivals = (0.0,) * len(lags)  # of the newest commit
        # key -> its row at different times, oldest first; the oldest has arrived everywhere
        self._recent: dict[str, deque[tuple[Arrivals, Row]]] = {}
        # when the slowest replica has each of those commits, and its key; in the order of the commits
        self._due: deque[tuple[float, str]] = deque()

    def __len__(self) -> int:
        """Count the rows that are kept."""
        return sum(map(len, self._recent.values()))

    @property
    def arrivals(self) -> Arrivals:
        """When the newest commit arrives at each replica, in seconds."""
        return self._last

    def note(self, rows: Iterable[tuple[str, Value]], now: float) -> None:
        """Note a commit, before its rows are written; they arrive together."""
        self._forget(now)
        arrivals = zip(self._last, self._lags, strict=True)
        self._last = tuple(max(last, now + next(lags)) for last, lags in arrivals)
        slowest = max(self._last)
        for key, value in rows:
            if key not in self._recent:
                before: Arrivals = (0.0,) * len(self._lags)
                self._recent[key] = deque([(before, self._rows.read(key))])
            self._recent[key].append((self._last, value))
            self._due.append((slowest, key))

    def _forget(self, now: float) -> None:
        """Forget the rows that every replica has replaced by now."""
        while self._due and self._due[0][0] <= now:
            key = self._due.popleft()[1]
            versions = self._recent[key]
            versions.popleft()
            if (
                len(versions) == 1
            ):  # the newest, and it has arrived everywhere: as the primary has it
                del self._recent[key]

    def hold(self, until: float) -> None:
        """Let no further commit arrive anywhere before a moment, in seconds."""
        self._last = tuple(max(last, until) for last in self._last)

    def reader(self, replica: int) -> Callable[[str, float], Row]:
        """Make the function that reads a row at a replica: read(key, now)."""
        recent, newest = self._recent, self._rows.read

        def read(key: str, now: float) -> Row:
            for arrivals, row in reversed(recent.get(key, ())):
                if arrivals[replica] <= now:
                    return row
            return newest(key)

        return read
