"""A user of the server: what the rules of ACL SETUSER let it do (redis 7: acl.c).

Selectors, which redis 7 has in parentheses, are not there.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any

from cachesim.engines.redis.arguments import text
from cachesim.engines.redis.command_facts import CATEGORIES, Key, KnownCommands
from cachesim.engines.redis.glob import glob
from cachesim.engines.redis.memory import as_bytes
from cachesim.errors import CachesimError

UNKNOWN = "Unknown command or category name in ACL"
BAD = "Syntax error"
AFTER_ALL = (
    "Adding a pattern after the * pattern (or the '{}' flag) is not valid and does not have any "
    "effect. Try '{}' to start with an empty list of {}"
)
NO_PASSWORD = "The password you are trying to remove from the user does not exist"
BAD_HASH = (
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
    "characters"
)
OF_SUBCOMMAND = "Allowing first-arg of a subcommand is not supported"
NO_SELECTORS = "cachesim has no selectors; give the rules to the user itself"


class RuleError(CachesimError):
    """A rule is wrong; the text is the end of Redis's sentence."""


def has_spaces(word: str) -> bool:
    """Whether there is a white space or a zero byte in a text."""
    return bool(re.search(r"[ \t\n\v\f\r\0]", word))


def hashed(password: bytes) -> str:
    """Return the SHA-256 of a password in hexadecimal digits, as the server keeps it."""
    return hashlib.sha256(password).hexdigest()


class User:
    """A name, its passwords, and what it may do.

    >>> ada = User("ada", KnownCommands({"get": {"read", "fast"}, "set": {"write", "slow"}}))
    >>> for rule in ("on", ">secret", "~user:*", "+@read"):
    ...     ada.apply(rule)
    >>> ada.has_password(b"secret"), ada.may_call("get"), ada.may_call("set")
    (True, True, False)
    """

    def __init__(self, name: str, known: KnownCommands) -> None:
        self.name, self.known = name, known
        self.is_on = self.is_open = False  # open: it needs no password
        self.sanitize: str | None = None
        self.passwords: list[str] = []  # hashes
        self.all_keys = self.all_channels = self.all_commands = False
        self.keys: dict[str, set[str]] = {}  # pattern: "R", "W" or both
        self.channels: list[str] = []
        self.commands: set[str] = set()
        self.future = False  # commands that come later too: after +@all
        self.firsts: dict[str, list[str]] = {}  # first arguments that are allowed nevertheless

    def copied(self) -> "User":
        """Return a user with the same rules."""
        other = User(self.name, self.known)
        other.take(self)
        return other

    def take(self, other: "User") -> None:
        """Have the rules of another user."""
        name = self.name
        self.__dict__.update(other.__dict__)
        self.name = name
        self.passwords, self.channels = list(other.passwords), list(other.channels)
        self.commands = set(other.commands)
        self.keys = {pattern: set(may) for pattern, may in other.keys.items()}
        self.firsts = {name: list(each) for name, each in other.firsts.items()}

    @property
    def is_free(self) -> bool:
        """Whether it may do everything."""
        return self.all_commands and self.all_keys and self.all_channels

    @property
    def reads_all(self) -> bool:
        """Whether it may read every key."""
        return self.all_keys or "R" in self.keys.get("*", ())

    def has_password(self, password: bytes) -> bool:
        """Whether the user is on, and this is one of its passwords, or any is right."""
        if not self.is_on:
            return False
        mine = hashed(password)
        return self.is_open or any(hmac.compare_digest(mine, each) for each in self.passwords)

    # What it may do

    def may_call(self, name: str, first: bytes | None = None) -> bool:
        """Whether it may run a command, perhaps only with this first argument."""
        if self.all_commands or name in self.commands:
            return True
        return first is not None and text(first).lower() in map(
            str.lower, self.firsts.get(name, ())
        )

    def may_use(self, key: Key) -> bool:
        """Whether it may do with a key what a command does."""
        needed = key.needs
        return self.all_keys or any(
            needed <= may and glob(as_bytes(pattern))(key.name)
            for pattern, may in self.keys.items()
        )

    def may_hear(self, channel: bytes, is_pattern: bool = False) -> bool:
        """Whether it may publish to a channel or listen to it. A pattern must be allowed as it is."""
        if self.all_channels:
            return True
        allowed = map(as_bytes, self.channels)
        return any(each == channel if is_pattern else glob(each)(channel) for each in allowed)

    # The rules

    def apply(self, rule: str) -> None:
        """Change it by one rule. Raises RuleError."""
        word = rule.lower()
        if word in WORDS:
            WORDS[word](self)
            return
        for begin, change in BEGINNINGS.items():
            if rule.startswith(begin):
                change(self, rule)
                return
        if rule:
            raise RuleError(BAD)

    def allow(self, name: str, yes: bool) -> None:
        """Allow or forbid a command and its subcommands."""
        for each in (name, *self.known.under.get(name, ())):
            (self.commands.add if yes else self.commands.discard)(each)
        self.all_commands = self.all_commands and yes
        self.firsts.pop(name, None)


def _set(**fields: object) -> Callable[[User], None]:
    return lambda user: user.__dict__.update({name: _new(value) for name, value in fields.items()})


def _new(value: Any) -> Any:
    return value() if callable(value) else value


def _all_commands(user: User) -> None:
    user.commands, user.firsts = set(user.known), {}
    user.all_commands = user.future = True


def _no_commands(user: User) -> None:
    user.commands, user.firsts = set(), {}
    user.all_commands = user.future = False


def _reset(user: User) -> None:
    for word in (
        "resetpass",
        "resetkeys",
        "resetchannels",
        "off",
        "sanitize-payload",
        "nocommands",
    ):
        WORDS[word](user)


WORDS: dict[str, Callable[[User], None]] = {
    "on": _set(is_on=True),
    "off": _set(is_on=False),
    "skip-sanitize-payload": _set(sanitize="skip-sanitize-payload"),
    "sanitize-payload": _set(sanitize="sanitize-payload"),
    "nopass": _set(is_open=True, passwords=list),
    "resetpass": _set(is_open=False, passwords=list),
    "allkeys": _set(all_keys=True, keys=dict),
    "resetkeys": _set(all_keys=False, keys=dict),
    "allchannels": _set(all_channels=True, channels=list),
    "resetchannels": _set(all_channels=False, channels=list),
    "allcommands": _all_commands,
    "nocommands": _no_commands,
    "clearselectors": _set(),
    "reset": _reset,
}
WORDS |= {"~*": WORDS["allkeys"], "&*": WORDS["allchannels"]}
WORDS |= {"+@all": _all_commands, "-@all": _no_commands}


def _hash(rule: str) -> str:
    if rule[0] in "><":
        return hashed(as_bytes(rule[1:]))
    if not re.fullmatch("[0-9a-f]{64}", rule[1:]):
        raise RuleError(BAD_HASH)
    return rule[1:]


def _add_password(user: User, rule: str) -> None:
    if (new := _hash(rule)) not in user.passwords:
        user.passwords.append(new)
    user.is_open = False


def _drop_password(user: User, rule: str) -> None:
    if (old := _hash(rule)) not in user.passwords:
        raise RuleError(NO_PASSWORD)
    user.passwords.remove(old)


def _add_keys(user: User, rule: str) -> None:
    if user.all_keys:
        raise RuleError(AFTER_ALL.format("allkeys", "resetkeys", "patterns"))
    match = re.fullmatch(r"(?s)(~|%(?:R|W|RW|WR)(?:~|$))(.*)", rule, re.IGNORECASE)
    if match is None or has_spaces(match[2]):
        raise RuleError(BAD)
    may = set(match[1].upper()) & {"R", "W"} if match[1] != "~" else {"R", "W"}
    user.keys.setdefault(match[2], set()).update(may)


def _add_channels(user: User, rule: str) -> None:
    if user.all_channels:
        raise RuleError(AFTER_ALL.format("allchannels", "resetchannels", "channels"))
    if has_spaces(rule):
        raise RuleError(BAD)
    if rule[1:] not in user.channels:
        user.channels.append(rule[1:])


def _change_category(user: User, rule: str) -> None:
    category = rule[2:].lower()
    if category not in CATEGORIES:
        raise RuleError(UNKNOWN)
    for name, groups in user.known.items():
        if category in groups:
            user.allow(name, rule[0] == "+")


def _change_command(user: User, rule: str) -> None:
    name = rule[1:].lower()
    above, bar, first = name.rpartition("|")
    if name in user.known and (not bar or "|" not in above):
        user.allow(name, rule[0] == "+")
        return
    if not bar or rule[0] == "-" or above not in user.known:
        raise RuleError(UNKNOWN)
    if "|" in above:
        raise RuleError(OF_SUBCOMMAND)
    if not first:
        raise RuleError(BAD)
    if above in user.known.under:
        raise RuleError(UNKNOWN)
    if first not in map(str.lower, user.firsts.setdefault(above, [])):
        user.firsts[above].append(rule.rpartition("|")[2])


def _no_selectors(user: User, rule: str) -> None:
    raise RuleError(NO_SELECTORS if rule.endswith(")") else BAD)


BEGINNINGS: dict[str, Callable[[User, str], None]] = {
    ">": _add_password,
    "#": _add_password,
    "<": _drop_password,
    "!": _drop_password,
    "~": _add_keys,
    "%": _add_keys,
    "&": _add_channels,
    "+@": _change_category,
    "-@": _change_category,
    "+": _change_command,
    "-": _change_command,
    "(": _no_selectors,
}
