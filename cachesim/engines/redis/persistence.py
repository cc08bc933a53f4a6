"""SAVE, BGSAVE, LASTSAVE: all keys are written to a file, and a restart loads it (redis 7: rdb.c).

Where the file is kept, and how it is written beside the commands, is handed in as a `Disk`: the
one here keeps files in memory and takes no time. A served engine has a folder and forks; a node of
the model has a child that takes simulated time.
"""

from contextlib import suppress
from typing import Any

from cachesim.engines.redis.arguments import SYNTAX
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.rdb import dump
from cachesim.engines.redis.rdb_load import load
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.snapshots import Points, read_points
from cachesim.errors import CommandError

BUSY = "ERR Background save already in progress"
NO_AOF = (
    "ERR Can't execute an AOF background rewriting. Please check the server logs for more "
    "information."
)


class Disk:
    """Keeps the files of an engine in memory; subclasses keep them elsewhere."""

    folder = "/"  # as CONFIG GET dir shows it

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def write(self, db: Any) -> None:
        """Write all keys. Raises OSError, and then the file that was there is as it was."""
        self.files[db.snapshots.name] = snapshot_of(db)

    def begin(self, db: Any) -> None:
        """Begin to write all keys as they are now; tell `ended` when it is done. Raises OSError."""
        self.write(db)
        ended(db, is_ok=True)

    def look(self, db: Any) -> None:
        """See whether what was begun is done. The cron calls it."""

    def give_up(self, db: Any) -> None:
        """End what was begun; the file that was there is as it was."""

    def read(self, name: str) -> bytes | None:
        """Return a file; None if there is none. Raises OSError."""
        return self.files.get(name)


class Nowhere(Disk):
    """Keeps nothing: no folder was named."""

    def write(self, db: Any) -> None:
        """Refuse. Raises OSError."""
        raise OSError("there is no folder for snapshots; start the server with --dir FOLDER")


def snapshot_of(db: Any) -> bytes:
    """Return the file of all keys, as they are now."""
    return dump(db, checksum=db.snapshots.checksum == "yes")


def now_of(db: Keyspace) -> int:
    """Return the time in whole seconds of Unix time."""
    return db.now // 1000


def save_now(db: Any) -> None:
    """Write all keys, and note it. Raises OSError."""
    db.disk.write(db)
    db.snapshots.saved(now_of(db))


def begin(db: Any) -> None:
    """Begin to write all keys in the background. Raises OSError; that is noted, too."""
    db.snapshots.began(now_of(db))
    try:
        db.disk.begin(db)
    except OSError:
        ended(db, is_ok=False)
        raise


def ended(db: Any, is_ok: bool, copied: int = 0) -> None:
    """Note that what `begin` began is done; `copied` bytes of pages had to be copied."""
    db.snapshots.ended(now_of(db), is_ok, copied)


def look(db: Any) -> None:
    """End the snapshot that is done, and begin one that is due by the save points."""
    db.disk.look(db)
    if db.snapshots.is_due(now_of(db)):
        with suppress(OSError):
            begin(db)


def restore(db: Any) -> int:
    """Load the file, if there is one. Return the number of keys.

    Raises
    ------
    BadInput
        The file is damaged: nothing of it was loaded.
    OSError
        It cannot be read.
    """
    file = db.disk.read(db.snapshots.name)
    count = 0 if file is None else load(db, file)
    db.snapshots.began_anew(now_of(db))
    return count


def set_up(db: Any, spec: Any) -> None:
    """Keep snapshots in memory, and begin them as the spec says."""
    db.disk = Disk()
    db.persists = spec.persistence == "rdb"
    db.snapshots.points = read_points(spec.save) if db.persists else ()


def restart(db: Any) -> None:
    """Begin again with the keys of the last snapshot; without `persistence` with none. Raises OSError."""
    db.disk.give_up(db)
    if db.persists:
        restore(db)
    else:
        db.snapshots.began_anew(now_of(db))


def keep_in(db: Any, disk: Disk, points: Points) -> int:
    """Keep snapshots on that disk, begin them by those save points, and load what is there.

    Return the number of keys that were loaded. Raises as `restore`.
    """
    db.disk, db.snapshots.points = disk, points
    return restore(db)


def shut_down(db: Any, saves: bool) -> None:
    """End what is written in the background, and write the last snapshot if asked. Raises OSError."""
    db.disk.give_up(db)
    if saves:
        save_now(db)


# Commands


def save(db: Any) -> Reply:
    """SAVE: write the file; meanwhile nothing else runs."""
    if db.snapshots.child is not None:
        raise CommandError(BUSY)
    db.snapshots.saves += 1
    try:
        save_now(db)
    except OSError as error:
        raise CommandError(f"ERR {error}") from None
    return "OK"


def bgsave(db: Any, *options: bytes) -> Reply:
    """BGSAVE [SCHEDULE]: write the file in the background, as the keys are now."""
    if options and [word.upper() for word in options] != [b"SCHEDULE"]:
        raise CommandError(SYNTAX)
    if db.snapshots.child is not None:
        raise CommandError(BUSY)
    if db.is_in_exec:
        db.snapshots.is_scheduled = True
        return "Background saving scheduled"
    try:
        begin(db)
    except OSError as error:
        raise CommandError(f"ERR {error}") from None
    return "Background saving started"


def lastsave(db: Any) -> Reply:
    """LASTSAVE: when the file was last written, in seconds of Unix time."""
    return int(db.snapshots.last)


def bgrewriteaof(db: Any) -> Reply:
    """BGREWRITEAOF: refused, because there is no append-only file."""
    raise CommandError(NO_AOF)


OF_OPERATORS = "admin noscript"
COMMANDS = table(
    RedisCommand("BGREWRITEAOF", "", OF_OPERATORS, bgrewriteaof),
    RedisCommand("BGSAVE", "[option ...]", OF_OPERATORS, bgsave),
    RedisCommand("LASTSAVE", "", "loading stale fast", lastsave),
    RedisCommand("SAVE", "", f"{OF_OPERATORS} no_multi", save),
)
