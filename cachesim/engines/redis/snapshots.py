"""The books about snapshots: what has changed since the last one, and when the next is due.

The engine knows no files and no processes; persistence.py writes with what it was handed.
"""

from typing import Annotated, NamedTuple

from cachesim.spec import Rule

Points = tuple[tuple[int, int], ...]  # seconds since the last snapshot, and changes since then

USUAL = "3600 1 300 100 60 10000"  # redis.conf's `save`
RETRY = 5  # seconds after a snapshot that failed (redis 7: server.h, CONFIG_BGSAVE_RETRY_DELAY)
MISCONF = (
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to "
    "disk. Commands that may modify the data set are disabled, because this instance is configured "
    "to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option)."
    " Please check the Redis logs for details about the RDB error."
)


class Child(NamedTuple):
    """A snapshot that is being written: when it began, and the changes that it has."""

    began: int  # seconds of Unix time
    changes: int


def read_points(text: str) -> Points:
    """Read save points as CONFIG SET takes them. Raises ValueError with the server's words.

    >>> read_points("3600 1 60 10000"), read_points("")
    (((3600, 1), (60, 10000)), ())
    """
    # redis 7: config.c, setConfigSaveOption
    words = text.split()
    if len(words) % 2 or not all(word.removeprefix("-").isdecimal() for word in words):
        raise ValueError("Invalid save parameters")
    numbers = [int(word) for word in words]
    points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    if any(seconds < 1 or changes < 0 for seconds, changes in points):
        raise ValueError("Invalid save parameters")
    return points


def are_points(text: str) -> bool:
    """Whether a text holds save points.

    >>> are_points("60 10"), are_points("60")
    (True, False)
    """
    try:
        read_points(text)
    except ValueError:
        return False
    return True


SavePoints = Annotated[str, Rule(f'save points such as "{USUAL}"', are_points)]


def show_points(points: Points) -> str:
    """Show save points as CONFIG GET does."""
    return " ".join(f"{seconds} {changes}" for seconds, changes in points)


class Snapshots:
    """What an engine knows of its snapshots. All times are whole seconds of Unix time.

    >>> books = Snapshots(now=0)
    >>> books.points, books.changes = read_points("60 10"), 10
    >>> books.is_due(now=60), books.is_due(now=61)
    (False, True)
    """

    def __init__(self, now: int) -> None:
        self.points: Points = ()  # empty: none is written by itself
        self.name = "dump.rdb"  # of the file
        self.compression = "no"  # rdbcompression: "yes" or "no", as the next two
        self.checksum = "yes"  # rdbchecksum
        self.stops_writes = "yes"  # stop-writes-on-bgsave-error
        self.changes = 0  # since the last one; an engine that notes no changes leaves it at 0
        self.last = now  # when the last one was written; at first: when the engine began
        self.child: Child | None = None  # the one that is being written
        self.is_scheduled = False  # one begins at the next tick
        self.is_ok = True  # whether the last one in the background was written
        self.tried = -RETRY  # when the last one in the background began
        self.took = -1  # seconds that it took
        self.saves = 0  # written so far
        self.copied = 0  # bytes of pages that were copied because they changed meanwhile
        self.loaded = self.expired = 0  # keys of the file that was loaded at the start

    @property
    def refuses_writes(self) -> bool:
        """Whether clients may not write, because the last snapshot failed."""
        return not self.is_ok and self.stops_writes == "yes" and bool(self.points)

    def is_due(self, now: int) -> bool:
        """Whether a snapshot begins now by itself."""
        # redis 7: server.c, serverCron
        if self.child is not None:
            return False
        if self.is_scheduled:
            return True
        may = self.is_ok or now - self.tried > RETRY
        since = now - self.last
        return may and any(self.changes >= n and since > seconds for seconds, n in self.points)

    def saved(self, now: int) -> None:
        """Note that all keys were written."""
        self.changes, self.last, self.is_ok = 0, now, True

    def began(self, now: int) -> None:
        """Note that all keys are being written, as they are now."""
        self.child, self.tried, self.is_scheduled = Child(now, self.changes), now, False
        self.saves += 1

    def ended(self, now: int, is_ok: bool, copied: int = 0) -> None:
        """Note that the file of the child is complete, or that it failed."""
        child, self.child = self.child, None
        if child is None:
            return
        self.is_ok, self.took, self.copied = is_ok, now - child.began, copied
        if is_ok:
            self.changes, self.last = self.changes - child.changes, now

    def began_anew(self, now: int) -> None:
        """Note that the process has started."""
        self.child, self.changes, self.last, self.is_ok = None, 0, now, True
        self.is_scheduled, self.took, self.saves, self.copied = False, -1, 0, 0

    def facts(self, now: int) -> dict[str, object]:
        """Give the fields of INFO."""
        child = self.child
        return {
            "rdb_changes_since_last_save": self.changes,
            "rdb_bgsave_in_progress": int(child is not None),
            "rdb_last_save_time": self.last,
            "rdb_last_bgsave_status": "ok" if self.is_ok else "err",
            "rdb_last_bgsave_time_sec": self.took,
            "rdb_current_bgsave_time_sec": -1 if child is None else now - child.began,
            "rdb_saves": self.saves,
            "rdb_last_cow_size": self.copied,
            "rdb_last_load_keys_expired": self.expired,
            "rdb_last_load_keys_loaded": self.loaded,
        }
