"""A cache of query results: what is cached is no row, but the answer to a SELECT."""

import hashlib
from collections.abc import Iterable
from typing import Any, Literal

from cachesim.engines.base import Engine, EngineSpec
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import NoCache
from cachesim.records import Answer, Query, Value
from cachesim.spec import Seconds
from cachesim.storage.statement import TABLE


class QueryCache(Strategy):
    """The result of a query is cached under its statement and parameters, for `ttl` seconds.

    A write makes results outdated, but it does not know which. `invalidate` says what it deletes after its commit:

    - "never": nothing; a result may be stale until its TTL ends.
    - "table": every cached result. Nothing is left that could be stale, and few results live long.
    - "row": the results that *contained* the row when they were loaded. A row that newly matches a condition was in
      no result: such results stay, and are stale until their TTL ends.

    The application remembers which results it has cached, and what they depend on, in the memory of its process.
    Reads and writes of rows go the way of `rows`.

    >>> QueryCache(ttl=60, invalidate="row")
    QueryCache(ttl=60.0, invalidate='row')

    References
    ----------
    Gupta, Zeldovich and Madden, "A trigger-based middleware cache for ORMs", Middleware 2011: what a write must
    invalidate. MySQL's query cache (removed in MySQL 8.0) dropped all results of a table at each write to it.
    """

    ttl: Seconds = 10.0  # seconds, of a cached result; inf: until evicted or deleted
    invalidate: Literal["never", "table", "row"] = "never"
    rows: Strategy = NoCache()  # what reads and writes of single rows do

    def query(self, app: App, sql: str, *parameters: Any) -> Steps:
        """Ask the cache; on a miss ask the database, and fill."""
        name = cache_key(sql, parameters)
        answer = yield app.cache.get(name)
        if answer is None:
            answer = yield app.db.query(sql, *parameters)
            self._remember(app, answer, name)
            yield app.cache.set(name, answer, self.ttl)
            self._remember(
                app, answer, name
            )  # a write in between has forgotten it, and the next must find it
        return answer

    def read(self, app: App, key: str) -> Steps:
        """Read a row."""
        return (yield from self.rows.read(app, key))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write a row; then delete the results that may have become outdated, all at the same time."""
        yield from self.rows.write(app, key, value)
        if self.invalidate != "never":
            source = TABLE if self.invalidate == "table" else key
            outdated = self._cached(app).pop(source, {})
            for deleted in [app.cache.delete(name) for name in outdated]:  # noqa: UP028  all are sent first
                yield deleted

    def start(self, app: App) -> Steps | None:
        """Return the work beside the requests that `rows` has."""
        return self.rows.start(app)

    def preload(self, engine: Engine, key: str, value: Value, left: float) -> None:
        """Put the row into a warm cache, if rows are cached; results are always cold at the start."""
        if not isinstance(self.rows, NoCache):
            self.rows.preload(engine, key, value, left)

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput if `rows` needs another engine."""
        self.rows.check(cache)

    def _remember(self, app: App, answer: Answer, name: str) -> None:
        for source in self._sources(answer):
            self._cached(app).setdefault(source, {})[name] = None

    def _sources(self, answer: Answer) -> Iterable[str]:
        """List what a result depends on, as far as this strategy looks."""
        return {"never": (), "table": (TABLE,), "row": answer.versions}[self.invalidate]

    def _cached(self, app: App) -> dict[str, dict[str, None]]:
        """Return the names of the cached results by their source, in the order in which they were loaded."""
        cached: dict[str, dict[str, None]] = app.shared.setdefault("results", {})
        return cached


def cache_key(sql: str, parameters: tuple[Any, ...]) -> str:
    """Make the key under which a result is cached: a query may be longer than Memcached's 250 bytes, and has blanks.

    >>> cache_key("SELECT key FROM items WHERE category = ?", (7,))
    'query:122f349d397fc8b9'
    """
    text = Query.of(sql, *parameters)
    return f"query:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
