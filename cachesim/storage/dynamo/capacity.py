"""Units of capacity: what a request costs, and how many units a table and each of its partitions have.

References
----------
Amazon DynamoDB Developer Guide, "Read/write capacity mode", "Burst and adaptive capacity". The number of
partitions is the formula that the guide had once; AWS does not publish today's.
"""

import hashlib
import math

READ_STEP, WRITE_STEP = 4096, 1024  # bytes that one unit reads or writes
READ_COST = {"strong": 1.0, "eventual": 0.5, "transactional": 2.0}  # units for each step
PARTITION = {"read": 3000.0, "write": 1000.0}  # units each second
PARTITION_SIZE = 10e9  # bytes
BURST = 300.0  # seconds of unused capacity that a table keeps
KINDS = ("read", "write")
COPY_LAG = 0.002  # seconds, the mean by which another copy is behind the leading one: an assumption
FIRST_PEAK = {"read": 12_000.0, "write": 4_000.0}  # what a new table on demand sustains each second
GROWTH, WINDOW = 2.0, 1800.0  # on demand: twice the peak of earlier half hours


def read_units(size: int, way: str = "eventual") -> float:
    """Compute the units of a read; an item that is absent costs as much as a small one.

    >>> read_units(0), read_units(4097, "strong"), read_units(100, "transactional")
    (0.5, 2.0, 2.0)
    """
    return max(1, math.ceil(size / READ_STEP)) * READ_COST[way]


def write_units(size: int, transactional: bool = False) -> float:
    """Compute the units of a write: the larger one of the item before and after it counts.

    >>> write_units(1025), write_units(0, transactional=True)
    (2.0, 2.0)
    """
    return float(max(1, math.ceil(size / WRITE_STEP)) * (2 if transactional else 1))


def partitions(read: float, write: float, size: float = 0.0) -> int:
    """Compute how many partitions a table has: for its units each second, and for its bytes.

    >>> partitions(1000, 500), partitions(6000, 2000), partitions(10, 10, size=25e9)
    (1, 4, 3)
    """
    by_units = math.ceil(read / PARTITION["read"] + write / PARTITION["write"])
    return max(1, by_units, math.ceil(size / PARTITION_SIZE))


def place_of(key: bytes, count: int) -> int:
    """Find the partition of a key among so many.

    >>> place_of(b"user:7", 4)
    1
    """
    digest = hashlib.md5(key, usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big") * count >> 64


class UnitBucket:
    """Units that come at a rate, and of which some can be saved.

    >>> bucket = UnitBucket(rate=10, seconds=300)
    >>> bucket.take(3000, now=400.0), bucket.take(1, now=400.0), bucket.take(1, now=400.1)
    (True, False, True)
    """

    def __init__(self, rate: float, seconds: float, now: float = 0.0) -> None:
        self.seconds = seconds
        self.left, self.last = rate, now  # it begins with one second's units
        self.rate = rate

    def fill(self, now: float) -> float:
        """Let time pass, and return what is there now."""
        most = self.rate * self.seconds
        self.left = min(most, self.left + (now - self.last) * self.rate)
        self.last = now
        return self.left

    def take(self, units: float, now: float) -> bool:
        """Take units if so many are there; else take nothing."""
        if self.fill(now) + 1e-9 < units:
            return False
        self.left -= units
        return True


class Capacity:
    """The units of reads, or of writes, of one table.

    Parameters
    ----------
    kind : {"read", "write"}
        What the units are for.
    rate : float, optional
        Provisioned units each second; None: on demand.
    places : int
        Partitions.
    now : float
        Seconds at which the table begins.

    >>> writes = Capacity("write", rate=5000, places=6)
    >>> sum(writes.take(1, place=0, now=10.0) for _ in range(2000))  # one partition has 1000
    1000
    """

    def __init__(self, kind: str, rate: float | None, places: int, now: float = 0.0) -> None:
        self.kind = kind
        self.on_demand = rate is None
        self.table = UnitBucket(FIRST_PEAK[kind] if rate is None else rate, BURST, now)
        self.places = [UnitBucket(PARTITION[kind], 1.0, now) for _ in range(places)]
        self.used = 0.0  # units, so far
        self.throttled = 0  # requests, so far
        self._second, self._in_second = -1, 0.0
        self._peak, self._earlier, self._window = 0.0, 0.0, 0

    def take(self, units: float, place: int, now: float) -> bool:
        """Take the units of a request, if the table and the partition have them."""
        self._look_back(now)
        partition = self.places[place]
        if self.table.fill(now) + 1e-9 < units or not partition.take(units, now):
            self.throttled += 1
            return False
        self.table.take(units, now)
        self.used += units
        self._in_second += units
        self._peak = max(self._peak, self._in_second)
        return True

    def _look_back(self, now: float) -> None:
        """On demand, let the table sustain twice what it was asked for in earlier half hours."""
        if int(now) != self._second:
            self._second, self._in_second = int(now), 0.0
        if self.on_demand and int(now / WINDOW) != self._window:
            self._window, self._earlier = int(now / WINDOW), max(self._earlier, self._peak)
            self.table.fill(now)
            self.table.rate = max(FIRST_PEAK[self.kind], GROWTH * self._earlier)
