"""The options of XADD and XTRIM: how they are read and checked (redis 7: t_stream.c)."""

from collections.abc import Sequence
from typing import Any

from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.stream_ids import before_zero, joined, read_id, unsigned
from cachesim.engines.redis.stream_value import Trim
from cachesim.errors import CommandError

NODES = 100  # that a rough trim without LIMIT removes at most
MOST, USUAL = 1_000_000, 10_000  # entries: the most of such a trim, and if nodes have no limit
ERRORS = {
    "two": "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
    "none": "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
    "must": "ERR syntax error, XTRIM must be called with a trimming strategy",
    "exact": "ERR syntax error, LIMIT cannot be used without the special ~ option",
    "LIMIT": "ERR The LIMIT argument must be >= 0.",
    "MAXLEN": "ERR The MAXLEN argument must be >= 0.",
}


class AddOptions:
    """What the options say; `at` and `bound` are places among the arguments after the key."""

    def __init__(self) -> None:
        self.at = 0  # of the id
        self.bound = 0  # of the bound of the trim
        self.id: int | None = None  # None: the server makes one
        self.has_number = True  # whether the id was given with its number
        self.only_there = False  # NOMKSTREAM
        self.trim: Trim | None = None
        self.limit: int | None = None

    def read(self, parts: Sequence[bytes], adds: bool) -> None:
        """Read the options up to the id. Raises CommandError."""
        while self.at < len(parts):
            part, more = parts[self.at], len(parts) - 1 - self.at
            name = text(part).upper()
            if adds and part == b"*":
                return
            if name in ("MAXLEN", "MINID") and more:
                self._read_trim(name, parts)
            elif name == "LIMIT" and more:
                self.at += 1
                self.limit = natural(parts[self.at], name)
            elif adds and name == "NOMKSTREAM":
                self.only_there = True
            elif adds:
                self._read_id(part)
                return
            else:
                raise CommandError(SYNTAX)
            self.at += 1

    def _read_trim(self, name: str, parts: Sequence[bytes]) -> None:
        if self.trim is not None:
            raise CommandError(ERRORS["two"])
        self.at += 1
        sign = parts[self.at] if self.at + 1 < len(parts) else b""
        self.at += sign in (b"~", b"=")
        self.bound, is_rough = self.at, sign == b"~"
        if name == "MAXLEN":
            self.trim = Trim(natural(parts[self.at], name), is_rough=is_rough)
        else:
            self.trim = Trim(lowest=read_id(parts[self.at]), is_rough=is_rough)

    def _read_id(self, part: bytes) -> None:
        time, dash, number = before_zero(part).partition(b"-")
        if dash and number == b"*" and (known := unsigned(time)) is not None:
            self.id, self.has_number = joined(known, 0), False
        else:
            self.id = read_id(part)


def natural(part: bytes, name: str) -> int:
    """Read a number that is not below 0. Raises CommandError."""
    number = integer(part)
    if number < 0:
        raise CommandError(ERRORS[name])
    return number


def read_options(db: Any, parts: Sequence[bytes], adds: bool) -> AddOptions:
    """Read the options of XADD (`adds`) or XTRIM, from after the key on. Raises CommandError."""
    # redis 7: streamParseAddOrTrimArgsOrReply
    given = AddOptions()
    given.read(parts, adds)
    if given.limit and given.trim is None:
        raise CommandError(ERRORS["none"])
    if given.trim is None and not adds:
        raise CommandError(ERRORS["must"])
    if given.trim is not None and not db.is_replica:  # what a primary sends has no limit
        given.trim = given.trim._replace(limit=limit_of(db, given, given.trim))
    elif given.limit is not None and not db.is_replica:
        raise CommandError(ERRORS["exact"])
    return given


def limit_of(db: Any, given: AddOptions, trim: Trim) -> int:
    """Return how many entries a trim may remove; 0: as many as it likes. Raises CommandError."""
    if given.limit is None:
        return min(MOST, NODES * db.stream_limits.entries or USUAL) if trim.is_rough else 0
    if not trim.is_rough:
        raise CommandError(ERRORS["exact"])
    return given.limit
