"""Writes that are gone after a failover: what the old primary had taken, and the new one never got."""

from collections.abc import Iterable, Iterator

from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.replication_log import LogEntry
from cachesim.records import LostWrite, Value


def lost_in(entries: Iterable[LogEntry], node: str, survivor: ReplicatedEngine) -> list[LostWrite]:
    """Name the writes among entries of a log, but not those whose value the survivor has from elsewhere."""
    found = (
        LostWrite(entry.time, key, write, node)
        for entry in entries
        if not entry.why
        for key, write in _writes_of(entry)
    )
    return [lost for lost in found if lost.write is None or held(survivor, lost.key) != lost.write]


def _writes_of(entry: LogEntry) -> Iterator[tuple[str, int | None]]:
    """Yield the key and the write of an entry; a command without a key has none."""
    name, *arguments = entry.command
    if arguments:
        key, *rest = arguments
        value = rest[0] if name == "SET" and isinstance(rest[0], Value) else None
        yield (
            key if isinstance(key, str) else str(key, "utf-8"),
            None if value is None else value.write,
        )


def held(engine: ReplicatedEngine, key: str) -> int | None:
    """Give the id of the write whose value an engine holds under a key; it is no use of the key."""
    entry = engine.table.entries.get(key)
    return entry.value.write if entry is not None and isinstance(entry.value, Value) else None


def all_held(engine: ReplicatedEngine, now: float, node: str) -> list[LostWrite]:
    """Name every value that an engine holds: all of it is lost when the node restarts."""
    return [LostWrite(now, key, held(engine, key), node) for key in engine.table.entries]
