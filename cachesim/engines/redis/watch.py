"""WATCH: what a client watches, and whether it was changed since (redis 7: multi.c)."""

from collections import defaultdict
from typing import Any

from cachesim.engines.redis.blocked import Place


class Watch:
    """The keys that one client watches."""

    def __init__(self) -> None:
        self.is_broken = False  # somebody has changed one of the keys
        self.were_dead: dict[
            Place, bool
        ] = {}  # whether a key had expired already when it was watched


class WatchedKeys:
    """The keys of an engine that clients watch.

    >>> from cachesim.engines.redis.engine import Redis
    >>> from cachesim.engines.redis.replication import ReplicatedEngine
    >>> engine = ReplicatedEngine(Redis(), lambda: 0.0, lambda: 0.5)
    >>> watch = Watch()
    >>> engine.watches.add(watch, engine, "a")
    >>> (
    ...     engine.execute(("SET", "b", 1)),
    ...     watch.is_broken,
    ...     engine.execute(("SET", "a", 1)),
    ...     watch.is_broken,
    ... )
    ('OK', False, 'OK', True)
    """

    def __init__(self) -> None:
        self.by_key: defaultdict[Place, dict[Watch, None]] = defaultdict(dict)

    def add(self, watch: Watch, db: Any, key: str) -> None:
        """Watch a key of the selected database."""
        place = db.selected, key
        if place not in watch.were_dead:
            watch.were_dead[place] = is_dead(db, place)
            self.by_key[place][watch] = None

    def drop(self, watch: Watch) -> None:
        """Watch nothing more."""
        for place in watch.were_dead:
            self.by_key[place].pop(watch, None)
            if not self.by_key[place]:
                del self.by_key[place]
        watch.were_dead.clear()

    def changed(self, db: Any, place: Place) -> None:
        """Note that a key was changed; if a dead one is only removed now, that is no change."""
        for watch in list(self.by_key.get(place, ())):
            if watch.were_dead[place]:
                watch.were_dead[place] = place[1] in db.databases[place[0]].table.entries
            else:
                watch.is_broken = True

    def changed_databases(self, db: Any, *databases: int) -> None:
        """Note that databases were emptied, or have changed places: all their keys are other ones."""
        for place in list(self.by_key):
            if place[0] in databases and any(
                place[1] in db.database(index).table.entries for index in databases
            ):
                self.changed(db, place)

    def is_broken(self, watch: Watch, db: Any) -> bool:
        """Whether a transaction must not run: a key was changed, or its TTL has run out."""
        return watch.is_broken or any(
            is_dead(db, place) for place, was_dead in watch.were_dead.items() if not was_dead
        )


def is_dead(db: Any, place: Place) -> bool:
    """Whether a key has expired, and is still there."""
    entry = db.databases[place[0]].table.entries.get(place[1])
    return entry is not None and entry.when is not None and db.now > entry.when
