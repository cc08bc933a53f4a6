"""A HyperLogLog that is changed: its string in place, sparse while it may be."""

from bisect import bisect_right
from itertools import accumulate

from cachesim.engines.redis.database import TEXT, KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.hyperloglog import (
    CORRUPTED,
    DENSE,
    HEADER,
    PARTS,
    STALE,
    check,
    dense,
    registers_of,
    run_of,
    runs_of,
)
from cachesim.engines.redis.memory import EMBSTR_LIMIT, room_of, room_of_value, room_to_grow
from cachesim.errors import CommandError

HIGHEST = 32  # what a run of the sparse form can hold
LONGEST = 4  # registers in a run that are not 0
LOOKED_AT = 5  # runs that are looked at to join equal ones
ROOM = 3  # bytes that one change may add


class Runs:
    """The registers in the sparse form: runs of equal ones, in the order of the registers."""

    def __init__(self, value: bytes) -> None:
        self.runs = runs_of(value)
        lengths = [PARTS[run][0] for run in self.runs]
        self.starts = list(accumulate(lengths[:-1], initial=0))  # the first register of each
        self.size = len(value)  # bytes, with the header

    def put(self, index: int, number: int, limit: int) -> bool | None:
        """Give a register a number if that is higher; None if there would be too many bytes then.

        Raises CommandError if no run has this register.
        """
        # redis 7: hyperloglog.c, hllSparseSet
        at = bisect_right(self.starts, index) - 1
        length, old = PARTS[self.runs[at]] if self.runs else (0, 0)
        before = index - self.starts[at]
        if before >= length:
            raise CommandError(CORRUPTED)
        if old >= number:
            return False
        parts = [(before, old), (1, number), (length - 1 - before, old)]
        new = [(count, run_of(count, held)) for count, held in parts if count]
        longer = sum(len(run) for _, run in new) - len(self.runs[at])
        if longer > 0 and self.size + longer > limit:
            return None
        self.size += longer
        self.runs[at : at + 1] = [run for _, run in new]
        counts = [count for count, _ in new]
        self.starts[at : at + 1] = list(accumulate(counts[:-1], initial=index - before))
        self._join(max(0, at - 1))
        return True

    def _join(self, at: int) -> None:
        """Make one run of neighbors that hold the same, in the next few runs."""
        for _ in range(LOOKED_AT):
            if at + 1 >= len(self.runs):
                return
            length, number = PARTS[self.runs[at]]
            more, same = PARTS[self.runs[at + 1]]
            if number and same == number and length + more <= LONGEST:
                self.runs[at : at + 2] = [run_of(length + more, number)]
                del self.starts[at + 1]
                self.size -= 1
            else:
                at += 1


class HyperLogLog:
    r"""The string of a key while a command changes it.

    >>> from cachesim.engines.redis.hyperloglog import EMPTY
    >>> changed = HyperLogLog(EMPTY, room=18, limit=3000, quantum=16)
    >>> changed.put(5, 2), changed.put(6, 2), changed.put(6, 1), changed.value[16:]
    (True, True, False, b'\x04\x85\x7f\xf8')
    """

    def __init__(self, value: bytes, room: int, limit: int, quantum: int) -> None:
        self.room, self._limit, self._quantum = room, limit, quantum
        is_dense = value[4] == DENSE
        self._header = value[:HEADER]
        self._sparse = None if is_dense else Runs(value)
        self._registers = bytearray(value[HEADER:]) if is_dense else bytearray()  # six bits each

    @property
    def value(self) -> bytes:
        """The string."""
        if self._sparse is None:
            return self._header + bytes(self._registers)
        return self._header + b"".join(self._sparse.runs)

    def use_dense(self) -> bool:
        """Become dense; False if it is. Raises CommandError if the runs are not 16,384 registers."""
        if self._sparse is None:
            return False
        value = dense(self._header, registers_of(self.value))
        self._header, self._registers, self._sparse = (
            value[:HEADER],
            bytearray(value[HEADER:]),
            None,
        )
        self.room = room_of(len(self.value), self._quantum)
        return True

    def forget(self) -> None:
        """Let the remembered number be computed again."""
        self._header = self._header[:-1] + bytes([self._header[-1] | STALE])

    def remember(self, number: int) -> None:
        """Keep the number of elements in the header."""
        self._header = self._header[:8] + (number % (1 << 64)).to_bytes(8, "little")

    def put(self, index: int, number: int) -> bool:
        """Give a register a number if that is higher. True if it was. Raises CommandError."""
        if self._sparse is not None and number <= HIGHEST:
            self.room = room_to_grow(self._sparse.size + ROOM, self.room, self._quantum)
            done = self._sparse.put(index, number, self._limit)
            if done is not None:
                if done:
                    self.forget()
                return done
        self.use_dense()
        return self._put_dense(index, number)

    def _put_dense(self, index: int, number: int) -> bool:
        at, shift = divmod(index * 6, 8)
        both = self._registers[at : at + 2]  # a register may lie in two bytes
        bits = int.from_bytes(both, "little")
        old = bits >> shift & 63
        if number <= old:
            return False
        self._registers[at : at + 2] = (bits + (number - old << shift)).to_bytes(
            len(both), "little"
        )
        return True


def opened(db: Keyspace, entry: KeyEntry) -> HyperLogLog:
    """Return the HyperLogLog under a key. Raises CommandError. A short string gets a place of its own."""
    # redis 7: db.c, dbUnshareStringValue
    value: bytes = entry.value
    check(value)
    if entry.room is None and len(value) <= EMBSTR_LIMIT:
        Keyspace.overwrite(db, entry, value, room_of(len(value), db.quantum))  # no change
    room = entry.room
    if room is None or room == TEXT:
        room = room_of_value(len(value), db.quantum)
    return HyperLogLog(value, room, db.hll_sparse_bytes, db.quantum)
