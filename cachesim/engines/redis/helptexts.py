"""The HELP subcommands: their replies, line by line as the server gives them."""

from typing import Any

from cachesim.engines.redis.command import RedisCommand, Table
from cachesim.engines.redis.reply import Reply

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
ACL = """\
CAT [<category>]
    List all commands that belong to <category>, or all command categories
    when no category is specified.
DELUSER <username> [<username> ...]
    Delete a list of users.
DRYRUN <username> <command> [<arg> ...]
    Returns whether the user can execute the given command without executing the command.
GETUSER <username>
    Get the user's details.
GENPASS [<bits>]
    Generate a secure 256-bit user password. The optional `bits` argument can
    be used to specify a different size.
LIST
    Show users details in config file format.
LOAD
    Reload users from the ACL file.
LOG [<count> | RESET]
    Show the ACL log entries.
SAVE
    Save the current config to the ACL file.
SETUSER <username> <attribute> [<attribute> ...]
    Create or modify a user with the specified attributes.
USERS
    List all the registered usernames.
WHOAMI
    Return the current connection username."""


def helper(name: str, lines: str) -> RedisCommand:
    """Return the row of a HELP subcommand, which replies with these lines."""

    def function(engine: Any) -> Reply:
        return list(reply_of(name, lines))

    function.__doc__ = f"{name} HELP."
    return RedisCommand(f"{name}|HELP", "", "loading stale", function)


def reply_of(name: str, lines: str) -> list[str]:
    """Return the whole reply of a HELP (redis 7: networking.c, addReplyHelp)."""
    return [
        f"{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        *lines.split("\n"),
        "HELP",
        "    Prints this help.",
    ]


def lines_of(name: str, table: Table) -> str:
    """Make the lines of a HELP from the docstrings of the subcommands."""
    lines = []
    for row in (row for full, row in table.items() if full.startswith(f"{name}|")):
        usage, _, does = (row.function.__doc__ or "").split("\n")[0].rstrip(".").partition(": ")
        lines += [usage.removeprefix(f"{name} "), *([f"    {does.capitalize()}."] if does else [])]
    return "\n".join(lines)
