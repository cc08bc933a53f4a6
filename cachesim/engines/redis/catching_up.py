"""How a replica executes many entries of its primary's log at once, with the result of one after the other.

Most keys that a full cache stores are evicted again soon. So a key that is new is only noted at first. If
its DEL comes before anybody looks, nothing was done for it. This is right as long as the tables keep their
size: then a key that came and went has left nothing behind but why it went. A key that is there is set in its
place at once: no other key sees that. When a table is about to change its size, what was noted is stored first, in
its order, and the entry is executed at once.
"""

from collections import deque
from typing import Any

from cachesim.engines.base import INVALIDATED, Command
from cachesim.engines.redis.engine import RedisEngine
from cachesim.engines.redis.hashtable import MIN_FILL, HashTable
from cachesim.engines.redis.replication_log import Held

Batch = list[tuple[float, Held]]  # entries, each with the time at which it is executed
Noted = dict[str, tuple[Command, int]]  # key -> its SET, and the clock of LRU at that time


def execute_until(engine: Any, waiting: deque[tuple[float, Held]], until: float) -> None:
    """Take the entries off that are done by `until` (seconds), and execute them as `apply` does.

    >>> from cachesim.clock import ManualClock
    >>> from cachesim.engines.redis.engine import Redis
    >>> from cachesim.engines.redis.replication import ReplicatedEngine
    >>> primary, replica = (ReplicatedEngine(Redis(), ManualClock(), lambda: 0.5) for _ in range(2))
    >>> primary.set("a", b"1")
    >>> waiting = deque((entry[0], entry) for entry in primary.log.held)
    >>> execute_until(replica, waiting, until=0.0)
    >>> replica.get("a"), replica.applied
    (b'1', 50)
    """
    batch = _taken(waiting, until)
    noted: Noted = {}
    place = 0
    while (place := _note(engine, noted, batch, place)) < len(batch):
        at, entry = batch[place]
        if at >= engine._next_tick:
            _tick(engine, noted, at)
        else:
            _store(engine, noted)
            engine.apply(entry, at)
            place += 1
    _store(engine, noted)
    if batch:
        engine.applied = batch[-1][1][1]


def _taken(waiting: deque[tuple[float, Held]], until: float) -> Batch:
    """Take the entries off that are done by `until`."""
    if waiting and waiting[-1][0] <= until:
        batch = list(waiting)
        waiting.clear()
        return batch
    batch = []
    while waiting and waiting[0][0] <= until:
        batch.append(waiting.popleft())
    return batch


def _note(engine: Any, noted: Noted, batch: Batch, first: int) -> int:
    """Note or execute entries from the place `first` on. Return the place of the one that cannot be noted."""
    if engine.selected != engine.stream:
        return first
    entries, gone, room = engine.table.entries, engine._gone, _room(engine)
    clock, tick = engine.lru_clock, engine._next_tick
    for place in range(first, len(batch)):
        at, (_, _, command, why) = batch[place]
        name = command[0]
        if at >= tick or (name != "SET" and name != "DEL") or type(key := command[1]) is not str:
            return place
        if name == "DEL":
            if key in noted:
                del noted[key]
                gone[key] = why or INVALIDATED
            elif key in entries:
                RedisEngine.remove(engine, entries[key], why or INVALIDATED)
        elif key in noted or key in entries or len(noted) >= room[len(command)]:
            if not _again(engine, noted, key, command):
                return place
        else:
            noted[key] = command, clock
    return len(batch)


def _tick(engine: Any, noted: Noted, at: float) -> None:
    """Run the ticks of the cron that are due; what was noted is stored first, if they look at the tables."""
    if not _is_calm(engine):
        _store(engine, noted)
    engine.upkeep(at)


def _again(engine: Any, noted: Noted, key: str, command: Command) -> bool:
    """Set a key that is noted or stored. False if it is new, or its TTL comes or goes: a table changes."""
    if key in noted:
        if len(noted[key][0]) != len(command):
            return False
        noted[key] = command, engine.lru_clock
        return True
    entry, when = engine.table.entries.get(key), command[4] if len(command) == 5 else None
    if entry is None or (entry.when is None) != (when is None):
        return False
    engine.store(entry, key, command[2], when)
    return True


def _room(engine: Any) -> dict[int, int]:
    """Return how many new keys change no table's size, by the length of their SET: 5 with a TTL."""
    table, expires = engine.table, engine.expires
    if table._old or expires._old or engine.lfu:
        return {3: 0, 5: 0}
    room = table.mask + 1 - len(table.entries)
    return {3: room, 5: min(room, expires.mask + 1 - len(expires.entries))}


def _store(engine: Any, noted: Noted) -> None:
    """Store what was noted, in the order in which it came."""
    clock = engine.lru_clock
    for key, (command, engine.lru_clock) in noted.items():
        engine.store(None, key, command[2], command[4] if len(command) == 5 else None)
    engine.lru_clock = clock
    noted.clear()


def _is_calm(engine: Any) -> bool:
    """Whether the cron leaves the tables as they are, however many keys are added to them."""
    return _keeps(engine.table) and _keeps(engine.expires)


def _keeps(table: HashTable[Any]) -> bool:
    size = len(table.buckets)
    return not table._old and len(table.entries) * 100 >= MIN_FILL * size


def play(engine: Any, command: Command, why: str) -> None:
    """Execute a SET or DEL that the primary itself wrote: `set`, `delete`, or a key that left."""
    key = command[1]
    entry = engine.table.entries.get(key)
    if command[0] == "SET":
        engine.store(entry, key, command[2], command[4] if len(command) == 5 else None)
    elif entry is not None:
        # a miss has the reason that it has there
        RedisEngine.remove(engine, entry, why or INVALIDATED)
