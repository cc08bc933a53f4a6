"""Which pages of memory a server must copy while a child writes its snapshot (copy-on-write).

After a fork the two processes share all pages. The first write to a page makes a copy of it.
SIMPLIFIED: keys lie one behind the other in the order in which they were stored, as in memory of
which nothing was ever freed. A string is written as a whole; a change of another type writes two
pages at most. New keys get new pages, which nobody shares. Reads write nothing: a server does not
note the use of a key while a child lives (redis 7: db.c, lookupKey).
"""

from itertools import accumulate
from typing import Any

PAGE = 4096  # bytes

Place = tuple[int, str]  # database and key


class SharedPages:
    """The pages that a server shares with its child, and those that it has copied.

    >>> from cachesim.clock import ManualClock
    >>> from cachesim.engines.redis.engine import Redis
    >>> from cachesim.engines.redis.watched import LoneEngine
    >>> engine = LoneEngine(Redis(), ManualClock(), lambda: 0.5)
    >>> for key in "abc":
    ...     engine.set(key, bytes(10_000))
    >>> pages = SharedPages(engine)
    >>> pages.touch(0, "b", is_whole=True)
    >>> pages.copied  # bytes: 4 pages of 4 KiB
    16384
    """

    def __init__(self, db: Any) -> None:
        entries = [
            ((index, key), entry.key_size + entry.value_size)
            for index, database in db.databases.items()
            for key, entry in database.table.entries.items()
        ]
        ends = list(accumulate((size for _, size in entries), initial=0))
        self._pages = {
            place: (start // PAGE, max(start, end - 1) // PAGE)
            for (place, _), start, end in zip(entries, ends, ends[1:], strict=False)
        }
        self._written: set[int] = set()

    def touch(self, database: int, key: str, is_whole: bool) -> None:
        """Note that a key is written: all of it, or a part."""
        pages = self._pages.get((database, key))
        if pages is not None:
            first, last = pages
            self._written.update(range(first, (last if is_whole else min(last, first + 1)) + 1))

    @property
    def copied(self) -> int:
        """The bytes that were copied so far."""
        return PAGE * len(self._written)
