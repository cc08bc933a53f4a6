"""A node of the model writes snapshots: the fork, the child, the pages that are copied meanwhile.

time    at         forked                                ended
node    | stands still | serves; a page that is written is copied
child                  | writes the keys as they were `at` |

Nobody makes an event for the end: it is noticed when somebody looks (redis 7: rdb.c, serverCron).
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

from cachesim.clock import Clock
from cachesim.engines.base import START, Engine, EngineSpec, Random
from cachesim.engines.redis import persistence
from cachesim.engines.redis.copied_pages import SharedPages
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.engines.redis.hash_value import Hash
from cachesim.engines.redis.protected import ProtectedLone, ProtectedRedis
from cachesim.engines.redis.rdb import dump
from cachesim.engines.redis.rdb_load import install, keys_in, load, written_at
from cachesim.engines.redis.rdb_reader import RdbReader
from cachesim.engines.redis.seed import keys_of
from cachesim.engines.redis.slots import slot_of
from cachesim.engines.redis.structure import Structure
from cachesim.engines.redis.watched import LoneEngine, WatchedEngine
from cachesim.errors import BadInput
from cachesim.model.routes import as_bytes
from cachesim.records import STAMP_SIZE, SnapshotTaken, Value
from cachesim.units import GIB


def persists(cache: EngineSpec) -> bool:
    """Whether a spec asks for snapshots."""
    return getattr(cache, "persistence", "none") != "none"


def make_engine(cache: EngineSpec, clock: Clock, random: Random) -> Engine:
    """Make the engine of a node: one that notes its changes, if there are snapshots."""
    if persists(cache):
        kind = ProtectedLone if isinstance(cache, ProtectedRedis) else LoneEngine
        return kind(cache, clock, random)  # type: ignore[arg-type] # only Redis has the field
    return (
        cache.replace(seed_from="").build(clock, random)
        if is_seeded(cache)
        else cache.build(clock, random)
    )


def is_seeded(cache: EngineSpec) -> bool:
    """Whether the cache begins with the keys of a file."""
    return bool(getattr(cache, "seed_from", ""))


class NodeDisk(persistence.Disk):
    """Keeps the snapshots of a node of the model, which takes simulated time to write them.

    Parameters
    ----------
    name : str
        Of the node.
    clock : callable
        Gives the simulated time in seconds.
    depart : callable
        Books work on the node: takes the moment and seconds, returns when it is done.
    fork : float
        Seconds for which the node stands still, per GiB of its memory.
    rate : float
        Bytes of the file per second that the child writes.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        depart: Callable[[float, float], float],
        fork: float,
        rate: float,
    ) -> None:
        super().__init__()
        self._name, self._clock, self._depart = name, clock, depart
        self._fork, self._rate = fork, rate
        self.taken: list[SnapshotTaken] = []
        self._writing: bytes | None = None  # the file of the child
        self._end = math.inf  # seconds: when the child is done
        self.kept: dict[float, bytes] = {}  # files that somebody fetches after the run, by a moment

    def keep(self, moment: float) -> None:
        """Keep the file that the child writes now, under a moment in seconds."""
        if self._writing is not None:
            self.kept[moment] = self._writing

    def write(self, db: Any) -> None:
        """Write all keys at once, as a SAVE does. SIMPLIFIED: it takes no time."""
        self.files[db.snapshots.name] = dump(db, checksum=False)

    def begin(self, db: Any) -> None:
        """Fork; the child writes from then on."""
        now, memory = self._clock(), db.memory
        pause = self._fork * memory / GIB
        self._writing = dump(db, checksum=False)
        self._end = self._depart(now, pause) + len(self._writing) / self._rate
        taken = SnapshotTaken(
            now, self._name, pause, math.nan, len(self._writing), memory, 0, False
        )
        self.taken.append(taken)
        db.share(SharedPages(db))

    def look(self, db: Any) -> None:
        """Note the end of the child, if it is past."""
        if self._writing is not None and self._clock() >= self._end:
            self.files[db.snapshots.name] = self._writing
            self._finish(db, is_ok=True)

    def give_up(self, db: Any) -> None:
        """End the child before it is done."""
        self.look(db)
        if self._writing is not None:
            self._finish(db, is_ok=False)

    def revived(self, value: Any) -> Any:
        """Let a string be a Value again, with the id of its write."""
        return stamped(value)

    def _finish(self, db: Any, is_ok: bool) -> None:
        copied = db.shared.copied
        db.share(None)
        end = self._end if is_ok else self._clock()
        self.taken[-1] = self.taken[-1]._replace(end=end, copied=copied, complete=is_ok)
        self._writing, self._end = None, math.inf
        persistence.ended(db, is_ok, copied)


def let_save(engine: Engine, disk: NodeDisk) -> None:
    """Keep the snapshots of an engine on that disk, if it can write any."""
    if isinstance(engine, WatchedEngine):
        persistence.keep_in(engine, disk, engine.snapshots.points)


def shut_down(engine: Engine) -> None:
    """End in order: write the last snapshot, if there are save points. A replica writes none."""
    if isinstance(engine, WatchedEngine) and engine.snapshots.points and not engine.is_replica:
        persistence.shut_down(engine, saves=True)


def snapshots_of(tiers: Iterable[Any]) -> list[SnapshotTaken]:
    """List the snapshots that the nodes have begun, in the order of their times."""
    return sorted(taken for tier in tiers for taken in tier.snapshots())


def check(engine: Engine) -> WatchedEngine:
    """Return the engine, which must be able to write a snapshot. Raises BadInput."""
    if not isinstance(engine, WatchedEngine):
        raise BadInput(
            'only a Redis that notes its changes can write a snapshot; take cs.Redis(persistence="rdb")'
        )
    return engine


def saved(engine: Engine) -> bytes:
    """Return the snapshot of a node of this moment, an RDB file. Raises BadInput if it is no Redis."""
    return dump(check(engine))


def loaded(engine: Any, file: bytes) -> int:
    """Store the keys of a snapshot in a node; return how many. Raises BadInput: nothing is stored then."""
    return load(engine, file, stamped)


def seed(cache: Any, engine_of: Callable[[str], Any], first: bool = True) -> None:
    """Store the keys of `seed_from`, if there are any, in the nodes where they belong, as copies of the rows.

    SIMPLIFIED: the database begins as the snapshot has it: each value counts as the row's first version.
    With `first=False` the database has commits of earlier runs, and each value keeps the id of its write.

    Raises
    ------
    BadInput
        The file cannot be read, or is damaged.
    """
    if not is_seeded(cache):
        return
    scratch = LoneEngine(cache.replace(seed_from="", memory=2**62), lambda: 0.0, lambda: 0.5)
    for each in keys_of(cache.seed_from, scratch):
        engine, value = engine_of(each.key), stamped(each.value, first)
        if isinstance(value, Structure):
            value = value.copy_for(engine)
        install(engine, each._replace(value=value))
        engine.select(0)


def stamped(value: Any, first: bool = False) -> Any:
    """Return a string, or a hash of strings, as Values; anything else as it is.

    `first`: the write that made them is that of the rows before the run.

    >>> stamped(bytes(7) + b"!rest").write, stamped(b"short")
    (33, b'short')
    """
    if isinstance(value, Hash):
        for field, one in value.values.items():
            value.values[field] = stamped(one, first)
        return value
    if not isinstance(value, bytes) or len(value) < STAMP_SIZE:
        return value
    return Value.stamp(0, len(value)) if first else Value(value)


def aged(file: bytes, seconds: float) -> bytes:
    """Return a snapshot as it is after so many seconds without a request: TTLs have run on.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.set("short-lived", b"one", ttl=60)
    >>> [b"short-lived" in aged(dump(engine), seconds) for seconds in (30, 90)]
    [True, False]
    """
    return dump(_opened(file, seconds), checksum=False)


def _opened(
    file: bytes, seconds: float = 0.0, keeps: Callable[[str], bool] = lambda key: True
) -> RedisEngine:
    """Return an engine with the keys of a snapshot, so many seconds after it was written."""
    written = written_at(file) or START
    later = RedisEngine(Redis(memory=2**62), lambda: written - START + seconds, lambda: 0.5)
    for each in keys_in(RdbReader(file[9:]), later):
        if (each.when is None or each.when > later.now) and keeps(each.key):
            install(later, each)
    return later


def memory_of(file: bytes) -> int:
    """Return the bytes that the keys of a snapshot take in the memory of a node, with its own."""
    return _opened(file).memory


def without_slots(file: bytes, first: int, last: int) -> bytes:
    """Return a snapshot without the keys of some slots.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.set("user:1", b"one")  # in slot 10778
    >>> [b"user:1" in without_slots(dump(engine), *some) for some in ((0, 10777), (10778, 16383))]
    [True, False]
    """
    kept = _opened(file, keeps=lambda key: not first <= slot_of(as_bytes(key)) <= last)
    return dump(kept, checksum=False)


def contents(engines: list[Engine]) -> bytes:
    """Return one RDB file with the keys of all of these engines; empty if they are no Redis.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.set("a", b"one")
    >>> contents([engine, engine]) == contents([engine])
    True
    """
    held = [engine for engine in engines if isinstance(engine, RedisEngine)]
    if len(held) < 2:
        return dump(held[0], checksum=False) if held else b""
    whole = RedisEngine(Redis(memory=2**62), held[0].clock, lambda: 0.5)
    for engine in held:
        for each in keys_in(RdbReader(dump(engine, checksum=False)[9:]), whole):
            install(whole, each)
    return dump(whole, checksum=False)
