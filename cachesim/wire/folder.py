"""A folder for the snapshots of a served engine; those in the background are written by a forked child.

The child has all keys as they were when it was forked: the kernel copies a page of memory when one
of the two processes changes it. So the snapshot is consistent, and the server goes on meanwhile.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from cachesim.engines.redis.persistence import Disk, ended, snapshot_of
from cachesim.errors import BadInput
from cachesim.units import KIB

FIRST_FREE = 3  # descriptors: behind those of input, output and errors
SMAPS = Path("/proc/self/smaps_rollup")  # of Linux; elsewhere no copied page is counted


class Folder(Disk):
    """Keeps the snapshots of one engine in a folder.

    A file is written under another name, forced to the disk and renamed: it is complete or absent.

    Raises
    ------
    BadInput
        There is no such folder.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self.folder = str(Path(path).resolve())
        if not Path(self.folder).is_dir():
            raise BadInput(f'--dir "{path}" is no folder; make it, or name another one')
        self.child: int | None = None  # the process that writes
        self.pipe = -1  # tells the bytes that were copied

    def write(self, db: Any) -> None:
        """Write all keys. Raises OSError, and then the file that was there is as it was."""
        part = self._part(os.getpid())
        try:
            put(part, snapshot_of(db))
            os.replace(part, self._file(db))
        finally:
            part.unlink(missing_ok=True)

    def begin(self, db: Any) -> None:
        """Fork a child that writes all keys as they are now. Raises OSError."""
        server, (come, go) = os.getpid(), os.pipe()
        self.child = os.fork()
        if self.child == 0:
            self._be_child(db, server, go)
        os.close(go)
        self.pipe = come

    def look(self, db: Any) -> None:
        """See whether the child is done."""
        if self.child is not None and os.waitpid(self.child, os.WNOHANG) != (0, 0):
            self._reap(db)

    def give_up(self, db: Any) -> None:
        """End the child; the file that was there is as it was."""
        if self.child is not None:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
            self._part(self.child).unlink(missing_ok=True)
            self._reap(db)

    def read(self, name: str) -> bytes | None:
        """Return a file; None if there is none. Raises OSError."""
        with suppress(FileNotFoundError):
            return (Path(self.folder) / name).read_bytes()
        return None

    def _reap(self, db: Any) -> None:
        """Note what the child said at its end: without a word it has failed."""
        said = os.read(self.pipe, 32)
        os.close(self.pipe)
        self.child = None
        ended(db, is_ok=bool(said), copied=int(said or 0))

    def _be_child(self, db: Any, server: int, pipe: int) -> NoReturn:
        """Write the file and end; the sockets of the server are none of the child's."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the server
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.dup2(pipe, FIRST_FREE)
            os.closerange(FIRST_FREE + 1, os.sysconf("SC_OPEN_MAX"))
            part = self._part(os.getpid())
            put(part, snapshot_of(db))
            if os.getppid() == server:  # else another server may have the folder by now
                os.replace(part, self._file(db))
                os.write(FIRST_FREE, b"%d" % copied_bytes())
            part.unlink(missing_ok=True)
        finally:
            os._exit(0)

    def _file(self, db: Any) -> Path:
        return Path(self.folder) / str(db.snapshots.name)

    def _part(self, process: int) -> Path:
        return Path(self.folder) / f"temp-{process}.rdb"


def put(path: Path, data: bytes) -> None:
    """Write a file and force it to the disk. Raises OSError."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def copied_bytes() -> int:
    """Count the bytes of memory that are only this process's: its pages that were copied, and new ones."""
    with suppress(OSError):
        for line in SMAPS.read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1]) * KIB
    return 0
