"""Write-behind: the cache takes the write, and the database learns of it later."""

from collections.abc import Iterator
from typing import Any

from cachesim.errors import CacheError, SimulatedFailure
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import CacheAside
from cachesim.records import Value
from cachesim.spec import Count, Span

Dirty = list[Value]  # the values of one key that are not written yet, the newest last


class WriteBehind(CacheAside):
    """A write is acknowledged when the cache has it; a flusher writes what is dirty, a batch a transaction.

    The node keeps dirty values until they are written, whatever is evicted meanwhile: only its crash loses
    them. One flusher writes a key's values in their order; after the last request it flushes once more.
    SIMPLIFIED: dirty values take none of the engine's memory, and a batch commits as fast as one row.

    >>> WriteBehind(interval=0.5, batch=10)
    WriteBehind(interval=0.5, batch=10)
    """

    interval: Span = 1.0  # seconds between two flushes
    batch: Count = 100  # rows written in one transaction
    coalesce: bool = True  # whether of several dirty values of a key only the newest is written

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Set; in the same moment the value is dirty."""
        if (yield app.cache.set(key, value, self.ttl)) is None:
            raise CacheError(f'the cache did not take "{key}", and write-behind has no other way')
        app.cache.dirty.setdefault(key, []).append(value)

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Take what is not written yet, or else ask the database; and fill."""
        dirty = app.cache.dirty.get(key)
        value = dirty[-1] if dirty else (yield app.db.read(key))
        if value is not None:
            yield app.cache.set(key, value, ttl)
        return value

    def start(self, app: App) -> Steps:
        """Flush every `interval` seconds."""
        while True:
            yield app.timeout(self.interval)
            yield from self.flush(app)

    def flush(self, app: App) -> Steps:
        """Write what is dirty now, the longest dirty key first; if the database refuses, it stays dirty."""
        dirty = app.cache.dirty
        for batch in self._batches(list(dirty.items())):
            try:
                yield app.db.write_all([(key, values) for key, _, values in batch])
            except SimulatedFailure:
                return
            for key, waiting, values in batch:
                del waiting[: len(values)]
                if not waiting and dirty.get(key) is waiting:
                    del dirty[key]

    def _batches(self, dirty: list[tuple[str, Dirty]]) -> Iterator[list[tuple[str, Dirty, Dirty]]]:
        """Yield the rows of each transaction: key, what it is taken from, and the values that become one row."""
        rows: list[Any] = []
        for key, waiting in dirty:
            size = len(waiting) if self.coalesce else 1
            rows += [(key, waiting, waiting[n : n + size]) for n in range(0, len(waiting), size)]
        for first in range(0, len(rows), self.batch):
            yield rows[first : first + self.batch]
