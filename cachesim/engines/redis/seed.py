"""Begin with the keys of an RDB file: what a new cluster does that is made from a snapshot."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.rdb_load import LoadedKey, check, install, keys_in, written_at
from cachesim.engines.redis.rdb_reader import RdbReader
from cachesim.errors import BadInput

K = TypeVar("K", bound=Keyspace)


def seeded(db: K, path: str) -> K:
    """Store the keys of a file in an engine, if one is named, and return the engine. Raises BadInput."""
    if path:
        for each in keys_of(path, db):
            install(db, each)
        db.select(0)
    return db


def keys_of(path: str, db: Keyspace) -> Iterator[LoadedKey]:
    """Yield the keys of a file that are alive. TTLs go on where they were when it was written.

    `db` makes the values, by its limits. Raises BadInput.
    """
    try:
        file = Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f'"{path}" cannot be read: {error.strerror}; name an RDB file') from None
    try:
        check(file)
        keys = list(keys_in(RdbReader(file[9:]), db))
        written = written_at(file)
    except BadInput as error:
        raise BadInput(f'"{path}": {error}') from None
    later = 0 if written is None else db.now - written * 1000
    for each in keys:
        if each.when is None:
            yield each
        elif each.when + later > db.now:
            yield each._replace(when=each.when + later)
