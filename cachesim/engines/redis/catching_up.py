"""How a replica executes many entries of its primary's log at once, with the result of one after the other.

Most keys that a full cache stores are evicted again soon. So a key that is new is only noted at first. If
its DEL comes before anybody looks, nothing was done for it. This is right as long as the tables keep their
size: then a key that came and went has left nothing behind but why it went. When a table is about to change
its size, what was noted is stored first, in its order, and the entry is executed at once.
"""

from collections import deque
from typing import TYPE_CHECKING, Any

from cachesim.engines.base import INVALIDATED, Command
from cachesim.engines.redis.engine import RedisEngine
from cachesim.engines.redis.hashtable import MIN_FILL, HashTable
from cachesim.engines.redis.replication_log import FRAME, LogEntry

if TYPE_CHECKING:
    from cachesim.engines.redis.replication import ReplicatedEngine

Noted = dict[str, tuple[Command, int]]  # key -> its SET, and the clock of LRU at that time


def execute_until(
    engine: "ReplicatedEngine", waiting: deque[tuple[float, LogEntry]], until: float
) -> None:
    """Take the entries off that are done by `until` (seconds), and execute them as `apply` does.

    >>> from cachesim.clock import ManualClock
    >>> from cachesim.engines.redis.engine import Redis
    >>> from cachesim.engines.redis.replication import ReplicatedEngine
    >>> primary, replica = (ReplicatedEngine(Redis(), ManualClock(), lambda: 0.5) for _ in range(2))
    >>> primary.set("a", b"1")
    >>> waiting = deque((entry.time, entry) for entry in primary.log.entries)
    >>> execute_until(replica, waiting, until=0.0)
    >>> replica.get("a"), replica.applied
    (b'1', 50)
    """
    noted: Noted = {}
    while waiting and waiting[0][0] <= until:
        at, entry = waiting.popleft()
        _, offset, command, why = entry
        if at >= engine._next_tick:
            _tick(engine, noted, at)
        key = command[1] if len(command) > 1 else None
        if why == FRAME or type(key) is not str or engine.selected != engine.stream:
            _store(engine, noted)
            engine.apply(entry, at)
            continue
        engine.applied = offset
        there = engine.table.entries.get(key)
        if command[0] == "DEL":
            if there is not None:
                RedisEngine.remove(engine, there, why or INVALIDATED)
            elif noted.pop(key, None) is not None:
                engine._gone[key] = why or INVALIDATED
        elif there is None and _can_note(engine, noted, key, command):
            noted[key] = command, engine.lru_clock
        else:
            _store(engine, noted)
            engine.apply(entry, at)
    _store(engine, noted)


def _tick(engine: "ReplicatedEngine", noted: Noted, at: float) -> None:
    """Run the ticks of the cron that are due; what was noted is stored first, if they look at the tables."""
    if not _is_calm(engine):
        _store(engine, noted)
    engine.upkeep(at)


def _can_note(engine: "ReplicatedEngine", noted: Noted, key: str, command: Command) -> bool:
    """Whether a key that is not in the table may wait: one more key of each table changes no table's size."""
    if key in noted:
        return len(noted[key][0]) == len(command)  # its TTL neither comes nor goes
    table, expires, more = engine.table, engine.expires, len(noted)
    return not (
        table._old
        or expires._old
        or len(table.entries) + more > table.mask
        or (len(command) == 5 and len(expires.entries) + more > expires.mask)  # it has a TTL
        or engine.lfu
    )


def _store(engine: "ReplicatedEngine", noted: Noted) -> None:
    """Store what was noted, in the order in which it came."""
    clock = engine.lru_clock
    for key, (command, engine.lru_clock) in noted.items():
        engine.store(None, key, command[2], command[4] if len(command) == 5 else None)
    engine.lru_clock = clock
    noted.clear()


def _is_calm(engine: "ReplicatedEngine") -> bool:
    """Whether the cron leaves the tables as they are, however many keys are added to them."""
    return _keeps(engine.table) and _keeps(engine.expires)


def _keeps(table: HashTable[Any]) -> bool:
    size = len(table.buckets)
    return not table._old and len(table.entries) * 100 >= MIN_FILL * size
