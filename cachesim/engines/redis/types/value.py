"""What a value of another type than a string is to the keyspace: a type's name and its bytes."""

from cachesim.errors import CommandError

WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"


class Value:
    """A value that is no string; after a change the keyspace must be told (`db.resize`)."""

    type: str  # "hash": what TYPE replies

    @property
    def encoding(self) -> str:
        """Return the name of the form it is stored in: what OBJECT ENCODING replies."""
        raise NotImplementedError(f"{type(self).__name__} must define encoding")

    @property
    def size(self) -> int:
        """Return the bytes it costs, its object included, the key not."""
        raise NotImplementedError(f"{type(self).__name__} must define size")

    @property
    def usage(self) -> int:
        """Return what MEMORY USAGE tells of its bytes, where the server does not ask the allocator."""
        return self.size

    def copy(self) -> "Value":
        """Return another value that is equal to it."""
        raise NotImplementedError(f"{type(self).__name__} must define copy()")


def type_name(value: bytes | Value) -> str:
    """Return what TYPE replies.

    >>> type_name(b"7")
    'string'
    """
    return "string" if isinstance(value, bytes) else value.type


def wrong_type() -> CommandError:
    """Return the error for a command that works on another type than the key's."""
    return CommandError(WRONGTYPE)
