"""Write-behind: the cache takes the write at once, and the database gets it later."""

from collections.abc import Iterator
from typing import Any

from cachesim.errors import CacheError, SimulatedFailure
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import CacheAside
from cachesim.records import Value
from cachesim.spec import Count, Span

Dirty = list[Value]  # the values of one key that are not yet in the database, the newest last


class WriteBehind(CacheAside):
    """A write is acknowledged when the cache has it. A flusher writes the dirty values, one batch per transaction.

    The cache keeps dirty values until they are written, even if their keys are evicted; only a crash loses
    them. There is one flusher. It writes the values of a key in order, and flushes once more after the
    last request. SIMPLIFIED: dirty values take no memory of the engine, and a batch commits as fast as one
    row.

    >>> WriteBehind(interval=0.5, batch=10)
    WriteBehind(interval=0.5, batch=10)
    """

    interval: Span = 1.0  # seconds between two flushes
    batch: Count = 100  # rows written in one transaction
    coalesce: bool = True  # whether only the newest of a key's dirty values is written

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Set the value, and mark it as dirty in the same moment."""
        if (yield app.cache.set(key, value, self.ttl)) is None:
            raise CacheError(f'the cache did not take "{key}", and write-behind has no other way')
        app.cache.dirty.setdefault(key, []).append(value)

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Take the newest dirty value, or else ask the database; then fill the cache."""
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
        """Write the values that are dirty now, oldest key first; if the database refuses, they stay dirty."""
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
        """Yield the rows of each transaction: key, the key's dirty values, and those that become this row."""
        rows: list[Any] = []
        for key, waiting in dirty:
            size = len(waiting) if self.coalesce else 1
            rows += [(key, waiting, waiting[n : n + size]) for n in range(0, len(waiting), size)]
        for first in range(0, len(rows), self.batch):
            yield rows[first : first + self.batch]
