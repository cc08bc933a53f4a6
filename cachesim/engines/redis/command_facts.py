"""The list of all commands of redis-server 7.0.15: commands.csv, as the server's COMMAND tells them.

Each has its categories for access control, the places of its keys with what happens to them, and
its tips for clients. The list names commands that this engine does not have, too: access rules may.
"""

import csv
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.resources import files
from typing import NamedTuple

from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.memory import as_integer

# In the server's order (redis 7: acl.c, ACLCommandCategories).
CATEGORIES = (
    *("keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap"),
    *("hyperloglog", "geo", "stream", "pubsub", "admin", "fast", "slow", "blocking"),
    *("dangerous", "connection", "transaction", "scripting"),
)
# The categories that follow from a flag (redis 7: server.c, setImplicitACLCategories).
OF_FLAGS = {"write": ["write"], "readonly": ["read"], "admin": ["admin", "dangerous"]}
OF_FLAGS |= {"pubsub": ["pubsub"], "blocking": ["blocking"]}


class Key(NamedTuple):
    """A key among the arguments of a command, and what the command does with its value."""

    name: bytes
    flags: tuple[str, ...]  # "RO", "RW", "OW" or "RM", and "access", "insert", "update", "delete"

    @property
    def needs(self) -> set[str]:
        """What a user must be allowed: to read ("R"), to write ("W")."""
        return {letter for letter, flags in NEEDS.items() if flags & set(self.flags)}


NEEDS = {"R": {"access"}, "W": {"insert", "delete", "update"}}


class KeySpec(NamedTuple):
    """Where some keys of a command stand: after a place or a word, in a range or counted."""

    flags: tuple[str, ...]
    begins: tuple[str, ...]  # ("index", "1"), ("keyword", "STORE", "4") or ("unknown",)
    finds: tuple[
        str, ...
    ]  # ("range", last, step, limit), ("keynum", at, first, step), ("unknown",)

    def places(self, argv: Arguments) -> range | None:
        """Return where these keys stand; None if the arguments do not fit, or nobody can say."""
        # redis 7: db.c, getKeysUsingKeySpecs
        if "unknown" in (self.begins[0], self.finds[0]):
            return None
        first = self._first(argv)
        if not first:
            return range(0)
        one, two, three = map(int, self.finds[1:])
        if self.finds[0] == "keynum":
            number = as_integer(argv[first + one]) if first + one < len(argv) else None
            if number is None or number < 0:
                return None
            first, step = first + two, three
            last = first + number - 1
        else:
            step = two
            last = first + one if one >= 0 else len(argv) + one
            if one < 0 and three:
                last = first + (len(argv) - first) // three + one
        if "incomplete" in self.flags or not first <= last < len(argv):
            return None
        return range(first, last + 1, step)

    def _first(self, argv: Arguments) -> int:
        """Return where the search begins; 0 if the word is not there."""
        if self.begins[0] == "index":
            return int(self.begins[1])
        word, start = self.begins[1].encode(), int(self.begins[2])
        looked = range(start, len(argv) - 1) if start > 0 else range(len(argv) + start, 1, -1)
        return next((at + 1 for at in looked if argv[at].upper() == word), 0)


class CommandFacts(NamedTuple):
    """A row of commands.csv."""

    categories: frozenset[str]
    keys: tuple[KeySpec, ...]
    tips: tuple[str, ...]

    def keys_in(self, name: str, argv: Arguments) -> list[Key] | None:
        """Return the keys among the arguments of this command; None if the list cannot say."""
        found: list[Key] = []
        for spec in self.keys:
            if "not_key" not in spec.flags:
                places = spec.places(argv)
                if places is None:
                    return None
                flags = flags_now(name, spec, argv)
                found += [Key(argv[at], flags) for at in places]
        return found


def flags_now(name: str, spec: KeySpec, argv: Arguments) -> tuple[str, ...]:
    """Tell what a command does with a key; for two of them it depends on their options."""
    # redis 7: db.c, setGetKeys and bitfieldGetKeys
    options = [part.upper() for part in argv]
    if name == "set" and b"GET" not in options[3:]:
        return ("OW", "update")
    if name == "bitfield" and only_gets(options[2:]):
        return ("RO", "access")
    return tuple(flag for flag in spec.flags if flag != "variable_flags")


def only_gets(options: Arguments) -> bool:
    """Whether all that BITFIELD is asked to do is to read."""
    while options:
        taken = {b"GET": 3, b"OVERFLOW": 2}.get(options[0])
        if taken is None or len(options) < taken:
            return False
        options = options[taken:]
    return True


def _spec(cell: str) -> KeySpec:
    flags, begins, finds = (tuple(part.split()) for part in cell.split(","))
    return KeySpec(flags, begins, finds)


def _cells(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


@cache
def all_commands() -> dict[str, CommandFacts]:
    """Give the rows of the list by their names.

    >>> sorted(all_commands()["config|get"].categories), len(all_commands())
    (['admin', 'dangerous', 'slow'], 366)
    """
    source = files("cachesim.engines.redis").joinpath("data", "commands.csv")
    lines = source.read_text(encoding="utf-8").splitlines()
    return {
        row["name"]: CommandFacts(
            frozenset(row["categories"].split()),
            tuple(map(_spec, _cells(row["keys"]))),
            tuple(_cells(row["tips"])),
        )
        for row in csv.DictReader(lines)
    }


def categories_of(flags: str) -> frozenset[str]:
    """Return the categories of a command that is not in the list, by its flags.

    >>> sorted(categories_of("readonly fast"))
    ['fast', 'read']
    """
    words = flags.split()
    found = [category for flag in words for category in OF_FLAGS.get(flag, [])]
    return frozenset([*found, "fast" if "fast" in words else "slow"])


class KnownCommands(dict[str, set[str] | frozenset[str]]):
    """The categories of every command and subcommand, by names such as "config|set"."""

    @cached_property
    def under(self) -> dict[str, list[str]]:
        """The subcommands of each command that has some."""
        found: dict[str, list[str]] = {}
        for name in self:
            above, bar, _ = name.rpartition("|")
            if bar:
                found.setdefault(above, []).append(name)
        return found


def known_commands(rows: Iterable[tuple[str, str]]) -> KnownCommands:
    """Return the commands of the list, and those of these names and flags that are not in it.

    >>> sorted(known_commands([("TWICE", "readonly fast")])["twice"])
    ['fast', 'read']
    """
    known = KnownCommands({name: row.categories for name, row in all_commands().items()})
    for name, flags in rows:
        if name.lower() not in known:
            known[name.lower()] = categories_of(flags)
    return known
