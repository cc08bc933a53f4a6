"""XCLAIM and XAUTOCLAIM: a consumer takes over what another one has not acknowledged (redis 7: t_stream.c)."""

from typing import Any

from cachesim.engines.redis.arguments import SYNTAX, quoted, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.memory import HIGHEST, as_bytes, as_integer
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.stream_group import Group, Pending
from cachesim.engines.redis.stream_ids import parsed, read_id, read_start, shown_id
from cachesim.engines.redis.stream_told import Teller, instant, instead
from cachesim.engines.redis.stream_value import EntryStream
from cachesim.engines.redis.structure import value_in
from cachesim.engines.redis.t_stream import found_in, recounted, shown
from cachesim.engines.redis.t_stream_groups import NEITHER, no_such
from cachesim.errors import CommandError

USUAL = 100  # entries that XAUTOCLAIM takes at most
TRIES = 10  # pending entries that it looks at, for each of these
MOST = HIGHEST // 16  # the highest COUNT


def number_for(option: str, part: bytes, command: str = "XCLAIM") -> int:
    """Read the number of an option. Raises CommandError."""
    number = as_integer(part)
    if number is None:
        raise CommandError(f"ERR Invalid {option} argument for {command}")
    return number


class ClaimOptions:
    """The ids of XCLAIM, and its options behind them."""

    def __init__(self, db: Keyspace, parts: tuple[bytes, ...]) -> None:
        self.ids: list[tuple[int, bytes]] = []  # each with its text
        self.when = -1  # milliseconds of Unix time: the last delivery; -1: not given
        self.count = -1  # of deliveries; -1: not given
        self.last = 0  # the id up to which the group has read
        self.forces = self.only_ids = False
        words = list(parts)
        while words and (id := parsed(words[0])) is not None:
            self.ids.append((id, words.pop(0)))
        while words:
            self._read(instant(db), words.pop(0), words)
        if not 0 <= self.when <= instant(db):
            self.when = instant(db)

    def _read(self, now: int, part: bytes, words: list[bytes]) -> None:
        """Read an option; `words` are those behind it. Raises CommandError."""
        name = text(part).upper()
        if name == "FORCE":
            self.forces = True
        elif name == "JUSTID":
            self.only_ids = True
        elif name == "LASTID" and words:
            self.last = read_id(words.pop(0))
        elif name in ("IDLE", "TIME", "RETRYCOUNT") and words:
            number = number_for(f"{name} option", words.pop(0))
            if name == "RETRYCOUNT":
                self.count = number
            else:
                self.when = number if name == "TIME" else now - number
        else:
            raise CommandError(f"ERR Unrecognized XCLAIM option '{quoted(part, len(part))}'")


class Claim:
    """A consumer that takes entries over."""

    def __init__(
        self, db: Keyspace, key: str, stream: EntryStream, teller: Teller, name: bytes
    ) -> None:
        self.db, self.key, self.stream, self.teller, self.name = db, key, stream, teller, name
        self.group: Group = teller.group
        self.taken: list[Any] = []  # as the reply has them
        self.gone: list[bytes] = []  # ids of entries that were pending and are deleted
        self.has_changed = False

    def drop(self, id: int, pending: Pending | None, part: bytes = b"") -> None:
        """Forget a pending entry that is no more in the stream."""
        if pending is not None:
            self.teller.claim(id, pending, part)
            self.group.acknowledge(id)
            self.gone.append(shown_id(id))
            self.has_changed = True

    def is_old(self, pending: Pending, idle: int) -> bool:
        """Whether nobody has got an entry for so many milliseconds."""
        return not idle or pending.consumer is None or instant(self.db) - pending.when >= idle

    def take(self, id: int, pending: Pending, when: int, only_id: bool, count: int = -1) -> None:
        """Take an entry over. Its deliveries become `count`; -1: one more, unless only the id is told."""
        consumer = self.teller.consumer(self.name)
        self.group.hand_over(id, pending, consumer)
        pending.when = when
        pending.count = count if count >= 0 else pending.count + (not only_id)
        entry = self.stream.find(id)
        assert entry is not None
        self.taken.append(shown_id(id) if only_id else shown(entry))
        self.has_changed = True


def claim_in(
    db: Keyspace, key: str, name: bytes, stream: EntryStream | None, consumer: bytes
) -> Claim:
    """Prepare to take entries of a group over. Raises CommandError."""
    group = None if stream is None else stream.group(name)
    if stream is None or group is None:
        raise no_such(NEITHER, as_bytes(key), name)
    db.instead = []
    return Claim(db, key, stream, Teller(db, key, name, group), consumer)


def xclaim(
    db: Keyspace, key: str, name: bytes, consumer: bytes, idle: bytes, *parts: bytes
) -> Reply:
    """XCLAIM key group consumer milliseconds id [id ...] [IDLE | TIME | RETRYCOUNT n] [FORCE] [JUSTID] [LASTID id]."""
    claim = claim_in(db, key, name, found_in(db, key), consumer)
    least = max(0, number_for("min-idle-time", idle))
    given, group = ClaimOptions(db, parts), claim.group
    moves = given.last > group.last
    group.last = max(group.last, given.last)
    for id, part in given.ids:
        take_one(claim, given, least, id, part)
    if moves and not claim.has_changed:
        claim.teller.position()
    if claim.has_changed:
        recounted(db, key)
    return claim.taken


def take_one(claim: Claim, given: ClaimOptions, least: int, id: int, part: bytes) -> None:
    """Take an entry over, if it is there and has waited for long enough."""
    pending = claim.group.pending.get(id)
    if claim.stream.find(id) is None:
        claim.drop(id, pending, part)
        return
    if pending is None and given.forces:
        pending = Pending(None, given.when)
        claim.group.pending.put(id, pending)
    if pending is not None and claim.is_old(pending, least):
        claim.take(id, pending, given.when, given.only_ids, given.count)
        claim.teller.claim(id, pending, part)


def xautoclaim(
    db: Keyspace, key: str, name: bytes, consumer: bytes, idle: bytes, start: bytes, *parts: bytes
) -> Reply:
    """XAUTOCLAIM key group consumer milliseconds start [COUNT n] [JUSTID]."""
    entry = db.read(key)
    least = max(0, number_for("min-idle-time", idle, "XAUTOCLAIM"))
    first = read_start(start)
    count, only_ids = auto_options(parts)
    claim = claim_in(db, key, name, value_in(entry, EntryStream), consumer)
    tries, ids = count * TRIES, iter(list(claim.group.pending.entries.irange(first)))
    while tries and count and (id := next(ids, None)) is not None:
        tries -= 1
        pending = claim.group.pending.entries[id]
        if claim.stream.find(id) is None:
            claim.drop(id, pending)
            count -= 1
        elif claim.is_old(pending, least):
            claim.take(id, pending, instant(db), only_ids)
            claim.teller.claim(id, pending)
            count -= 1
    if claim.has_changed:
        recounted(db, key)
    return [shown_id(next(ids, 0)), claim.taken, claim.gone]


def auto_options(parts: tuple[bytes, ...]) -> tuple[int, bool]:
    """Read COUNT and JUSTID. Raises CommandError."""
    count, only_ids, words = USUAL, False, list(parts)
    while words:
        name = text(words.pop(0)).upper()
        if name == "COUNT" and words:
            number = as_integer(words.pop(0))
            if number is None or not 1 <= number <= MOST:
                raise CommandError("ERR COUNT must be > 0")
            count = number
        elif name == "JUSTID":
            only_ids = True
        else:
            raise CommandError(SYNTAX)
    return count, only_ids


CLAIMS = "write fast"
COMMANDS = table(
    RedisCommand(
        "XAUTOCLAIM", "key argument argument argument argument [option ...]", CLAIMS, xautoclaim,
        propagates=instead,
    ),
    RedisCommand(
        "XCLAIM", "key argument argument argument argument [argument ...]", CLAIMS, xclaim,
        propagates=instead,
    ),
)  # fmt: skip
