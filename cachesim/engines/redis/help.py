"""The HELP of commands that have subcommands, line by line as the server replies."""

from collections.abc import Callable, Mapping
from typing import Any

from cachesim.engines.redis.command import NO_KEYS, Arguments, Command, Reply

OBJECT = """\
ENCODING <key>
    Return the kind of internal representation used in order to store the value
    associated with a <key>.
FREQ <key>
    Return the access frequency index of the <key>. The returned integer is
    proportional to the logarithm of the recent access frequency of the key.
IDLETIME <key>
    Return the idle time of the <key>, that is the approximated number of
    seconds elapsed since the last access to the key.
REFCOUNT <key>
    Return the number of references of the value associated with the specified
    <key>."""
CONFIG = """\
GET <pattern>
    Return parameters matching the glob-like <pattern> and their values.
SET <directive> <value>
    Set the configuration <directive> to <value>.
RESETSTAT
    Reset statistics reported by the INFO command.
REWRITE
    Rewrite the configuration file."""


def helper(name: str, lines: str) -> Callable[[Any, Arguments], Reply]:
    """Return the function of a HELP, which replies with these lines."""
    return lambda engine, argv: reply_of(name, lines)


def reply_of(name: str, lines: str) -> list[str]:
    """Return the whole reply of a HELP (redis 7: networking.c, addReplyHelp)."""
    return [
        f"{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        *lines.split("\n"),
        "HELP",
        "    Prints this help.",
    ]


def lines_of(name: str, table: Mapping[str, Command]) -> str:
    """Return the lines for a command whose subcommands say of themselves what they do, in their docstrings."""
    lines = []
    for row in (row for full, row in table.items() if full.startswith(f"{name}|")):
        usage, _, does = (row.function.__doc__ or "").split("\n")[0].rstrip(".").partition(": ")
        lines += [usage.removeprefix(f"{name} "), *([f"    {does.capitalize()}."] if does else [])]
    return "\n".join(lines)


COMMANDS = {
    "CONFIG|HELP": Command(2, "loading stale", helper("CONFIG", CONFIG), NO_KEYS),
    "OBJECT|HELP": Command(2, "loading stale", helper("OBJECT", OBJECT), NO_KEYS),
}
