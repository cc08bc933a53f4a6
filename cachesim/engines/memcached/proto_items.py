"""The commands of the text protocol that read and change items: get, set, incr and their kin.

A storage command announces a block of data. So it has two halves: its request line gives a `Block`,
and the block takes the data.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from cachesim.engines.memcached import operations
from cachesim.engines.memcached.allocate import TOO_LARGE
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.items import Item
from cachesim.engines.memcached.logged import MUTATIONS, refused
from cachesim.engines.memcached.numerals import to_signed, to_unsigned, to_word
from cachesim.engines.memcached.prefixes import DELETES, GETS, HITS, SETS, Prefixes
from cachesim.engines.memcached.protocol import (
    BAD_BLOCK,
    BAD_EXPTIME,
    BAD_LINE,
    END_OF_LINE,
    LARGEST_BLOCK,
    LONGEST_KEY,
    NOT_A_DELTA,
    Tokens,
    is_quiet,
    one_line,
    to_key,
)
from cachesim.errors import CommandError, OutOfMemory

BAD_DELETE = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]"


class Block(NamedTuple):
    """A storage command that waits for its data: `size` bytes, and two bytes for the line's end.

    If `refusal` is not None, the server has answered already and the data is thrown away.
    """

    how: str
    key: str
    flags: int
    expires: int  # the server's seconds
    size: int  # bytes
    unique: int
    quiet: bool
    refusal: bytes | None = None

    def finish(self, daemon: Daemon, data: bytes) -> bytes:
        """Store the data, which includes the two bytes of its line's end; return the reply."""
        daemon.tick()
        fields = self.key, data[: self.size], self.flags, self.expires
        try:
            if data[self.size :] == END_OF_LINE:
                outcome = operations.write(daemon, self.how, *fields, self.unique)
            else:
                operations.give_up(daemon, *fields)
                outcome = BAD_BLOCK
        except OutOfMemory as refused:
            outcome = str(refused)
        return one_line(outcome, quiet=self.quiet)


def get(daemon: Daemon, tokens: Tokens) -> bytes:
    """Answer get, gets (which also shows the unique id) and bget, an old name of get."""
    shows_cas = tokens[0] == b"gets"
    find = partial(operations.fetch, daemon)
    return _values(daemon.prefixes, find, tokens[1:], shows_cas=shows_cas)


def gat(daemon: Daemon, tokens: Tokens) -> bytes:
    """Answer gat and gats: get and touch."""
    exptime = to_signed(tokens[1])
    if exptime is None:
        return one_line(BAD_EXPTIME)
    expires, shows_cas = daemon.deadline(exptime), tokens[0] == b"gats"
    find = partial(operations.touch, daemon, expires=expires)
    return _values(daemon.prefixes, find, tokens[2:], shows_cas=shows_cas)


def _values(
    prefixes: Prefixes, find: Callable[[str], Item | None], words: Tokens, *, shows_cas: bool
) -> bytes:
    found = []
    for word in words:
        if len(word) > LONGEST_KEY:
            return one_line(BAD_LINE)
        key = to_key(word)
        item = find(key)
        if prefixes.enabled:
            prefixes.count(key, GETS, *[HITS] * (item is not None))
        if item is not None:
            unique = b" %d" % item.cas if shows_cas else b""
            found.append(
                b"VALUE %b %d %d%b\r\n%b\r\n"
                % (word, item.flags, len(item.value), unique, item.value)
            )
    return b"".join(found) + b"END\r\n"


def update(daemon: Daemon, tokens: Tokens) -> bytes | Block:
    """Read the line of a storage command (proto_text.c, process_update_command)."""
    how, word, quiet = tokens[0], tokens[1], is_quiet(tokens)
    flags, exptime, size = to_word(tokens[2]), to_signed(tokens[3]), to_signed(tokens[4])
    unique = to_unsigned(tokens[5]) if how == b"cas" else 0
    if len(word) > LONGEST_KEY or flags is None or exptime is None or size is None:
        return one_line(BAD_LINE, quiet=quiet)
    if unique is None or not 0 <= size <= LARGEST_BLOCK:
        return one_line(BAD_LINE, quiet=quiet)
    key, expires = to_key(word), daemon.deadline(exptime)
    if daemon.prefixes.enabled:
        daemon.prefixes.count(key, SETS)
    block = Block(how.decode(), key, flags, expires, size, unique, quiet)
    if daemon.allocator.size(key, size, flags) <= daemon.allocator.largest:
        return block
    if MUTATIONS in daemon.watched:
        refused(daemon, how.decode(), "too_large", key)
    daemon.allocator.refuse(key, replaces=how == b"set")
    return block._replace(refusal=one_line(TOO_LARGE, quiet=quiet))


def touch(daemon: Daemon, tokens: Tokens) -> str:
    """Give a key a new expiration."""
    if len(tokens[1]) > LONGEST_KEY:
        return BAD_LINE
    exptime = to_signed(tokens[2])
    if exptime is None:
        return BAD_EXPTIME
    item = operations.touch(daemon, to_key(tokens[1]), daemon.deadline(exptime))
    return operations.NOT_FOUND if item is None else "TOUCHED"


def count(daemon: Daemon, tokens: Tokens) -> str:
    """Answer incr and decr."""
    if len(tokens[1]) > LONGEST_KEY:
        return BAD_LINE
    delta = to_unsigned(tokens[2])
    if delta is None:
        return NOT_A_DELTA
    try:
        number = operations.count(daemon, to_key(tokens[1]), delta, up=tokens[0] == b"incr")
    except CommandError as refused:
        return str(refused)
    except OutOfMemory:
        return "SERVER_ERROR out of memory"
    return operations.NOT_FOUND if number is None else str(number)


def delete(daemon: Daemon, tokens: Tokens) -> bytes:
    """Delete a key; an old second argument, a time, may only be 0."""
    quiet = len(tokens) > 2 and is_quiet(tokens)
    extras = tokens[2:]
    if extras not in ([], [b"0"], [b"noreply"], [b"0", b"noreply"]):
        return one_line(BAD_DELETE, quiet=quiet)
    if len(tokens[1]) > LONGEST_KEY:
        return one_line(BAD_LINE, quiet=quiet)
    key = to_key(tokens[1])
    if daemon.prefixes.enabled:
        daemon.prefixes.count(key, DELETES)
    deleted = operations.delete(daemon, key)
    return one_line("DELETED" if deleted else operations.NOT_FOUND, quiet=quiet)
