"""The contract of a value that is not a string: the name of its type, and its bytes."""

from typing import Any, TypeVar

from cachesim.engines.base import INVALIDATED
from cachesim.engines.redis.database import KeyEntry
from cachesim.errors import CommandError

WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"


class Structure:
    """A value that is not a string. After a change call `db.resize`, which counts its bytes again."""

    type: str  # "hash": what TYPE replies
    db: Any  # the Keyspace whose limits and draws it uses

    @property
    def encoding(self) -> str:
        """The form in which it is stored: what OBJECT ENCODING replies."""
        raise NotImplementedError(f"{type(self).__name__} must define encoding")

    @property
    def size(self) -> int:
        """Its bytes, with its object (robj) and without the key."""
        raise NotImplementedError(f"{type(self).__name__} must define size")

    @property
    def usage(self) -> int:
        """Its bytes as MEMORY USAGE counts them, which does not ask the allocator everywhere."""
        return self.size

    def copy(self) -> "Structure":
        """Return another value that is equal to it."""
        raise NotImplementedError(f"{type(self).__name__} must define copy()")

    def copy_for(self, db: Any) -> "Structure":
        """Return such a copy for another engine: it uses that one's limits and draws."""
        home, self.db = self.db, db
        try:
            return self.copy()
        finally:
            self.db = home


S = TypeVar("S", bound=Structure)


def opened(db: Any, key: str, kind: type[S]) -> tuple[KeyEntry | None, S]:
    """Return the value to change, with its entry; if absent, a new one that is not stored yet.

    Raises CommandError if the key holds another type.
    """
    entry = db.write(key)
    if entry is None:
        return None, kind(db)  # type: ignore[call-arg] # each takes the keyspace
    if not isinstance(entry.value, kind):
        raise wrong_type()
    return entry, entry.value


def kept(db: Any, key: str, entry: KeyEntry | None, value: Any) -> None:
    """Store a new value, or count the bytes of a changed one; an empty one goes with its key."""
    if len(value):
        grown(db, key, entry, value)
    elif entry is not None:
        db.remove(entry, INVALIDATED)


def grown(db: Any, key: str, entry: KeyEntry | None, value: Any) -> None:
    """Do the same for a value that is not empty, as after any command that only adds."""
    if entry is None:
        db.add(key, value, value.size)
    else:
        db.resize(entry)


def shortened(db: Any, key: str, kind: str, event: str) -> None:
    """Count the bytes of a value that has lost elements, and tell it; the key goes with the last one.

    `kind` and `event` are those of `Keyspace.event`.
    """
    entry = db.find(key)
    is_empty = not len(entry.value)
    kept(db, key, entry, entry.value)
    db.event(kind, event, key)
    if is_empty:
        db.event("g", "del", key)


def taken_out(
    db: Any, key: str, of: type[S], elements: tuple[bytes, ...], kind: str, event: str
) -> int:
    """Remove elements that may be there. Return how many were; see `shortened`. Raises CommandError."""
    changed: Any = value_in(db.write(key), of)
    gone = 0 if changed is None else sum(changed.remove(element) for element in elements)
    if gone:
        shortened(db, key, kind, event)
    return gone


def type_name(value: bytes | Structure) -> str:
    """Return the reply of TYPE for a value.

    >>> type_name(b"7")
    'string'
    """
    return "string" if isinstance(value, bytes) else value.type


def wrong_type() -> CommandError:
    """Return the error for a command that does not work on the type that the key holds."""
    return CommandError(WRONGTYPE)


def string_in(entry: KeyEntry | None) -> KeyEntry | None:
    """Return the entry. If there is one it must hold a string. Raises CommandError."""
    if entry is not None and not isinstance(entry.value, bytes):
        raise wrong_type()
    return entry


def value_in(entry: KeyEntry | None, kind: type[S]) -> S | None:
    """Return the value. If there is one it must be of that type. Raises CommandError."""
    if entry is None:
        return None
    if not isinstance(entry.value, kind):
        raise wrong_type()
    return entry.value


def replaced(db: Any, key: str, value: Any, kind: str, event: str) -> int:
    """Put a value in the place of what a key holds, TTL included; an empty one removes the key.

    Returns the number of members. `kind` and `event` are those of `Keyspace.event`.
    """
    # redis 7: db.c, setKey; a key that stays is not a new one: it wakes only who waits for a stream
    count = len(value)
    if not count:
        db.discard(key)
        return 0
    entry = db.write(key)
    if entry is None:
        db.add(key, value, value.size)
    else:
        entry.value, entry.length, entry.room = value, 0, None
        db.resize(entry)
        db.persist(entry)
        db.blocked.note(db.selected, key)
    db.event(kind, event, key)
    return count
