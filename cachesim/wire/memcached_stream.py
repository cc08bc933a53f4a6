"""What a memcached client has sent and nobody has used yet."""

from typing import Protocol

READ_BUFFER = 16384  # bytes that the server reads at once: no request's head may be longer


class Incoming:
    """The bytes of one connection, from the first that is not used."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.at = 0  # where in the buffer the next request begins
        self.to_swallow = 0  # bytes of a refused value that are still to come
        self.over = False  # the connection is to be closed
        self.dropped = False  # ... because the client broke the protocol, not by its wish
        self.answered = 0  # requests of this piece that are answered, but not sent

    def __len__(self) -> int:
        """Count the bytes that wait."""
        return len(self.buffer) - self.at

    def look(self, size: int) -> bytes:
        """Return the next bytes, and leave them there."""
        return bytes(memoryview(self.buffer)[self.at : self.at + size])

    def take(self, size: int) -> bytes | None:
        """Take the next bytes; None if there are not enough."""
        if len(self) < size:
            return None
        data = self.look(size)
        self.at += size
        return data

    def swallow(self) -> bool:
        """Throw away what was refused; True if something came."""
        gone = min(self.to_swallow, len(self))
        self.at += gone
        self.to_swallow -= gone
        return gone > 0

    def drop(self) -> None:
        """Hang up at once; replies that were not sent yet are lost."""
        self.over = self.dropped = True

    def forget(self) -> None:
        """Free the bytes that were used."""
        del self.buffer[: self.at]
        self.at = 0


class Talk(Protocol):
    """One way to read the stream: a protocol, or the login before it."""

    @property
    def waits(self) -> bool:
        """Whether the value of a request that has begun is still to come."""

    def next_reply(self) -> bytes | None:
        """Take the next step and return its reply; None if more bytes are needed."""

    def forgotten(self, size: int) -> None:
        """Hear that the stream has freed so many bytes."""
