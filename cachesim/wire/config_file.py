"""A configuration file as redis-server reads it: a directive on each line, and users."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cachesim.engines.redis.acl import RuleError
from cachesim.engines.redis.arguments import text
from cachesim.engines.redis.config import configure, shown
from cachesim.engines.redis.engine import RedisEngine
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.parameters import Parameter, parameters, value_of
from cachesim.errors import BadInput, CommandError
from cachesim.wire.acl_commands import load_file
from cachesim.wire.resp import split_words
from cachesim.wire.subscriptions import in_quotes

# A server without a directive about memory has no limit.
UNLIMITED = (("maxmemory", "0"), ("maxmemory-policy", "noeviction"))
PLAIN = re.compile(rb"[!#-&(-~]+")  # no blanks, no quotes
DUPLICATE = "Duplicate user found. A user can only be defined once in config files"


class Configuration(NamedTuple):
    """What a file says: parameters with their values, and users with their rules."""

    settings: list[tuple[str, str]]
    users: list[tuple[str, list[str]]]


def read_lines(lines: Iterable[str]) -> Configuration:
    """Read the lines of a file. Raises BadInput.

    >>> read_lines(["# mine", "maxmemory 64mb", "user ada on >secret ~* +@read"])
    Configuration(settings=[('maxmemory', '64mb')], users=[('ada', ['on', '>secret', '~*', '+@read'])])
    """
    found = Configuration([], [])
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = split_words(as_bytes(line.strip()))
        if words is None:
            raise BadInput(f"line {number} has unbalanced quotes; close them")
        name, *rest = map(text, words)
        if name.lower() == "user" and rest:
            if rest[0] in dict(found.users):
                raise BadInput(f"line {number}: {DUPLICATE}")
            found.users.append((rest[0], rest[1:]))
        elif name.lower() == "user":
            raise BadInput(f"line {number} has a user without a name; write the name behind it")
        elif not rest:
            raise BadInput(
                f'line {number}, "{name}", has no value; write the value behind the name'
            )
        else:
            add(found.settings, name, " ".join(rest))
    return found


def add(settings: list[tuple[str, str]], name: str, value: str) -> None:
    """Add a parameter; each line with `save` adds to those before it, and an empty one forgets them."""
    if name.lower() == "save" and value:
        before = dict(settings).get("save", "")
        value = f"{before} {value}".strip()
    settings.append((name.lower(), value))


def read_file(path: Path) -> Configuration:
    """Read a file. Raises BadInput."""
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as why:
        raise BadInput(
            f"cannot read {path}: {why.strerror}; give the path of a redis.conf"
        ) from None
    try:
        return read_lines(lines)
    except BadInput as why:
        raise BadInput(f"{path}: {why}") from None


def start_with(engine: RedisEngine, configuration: Configuration) -> None:
    """Let an engine start with these parameters and users. Raises BadInput."""
    configure(engine, configuration.settings)
    users = engine.users
    if value_of(engine.settings, "aclfile"):
        if configuration.users:
            raise BadInput("users are given, and a file of users too; give one of them")
        name = value_of(engine.settings, "aclfile")
        load_file(users, Path(str(value_of(engine.settings, "dir")), name))
    for name, rules in configuration.users:
        try:
            user = users.changed(name, ["reset", *rules] if name == "default" else rules)
        except (RuleError, CommandError) as why:
            raise BadInput(f'the user "{name}": {str(why).removeprefix("ERR ")}') from None
        users.put(user)


def rewritten(lines: list[str], engine: RedisEngine) -> list[str]:
    """Return the lines of a file with the parameters and users of now.

    A directive keeps its line; what the file does not have comes at the end, if it is not the default.
    """
    # redis 7: config.c, rewriteConfig
    left = {row.name: row for row in parameters().values()}
    new = []
    for line in lines:
        words = line.split()
        row = parameters().get(words[0].lower()) if words else None
        if row is None and not (words and words[0].lower() == "user"):
            new.append(line)
        elif row is not None and row.name in left:
            del left[row.name]
            new.append(f"{words[0]} {in_file(row, shown(engine, row))}")
    for row in left.values():
        value = shown(engine, row)
        if str(value) != row.default and not row.is_hidden:
            new.append(f"{row.name} {in_file(row, value)}")
    return new if value_of(engine.settings, "aclfile") else [*new, *engine.users.lines()]


def in_file(row: Parameter, value: object) -> str:
    """Write a value so that it is read again as it is: a text with blanks or signs needs quotes."""
    words = as_bytes(str(value))
    is_plain = row.type != "text" if words else False
    return str(value) if is_plain or PLAIN.fullmatch(words) else text(in_quotes(words))


def rewrite(path: Path, engine: RedisEngine) -> None:
    """Write a file again. Raises OSError."""
    lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    written = "".join(f"{line}\n" for line in rewritten(lines, engine))
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(written, encoding="utf-8", errors="surrogateescape")
    beside.replace(path)
