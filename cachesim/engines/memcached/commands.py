"""The table of commands: one row for each command that the server knows.

A row has two ways to run its command: a request line with its reply in bytes (proto_text.py), and a
tuple of Python values. To add a command, write its functions and add a row.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from cachesim.engines.base import Command, Work
from cachesim.engines.memcached import (
    meta,
    proto_admin,
    proto_items,
    proto_lists,
    proto_meta,
    stats,
    tuples,
)
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.proto_items import Block
from cachesim.engines.memcached.proto_meta import MetaBlock
from cachesim.engines.memcached.protocol import ERROR, OK, Tokens, is_quiet, one_line
from cachesim.errors import BadInput, CommandError, OutOfMemory

# A reply; a command that waits for its data; None: the connection is closed.
Outcome = bytes | Block | MetaBlock | None
MANY = 10**9  # words or arguments: no limit


class TextCommand(NamedTuple):
    """One command of the text protocol."""

    words: tuple[int, int]  # the least and the most words of its request line, its name included
    answer: Callable[[Daemon, Tokens], Outcome]  # runs a request line
    arguments: tuple[int, int] = (0, 0)  # the least and the most arguments of its tuple
    call: Callable[..., Any] | None = None  # runs the arguments of a tuple; None: no tuple names it
    work: Callable[[Daemon, Command], Work] = tuples.one_key  # that a tuple would ask of the node
    is_long: bool = (
        False  # all words of its line count; of other lines, words after the 23rd do not
    )


def find(command: Command) -> TextCommand | None:
    """Return the row of a tuple; None if no row has its name and number of arguments."""
    row = COMMANDS.get(str(command[0]).lower()) if command else None
    if row is None or row.call is None:
        return None
    least, most = row.arguments
    return row if least <= len(command) - 1 <= most else None


def check_script(command: Command) -> None:
    """Raise BadInput for a script of Redis."""
    if str(command[0]).upper() in ("EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL"):
        raise BadInput(
            f"memcached runs no scripts, got {str(command[0]).upper()}; use a Redis cache, or CAS (gets, cas)"
        )


def execute(daemon: Daemon, command: Command) -> Any:
    """Run a tuple; return its reply. Raises CommandError."""
    row = find(command)
    if row is None or row.call is None:
        check_script(command)
        raise CommandError(ERROR)
    return row.call(daemon, *command[1:])


def work(daemon: Daemon, command: Command) -> Work | None:
    """Return the work that a tuple would ask of its node now; None if it is no command."""
    row = find(command)
    return None if row is None else row.work(daemon, command)


def _line(
    run: Callable[[Daemon, Tokens], str], *, may_be_quiet: bool = True
) -> Callable[[Daemon, Tokens], Outcome]:
    """Return a command that answers with one line, or with nothing if "noreply" ends the request."""

    def answer(daemon: Daemon, tokens: Tokens) -> bytes:
        return one_line(run(daemon, tokens), quiet=may_be_quiet and is_quiet(tokens))

    return answer


def _meta(
    run: Callable[[Daemon, Tokens], bytes | MetaBlock],
) -> Callable[[Daemon, Tokens], Outcome]:
    """Return a meta command that answers a bad line, even to a client that wants no reply."""

    def answer(daemon: Daemon, tokens: Tokens) -> bytes | MetaBlock:
        try:
            return run(daemon, tokens)
        except (CommandError, OutOfMemory) as refused:
            return one_line(str(refused))

    return answer


def _quit(daemon: Daemon, tokens: Tokens) -> Outcome:
    return None


STORAGE = ("set", "add", "replace", "append", "prepend")
GET = TextCommand(
    (2, MANY),
    proto_items.get,
    (1, MANY),
    tuples.each(tuples.get),
    tuples.replying_from(1),
    is_long=True,
)
GAT = TextCommand(
    (2, MANY), proto_items.gat, (2, MANY), tuples.gat, tuples.replying_from(2), is_long=True
)
COMMANDS: dict[str, TextCommand] = {
    "get": GET,
    "gets": GET._replace(call=tuples.each(tuples.gets)),
    "bget": GET._replace(call=None),
    "gat": GAT,
    "gats": GAT._replace(call=None),
    **{
        how: TextCommand((5, 6), proto_items.update, (4, 4), tuples.writing(how), tuples.storing)
        for how in STORAGE
    },
    "cas": TextCommand((6, 7), proto_items.update, (5, 5), tuples.cas, tuples.storing),
    "touch": TextCommand((3, 4), _line(proto_items.touch), (2, 2), tuples.touch),
    "incr": TextCommand((3, 4), _line(proto_items.count), (2, 2), tuples.counting(up=True)),
    "decr": TextCommand((3, 4), _line(proto_items.count), (2, 2), tuples.counting(up=False)),
    "delete": TextCommand((2, 4), proto_items.delete, (1, 1), tuples.delete),
    "flush_all": TextCommand((1, 3), _line(proto_admin.flush_all), (0, 1), tuples.flush_all),
    "stats": TextCommand((1, MANY), proto_lists.stats_command, (0, 1), stats.figures),
    "version": TextCommand(
        (1, MANY), _line(proto_admin.version, may_be_quiet=False), (0, 0), lambda daemon: stats.VERSION
    ),
    "verbosity": TextCommand(
        (2, 3), _line(proto_admin.verbosity), (0, 1), lambda daemon, level=0: OK
    ),
    **{
        name: TextCommand((2, MANY), _meta(run), (1, MANY), meta.calling(name), meta.work)
        for name, run in meta.RUN.items()
    },
    "ma": TextCommand((2, MANY), _meta(proto_meta.count)),
    "me": TextCommand((1, MANY), _meta(proto_meta.look)),
    "mn": TextCommand((1, MANY), _line(proto_admin.no_operation, may_be_quiet=False)),
    "cache_memlimit": TextCommand((2, 3), _line(proto_admin.cache_memlimit)),
    "lru": TextCommand((2, MANY), _line(proto_admin.lru)),
    "lru_crawler": TextCommand((1, MANY), proto_lists.lru_crawler),
    "config": TextCommand((3, MANY), proto_lists.config),
    "slabs": TextCommand((1, MANY), proto_admin.slabs),
    "extstore": TextCommand((2, MANY), _line(proto_admin.extstore)),
    "watch": TextCommand((1, MANY), _line(proto_admin.watch)),
    "shutdown": TextCommand((1, MANY), _line(proto_admin.shutdown, may_be_quiet=False)),
    "refresh_certs": TextCommand(
        (1, MANY), _line(proto_admin.refresh_certs, may_be_quiet=False)
    ),
    "quit": TextCommand((1, MANY), _quit),
}  # fmt: skip
