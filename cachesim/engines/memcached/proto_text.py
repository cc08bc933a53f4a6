"""The text protocol: a request line in, the exact bytes of the server's reply out.

A storage command announces a block of data, so it has two halves: `begin` reads the line, the `Block` it
returns takes the data. `answer` does both. Commands for the server itself are in proto_admin.py and
proto_lists.py, the meta commands in proto_meta.py.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from cachesim.engines.memcached import operations, proto_admin, proto_lists, proto_meta
from cachesim.engines.memcached.allocate import TOO_LARGE
from cachesim.engines.memcached.commands import BAD_LINE, LONGEST_KEY, NOT_A_DELTA, to_key
from cachesim.engines.memcached.items import Item
from cachesim.engines.memcached.numerals import to_signed, to_unsigned, to_word
from cachesim.engines.memcached.proto_admin import BAD_EXPTIME, ERROR, Tokens, is_quiet
from cachesim.engines.memcached.proto_meta import MetaBlock
from cachesim.errors import CommandError, OutOfMemory

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

MOST_TOKENS = 23  # the rest of the line is looked at by get and its kin only
LARGEST_BLOCK = 2**31 - 3  # bytes
END_OF_LINE = b"\r\n"
BAD_BLOCK = "CLIENT_ERROR bad data chunk"
BAD_DELETE = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]"
MANY = 10**9  # tokens


class Block(NamedTuple):
    """A storage command whose data is awaited: `size` bytes and the two of the line's end.

    If `refusal` is not None the server has answered already, and the data is to be thrown away.
    """

    how: str
    key: str
    flags: int
    expires: int  # the server's seconds
    size: int  # bytes
    unique: int
    quiet: bool
    refusal: bytes | None = None

    def finish(self, engine: "MemcachedEngine", data: bytes) -> bytes:
        """Store what was announced, `data` being as long as that and two bytes more; return the reply."""
        engine.tick()
        fields = self.key, data[: self.size], self.flags, self.expires
        try:
            if data[self.size :] == END_OF_LINE:
                said = operations.write(engine, self.how, *fields, self.unique)
            else:
                operations.give_up(engine, *fields)
                said = BAD_BLOCK
        except OutOfMemory as refused:
            said = str(refused)
        return _reply(said, quiet=self.quiet)


# A reply; a command that awaits data; None: the connection is closed.
Outcome = bytes | Block | MetaBlock | None


class Row(NamedTuple):
    """One command: how many words its line may have, and what runs it."""

    least: int
    most: int
    run: Callable[["MemcachedEngine", Tokens], Outcome]


def answer(engine: "MemcachedEngine", line: bytes, data: bytes | None = None) -> bytes:
    r"""Return what the server sends for a request line (without its end) and its block of data, if it takes one.

    >>> from cachesim.engines.memcached.engine import Memcached
    >>> engine = Memcached().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> answer(engine, b"set a 0 0 2", b"12"), answer(engine, b"incr a 3"), answer(engine, b"get a")
    (b'STORED\r\n', b'15\r\n', b'VALUE a 0 2\r\n15\r\nEND\r\n')
    """
    outcome = begin(engine, line)
    if isinstance(outcome, Block | MetaBlock):
        if outcome.refusal is not None:
            return outcome.refusal
        return outcome.finish(engine, ((data or b"") + END_OF_LINE)[: outcome.size + 2])
    return outcome or b""


def begin(engine: "MemcachedEngine", line: bytes) -> Outcome:
    """Run a request line, as far as that goes without its data.

    References
    ----------
    memcached 1.6: proto_text.c, process_command_ascii.
    """
    engine.tick()
    words = [word for word in line.partition(b"\0")[0].split(b" ") if word]
    if not words or len(words[0]) < 2:
        return _reply(ERROR)
    row = TABLE.get(words[0])
    if row is None:
        is_web = words[0][:1] not in b"gsacidt" and words[:MOST_TOKENS][-1].startswith(b"HTTP/")
        return None if is_web else _reply(ERROR)
    tokens = words if words[0] in RETRIEVALS else words[:MOST_TOKENS]
    if not row.least <= len(tokens) <= row.most:
        return _reply(ERROR)
    return row.run(engine, tokens)


def _reply(text: str, *, quiet: bool = False) -> bytes:
    return b"" if quiet else text.encode() + END_OF_LINE


def _line(
    run: Callable[["MemcachedEngine", Tokens], str], *, may_be_quiet: bool = True
) -> Callable[["MemcachedEngine", Tokens], Outcome]:
    """Return a command that answers with one line, or with nothing if "noreply" ends its own."""

    def reply(engine: "MemcachedEngine", tokens: Tokens) -> bytes:
        return _reply(run(engine, tokens), quiet=may_be_quiet and is_quiet(tokens))

    return reply


def _retrieval(
    find: Callable[["MemcachedEngine", str], Item | None], words: Tokens, *, shows_cas: bool
) -> Callable[["MemcachedEngine"], bytes]:
    def run(engine: "MemcachedEngine") -> bytes:
        found = []
        for word in words:
            if len(word) > LONGEST_KEY:
                return _reply(BAD_LINE)
            item = find(engine, to_key(word))
            if item is not None:
                unique = b" %d" % item.cas if shows_cas else b""
                found.append(
                    b"VALUE %b %d %d%b\r\n%b\r\n"
                    % (word, item.flags, len(item.value), unique, item.value)
                )
        return b"".join(found) + b"END\r\n"

    return run


def _get(engine: "MemcachedEngine", tokens: Tokens) -> Outcome:
    return _retrieval(operations.fetch, tokens[1:], shows_cas=tokens[0] == b"gets")(engine)


def _gat(engine: "MemcachedEngine", tokens: Tokens) -> Outcome:
    exptime = to_signed(tokens[1])
    if exptime is None:
        return _reply(BAD_EXPTIME)
    expires = engine.deadline(exptime)
    return _retrieval(
        lambda engine, key: operations.touch(engine, key, expires),
        tokens[2:],
        shows_cas=tokens[0] == b"gats",
    )(engine)


def _update(engine: "MemcachedEngine", tokens: Tokens) -> Outcome:
    """Begin a storage command (proto_text.c, process_update_command)."""
    how, word, quiet = tokens[0], tokens[1], is_quiet(tokens)
    flags, exptime, size = to_word(tokens[2]), to_signed(tokens[3]), to_signed(tokens[4])
    unique = to_unsigned(tokens[5]) if how == b"cas" else 0
    if len(word) > LONGEST_KEY or flags is None or exptime is None or size is None:
        return _reply(BAD_LINE, quiet=quiet)
    if unique is None or not 0 <= size <= LARGEST_BLOCK:
        return _reply(BAD_LINE, quiet=quiet)
    key, expires = to_key(word), engine.deadline(exptime)
    block = Block(how.decode(), key, flags, expires, size, unique, quiet)
    if engine.allocator.size(key, size, flags) <= engine.spec.item_size_max:
        return block
    engine.allocator.refuse(key, replaces=how == b"set")
    return block._replace(refusal=_reply(TOO_LARGE, quiet=quiet))


def _touch(engine: "MemcachedEngine", tokens: Tokens) -> str:
    if len(tokens[1]) > LONGEST_KEY:
        return BAD_LINE
    exptime = to_signed(tokens[2])
    if exptime is None:
        return BAD_EXPTIME
    item = operations.touch(engine, to_key(tokens[1]), engine.deadline(exptime))
    return operations.NOT_FOUND if item is None else "TOUCHED"


def _count(engine: "MemcachedEngine", tokens: Tokens) -> str:
    if len(tokens[1]) > LONGEST_KEY:
        return BAD_LINE
    delta = to_unsigned(tokens[2])
    if delta is None:
        return NOT_A_DELTA
    try:
        number = operations.count(engine, to_key(tokens[1]), delta, up=tokens[0] == b"incr")
    except CommandError as refused:
        return str(refused)
    except OutOfMemory:
        return "SERVER_ERROR out of memory"
    return operations.NOT_FOUND if number is None else str(number)


def _delete(engine: "MemcachedEngine", tokens: Tokens) -> Outcome:
    """Delete a key; an ancient second argument, a time, may be 0 and nothing else."""
    quiet = len(tokens) > 2 and is_quiet(tokens)
    extras = tokens[2:]
    if extras not in ([], [b"0"], [b"noreply"], [b"0", b"noreply"]):
        return _reply(BAD_DELETE, quiet=quiet)
    if len(tokens[1]) > LONGEST_KEY:
        return _reply(BAD_LINE, quiet=quiet)
    deleted = operations.delete(engine, to_key(tokens[1]))
    return _reply("DELETED" if deleted else operations.NOT_FOUND, quiet=quiet)


def _meta(
    run: Callable[["MemcachedEngine", Tokens], bytes | MetaBlock],
) -> Callable[["MemcachedEngine", Tokens], Outcome]:
    """Return a meta command; what it refuses it says, however quiet it was to be."""

    def reply(engine: "MemcachedEngine", tokens: Tokens) -> bytes | MetaBlock:
        try:
            return run(engine, tokens)
        except (CommandError, OutOfMemory) as refused:
            return _reply(str(refused))

    return reply


def _quit(engine: "MemcachedEngine", tokens: Tokens) -> Outcome:
    return None


RETRIEVALS = {b"get", b"gets", b"gat", b"gats", b"bget"}
TABLE: dict[bytes, Row] = {
    b"get": Row(2, MANY, _get),
    b"gets": Row(2, MANY, _get),
    b"bget": Row(2, MANY, _get),  # an ancient name of get
    b"gat": Row(2, MANY, _gat),
    b"gats": Row(2, MANY, _gat),
    **{
        how: Row(5, 6, _update)
        for how in (b"set", b"add", b"replace", b"append", b"prepend")
    },
    b"cas": Row(6, 7, _update),
    b"touch": Row(3, 4, _line(_touch)),
    b"incr": Row(3, 4, _line(_count)),
    b"decr": Row(3, 4, _line(_count)),
    b"delete": Row(2, 4, _delete),
    b"flush_all": Row(1, 3, _line(proto_admin.flush_all)),
    b"verbosity": Row(2, 3, _line(proto_admin.verbosity)),
    b"cache_memlimit": Row(2, 3, _line(proto_admin.cache_memlimit)),
    b"lru": Row(2, MANY, _line(proto_admin.lru)),
    b"extstore": Row(2, MANY, _line(proto_admin.extstore)),
    b"watch": Row(1, MANY, _line(proto_admin.watch)),
    b"version": Row(1, MANY, _line(proto_admin.version, may_be_quiet=False)),
    b"shutdown": Row(1, MANY, _line(proto_admin.shutdown, may_be_quiet=False)),
    b"mn": Row(1, MANY, _line(proto_admin.no_operation, may_be_quiet=False)),
    b"mg": Row(2, MANY, _meta(proto_meta.get)),
    b"ms": Row(2, MANY, _meta(proto_meta.store)),
    b"md": Row(2, MANY, _meta(proto_meta.delete)),
    b"ma": Row(2, MANY, _meta(proto_meta.count)),
    b"me": Row(1, MANY, _meta(proto_meta.look)),
    b"slabs": Row(1, MANY, proto_admin.slabs),
    b"lru_crawler": Row(1, MANY, proto_lists.lru_crawler),
    b"stats": Row(1, MANY, proto_lists.stats_command),
    b"quit": Row(1, MANY, _quit),
}  # fmt: skip
