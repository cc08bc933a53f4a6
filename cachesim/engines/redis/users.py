"""All users of a server, and the log of what they were refused (redis 7: acl.c)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from cachesim.engines.redis.acl import RuleError, User, has_spaces
from cachesim.engines.redis.acl_text import described
from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.command import RedisCommand
from cachesim.engines.redis.command_facts import Key, all_commands, known_commands
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.parameters import value_of
from cachesim.errors import BadInput, CommandError

PUBLISH = {"publish", "spublish"}  # commands that name one channel
LISTEN = {"subscribe", "ssubscribe", "psubscribe"}  # or several
DENIED = {
    "command": "NOPERM this user has no permissions to run the '{}' command",
    "key": "NOPERM this user has no permissions to access one of the keys used as arguments",
    "channel": "NOPERM this user has no permissions to access one of the channels used as arguments",
}
GROUPED = 60  # seconds: refusals that differ by no more are one entry of the log
LOOKED_AT = 10  # entries that may be the same


class Refusal(NamedTuple):
    """Why a user may not run a command, and which command, key or channel it is about."""

    reason: str  # "command", "key", "channel" or "auth"
    object: bytes


class ActingUser(NamedTuple):
    """Who runs a script or SORT, and what notes in the log that a command was refused."""

    user: User
    note: Callable[[Refusal], None]


class RefusalEntry:
    """Refusals of one kind, one after the other."""

    def __init__(self, refusal: Refusal, context: str, user: str, when: float, client: str) -> None:
        self.what = (refusal, context, user)
        self.count, self.when, self.client = 1, when, client


class Users:
    """The users of one engine. The default user is always there."""

    def __init__(self, settings: Mapping[str, Any], commands: Mapping[str, RedisCommand]) -> None:
        self.settings = settings  # the engine's parameters
        self.known = known_commands((row.name, row.flags) for row in commands.values())
        self.default = self._first()
        self.by_name = {"default": self.default}
        self.log: list[RefusalEntry] = []
        self.refused: Counter[str] = Counter()  # by reason
        self.guards = False  # whether there is anything that somebody may not do

    def _first(self) -> User:
        user = User("default", self.known)
        for rule in ("+@all", "~*", "&*", "on", "nopass"):
            user.apply(rule)
        return user

    def new(self, name: str) -> User:
        """Return a user that nobody knows yet."""
        user = User(name, self.known)
        if value_of(self.settings, "acl-pubsub-default") == "allchannels":
            user.apply("allchannels")
        return user

    def apply(self, user: User, rule: str) -> None:
        """Change a user by one rule. Raises RuleError."""
        user.apply(rule)
        if rule.lower() == "reset":
            user.all_channels = self.new("").all_channels

    @property
    def is_open(self) -> bool:
        """Whether clients need not say who they are."""
        return self.default.is_open and self.default.is_on

    def require(self, password: str) -> None:
        """Give the default user one password, or none: the parameter `requirepass`."""
        self.default.apply("resetpass")
        self.default.apply(f">{password}" if password else "nopass")
        self._look()

    def _look(self) -> None:
        self.guards = len(self.by_name) > 1 or not (self.is_open and self.default.is_free)

    def authenticated(self, name: str, password: bytes) -> User | None:
        """Return the user of that name, if the password is right."""
        user = self.by_name.get(name)
        return user if user is not None and user.has_password(password) else None

    def sorted(self) -> list[User]:
        """List the users by their names."""
        return [self.by_name[name] for name in sorted(self.by_name, key=as_bytes)]

    def lines(self) -> list[str]:
        """Describe each user on a line, as the file of users has it."""
        return [f"user {user.name} {described(user)}" for user in self.sorted()]

    def changed(self, name: str, rules: Iterable[str]) -> User:
        """Return a copy of a user, or a new one, with more rules. Raises CommandError."""
        if has_spaces(name):
            raise CommandError("ERR Usernames can't contain spaces or null characters")
        old = self.by_name.get(name)
        user = self.new(name) if old is None else old.copied()
        for rule in rules:
            try:
                self.apply(user, rule)
            except RuleError as why:
                raise CommandError(f"ERR Error in ACL SETUSER modifier '{rule}': {why}") from None
        return user

    def put(self, user: User) -> None:
        """Let a user of that name have these rules from now on; those who are it stay it."""
        self.by_name.setdefault(user.name, user).take(user)
        self._look()

    def delete(self, name: str) -> User | None:
        """Forget a user, and return it; None if there is none of that name."""
        user = self.by_name.pop(name, None)
        self._look()
        return user

    def load(self, lines: Iterable[str], file: str) -> None:
        """Replace all users by those of a file, or none if a line is wrong. Raises BadInput."""
        users: dict[str, User] = {}
        errors = [
            error
            for number, line in enumerate(lines, 1)
            for error in self._load_line(users, line.strip(" \t\r\n"), f"{file}:{number}", number)
        ]
        if errors:
            raise BadInput("".join(errors))
        self.default.take(users.pop("default", self._first()))
        self.by_name = {"default": self.default, **users}
        self._look()

    def _load_line(self, users: dict[str, User], line: str, where: str, number: int) -> list[str]:
        # redis 7: acl.c, ACLLoadFromFile
        if not line:
            return []
        word, *rest = line.split(" ")
        if word != "user" or not rest:
            return [f"{where} should start with user keyword followed by the username. "]
        name, *rules = rest
        if has_spaces(name):
            return [f"'{where}: username '{name}' contains invalid characters. "]
        if name in users:
            return [f"WARNING: Duplicate user '{name}' found on line {number}. "]
        users[name] = self.new(name)
        return self._load_rules(users[name], rules, where)

    def _load_rules(self, user: User, rules: list[str], where: str) -> list[str]:
        errors, others = [], []
        for rule in rules:
            try:
                self.apply(user, rule.strip("\t\r\n"))
            except RuleError as why:
                if "Unknown" in str(why):
                    errors.append(f"{where}: Error in applying operation '{rule}': {why}. ")
                else:
                    others.append(f"{where}: {why}. ")
        return errors + others[:1]

    # What they may do

    def refusal(self, user: User, row: RedisCommand, argv: Arguments) -> Refusal | None:
        """Say why a user may not run a command with these arguments; None if it may.

        Scripts and transactions ask for each command that they run.
        """
        # redis 7: acl.c, ACLSelectorCheckCmd
        name = row.name.lower()
        first = argv[row.begins] if len(argv) > row.begins else None
        if "no_auth" not in row.flags.split() and not user.may_call(name, first):
            return Refusal("command", name.encode())
        if not user.all_keys:
            for key in keys_in(row, argv):
                if not user.may_use(key):
                    return Refusal("key", key.name)
        for channel in channels_in(name, argv):
            if not user.may_hear(channel, is_pattern=name == "psubscribe"):
                return Refusal("channel", channel)
        return None

    def note(self, refusal: Refusal, context: str, user: str, when: float, client: str) -> None:
        """Put a refusal into the log; one that repeats another only counts."""
        self.refused[refusal.reason] += 1
        new = RefusalEntry(refusal, context, user, when, client)
        for entry in self.log[:LOOKED_AT]:
            if entry.what == new.what and abs(when - entry.when) <= GROUPED:
                self.log.remove(entry)
                new.count = entry.count + 1
                self.log.insert(0, new)
                return
        self.log.insert(0, new)
        del self.log[value_of(self.settings, "acllog-max-len") :]


def error_of(refusal: Refusal) -> CommandError:
    """Return the error for a command that a user may not run."""
    return CommandError(DENIED[refusal.reason].format(refusal.object.decode("utf-8", "replace")))


def keys_in(row: RedisCommand, argv: Arguments) -> list[Key]:
    """Return the keys among the arguments, with what the command does with each."""
    facts = all_commands().get(row.name.lower())
    found = None if facts is None else facts.keys_in(row.name.lower(), argv)
    if found is not None:
        return found
    reads = ("RO", "access") if "write" not in row.flags.split() else ("RW", "access", "update")
    return [Key(key, reads) for key in row.keys.of(argv)]


def channels_in(name: str, argv: Arguments) -> Arguments:
    """Return the channels among the arguments of a command that publishes or listens."""
    return argv[1:2] if name in PUBLISH else argv[1:] if name in LISTEN else []
