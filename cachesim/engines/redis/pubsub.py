"""Messages: PUBLISH gives one to all who listen now; nobody keeps it (redis 7: pubsub.c, notify.c)."""

from collections.abc import Iterable
from typing import Any, Protocol

from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.glob import glob
from cachesim.engines.redis.helptexts import helper, lines_of
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.reply import Reply

# The letters of notify-keyspace-events: what happened, and A for all of these but the last two.
KINDS = "g$lshzxetdnm"
ALL = "g$lshzxetd"


class Listener(Protocol):
    """Who gets messages."""

    def hear(self, channel: bytes, message: bytes, pattern: bytes | None) -> None:
        """Take a message; `pattern` is the one through which it came, if it came through one."""


class Channels:
    """Who listens to which channel, or to all channels that match a pattern.

    >>> class Ear:
    ...     def hear(self, channel, message, pattern):
    ...         print(channel, message, pattern)
    >>> channels, ear = Channels(), Ear()
    >>> channels.join(ear, b"news"), channels.join(ear, b"n*", is_pattern=True)
    (True, True)
    >>> channels.publish(b"news", b"hello")
    b'news' b'hello' None
    b'news' b'hello' b'n*'
    2
    """

    def __init__(self) -> None:
        self.named: dict[bytes, dict[Listener, None]] = {}
        self.patterns: dict[bytes, dict[Listener, None]] = {}

    def join(self, listener: Listener, name: bytes, is_pattern: bool = False) -> bool:
        """Listen to a channel, or to a pattern. False if the listener did already."""
        ears = self._table(is_pattern).setdefault(name, {})
        is_new = listener not in ears
        ears[listener] = None
        return is_new

    def leave(self, listener: Listener, name: bytes, is_pattern: bool = False) -> None:
        """Listen to it no more."""
        table = self._table(is_pattern)
        ears = table.get(name, {})
        ears.pop(listener, None)
        if not ears:
            table.pop(name, None)

    def _table(self, is_pattern: bool) -> dict[bytes, dict[Listener, None]]:
        return self.patterns if is_pattern else self.named

    def publish(self, channel: bytes, message: bytes) -> int:
        """Give a message to all who listen. Return how many there were."""
        heard = 0
        for listener in list(self.named.get(channel, ())):
            listener.hear(channel, message, None)
            heard += 1
        for pattern, listeners in list(self.patterns.items()):
            if glob(pattern)(channel):
                for listener in list(listeners):
                    listener.hear(channel, message, pattern)
                    heard += 1
        return heard


def read_events(value: str) -> str:
    """Read notify-keyspace-events. Raises ValueError with the end of the server's sentence.

    >>> read_events("KAm"), read_events("Ex$")
    ('AKm', '$xE')
    """
    unknown = set(value) - set(KINDS) - set("AKE")
    if unknown:
        raise ValueError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
    kinds = set(value) | (set(ALL) if "A" in value else set())
    shown = "A" if set(ALL) <= kinds else "".join(kind for kind in ALL if kind in kinds)
    return shown + "".join(letter for letter in "nKEm" if letter in kinds)


def tell(db: Any, kind: str, name: str, key: bytes) -> None:
    """Publish what happened to a key, if notify-keyspace-events asks for it."""
    wanted = db.notified
    if kind not in wanted and not ("A" in wanted and kind in ALL):
        return
    event, index = name.encode(), db.selected
    if "K" in wanted:
        db.channels.publish(b"__keyspace@%d__:%b" % (index, key), event)
    if "E" in wanted:
        db.channels.publish(b"__keyevent@%d__:%b" % (index, event), key)


class Told:
    """An engine's means to tell what it does. Here nobody asks; subclasses listen."""

    notified = ""  # notify-keyspace-events
    counted: int | None = (
        None  # the changes of the running command, if it says so itself (changes.py)
    )
    instead: Any = ()  # the commands that the running one propagates in its own place

    def event(self, kind: str, name: str, key: str) -> None:
        """Publish what happened to a key; `kind` is its letter in notify-keyspace-events.

        What every store does is told by a subclass only: `set` called directly must stay fast.
        """
        if self.notified:
            tell(self, kind, name, as_bytes(key))

    def pass_on(self) -> None:
        """Be notified that replicas must run the command, too, though it has changed no key."""

    def unchanged(self) -> None:
        """Be notified that the running command stored what was there already."""


def publish(db: Any, channel: bytes, message: bytes) -> Reply:
    """PUBLISH channel message: how many clients got it."""
    heard: int = db.channels.publish(channel, message)
    db.pass_on()
    return heard


def pubsub_channels(db: Any, *pattern: bytes) -> Reply:
    """PUBSUB CHANNELS [pattern]: the channels to which somebody listens."""
    fits = glob(pattern[0]) if pattern else lambda name: True
    return [name for name in db.channels.named if fits(name)]


def pubsub_numpat(db: Any) -> Reply:
    """PUBSUB NUMPAT: how many patterns somebody listens to."""
    return len(db.channels.patterns)


def pubsub_numsub(db: Any, *names: bytes) -> Reply:
    """PUBSUB NUMSUB [channel ...]: how many listen to each."""
    return flat((name, len(db.channels.named.get(name, ()))) for name in names)


def flat(pairs: Iterable[tuple[Any, Any]]) -> list[Any]:
    """Put pairs into one list."""
    return [part for pair in pairs for part in pair]


FLAGS = "pubsub loading stale"
PUBSUB = table(
    container("PUBSUB"),
    RedisCommand("PUBSUB|CHANNELS", "[pattern]", FLAGS, pubsub_channels),
    RedisCommand("PUBSUB|NUMPAT", "", FLAGS, pubsub_numpat),
    RedisCommand("PUBSUB|NUMSUB", "[argument ...]", FLAGS, pubsub_numsub),
)
COMMANDS = PUBSUB | table(
    helper("PUBSUB", lines_of("PUBSUB", PUBSUB)),
    RedisCommand("PUBLISH", "argument message", f"{FLAGS} fast may_replicate", publish),
)
