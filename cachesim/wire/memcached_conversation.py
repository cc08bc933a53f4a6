"""One memcached client's connection, in the text protocol. Bytes come in, bytes go out."""

from typing import TYPE_CHECKING

from cachesim.engines.memcached.proto_items import Block
from cachesim.engines.memcached.proto_meta import MetaBlock
from cachesim.engines.memcached.proto_text import begin
from cachesim.wire.turns import ENOUGH, TURN

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

LONGEST_START = 2048  # bytes without the end of a line; more only for a get
READ_BUFFER = 16384  # bytes that the server reads at once: no line but a get is longer
BINARY = 0x80  # the first byte of a client that speaks the binary protocol


class MemcachedConversation:
    r"""One client's connection to an engine.

    SIMPLIFIED: there is no binary protocol. The connection of a client that uses it is closed.

    >>> from cachesim.engines.memcached.engine import Memcached
    >>> client = MemcachedConversation(Memcached().build(clock=lambda: 0.0, random=lambda: 0.5))
    >>> client.receive(b"set a 0 0 3\r\nab"), client.receive(b"c\r\nget a\r\nquit\r\n"), client.over
    (b'', b'STORED\r\nVALUE a 0 3\r\nabc\r\nEND\r\n', True)

    References
    ----------
    memcached 1.6: memcached.c, drive_machine; proto_text.c, try_read_command_ascii.
    """

    def __init__(self, engine: "MemcachedEngine") -> None:
        self.engine = engine
        self.over = False  # the connection is to be closed
        self.pending = False  # more requests may be complete: receive(b"") goes on with them
        self._dropped = False  # ... because the client broke the protocol, not by its wish
        self._buffer = bytearray()
        self._at = 0  # where in the buffer the next request begins
        self._searched = 0  # the buffer has no end of a line before this place
        self._block: Block | MetaBlock | None = None  # a command that waits for its data
        self._to_swallow = 0  # bytes of a refused block that are still to come

    def receive(self, data: bytes) -> bytes:
        """Take a piece of the stream and return the replies to the requests that it completes."""
        if self.over:
            return b""
        self._buffer += data
        replies, size = [], 0
        self.pending = False
        while not self.over:
            reply = self._next_reply()
            if reply is None:
                break
            replies.append(reply)
            size += len(reply)
            if size > ENOUGH or len(replies) == TURN:
                self.pending = True
                break
        if self._dropped:  # replies that were not sent yet are lost with the connection
            return b""
        del self._buffer[: self._at]
        self._searched -= self._at
        self._at = 0
        return b"".join(replies)

    def _next_reply(self) -> bytes | None:
        """Take the next step and return its reply; None if more bytes are needed."""
        if self._to_swallow:
            return self._swallow()
        if self._block is not None:
            return self._finish(self._block)
        line = self._take_line()
        return None if line is None else self._begin(line)

    def _swallow(self) -> bytes | None:
        gone = min(self._to_swallow, len(self._buffer) - self._at)
        self._at += gone
        self._to_swallow -= gone
        return b"" if gone else None

    def _finish(self, block: Block | MetaBlock) -> bytes | None:
        end = self._at + block.size + 2
        if len(self._buffer) < end:
            return None
        data = bytes(memoryview(self._buffer)[self._at : end])
        self._at = end
        self._block = None
        return block.finish(self.engine, data)

    def _take_line(self) -> bytes | None:
        """Return the next line without its end; None if it is not complete, or not allowed."""
        end = self._buffer.find(b"\n", max(self._at, self._searched))
        length = (len(self._buffer) if end < 0 else end) - self._at
        if length > (LONGEST_START if end < 0 else READ_BUFFER) and not self._is_long_get():
            self.over = self._dropped = True
            return None
        if end < 0:
            self._searched = len(self._buffer)
            return None
        line = bytes(self._buffer[self._at : end])
        self._at = end + 1
        if line[:1] == bytes([BINARY]):
            self.over = self._dropped = True
            return None
        return line[:-1] if len(line) > 1 and line.endswith(b"\r") else line

    def _is_long_get(self) -> bool:
        start = bytes(self._buffer[self._at : self._at + 120])
        words = start.lstrip(b" ")
        return len(start) - len(words) <= 100 and words.startswith((b"get ", b"gets "))

    def _begin(self, line: bytes) -> bytes:
        outcome = begin(self.engine, line)
        if outcome is None:
            self.over = True
            self._dropped = not line.strip(b" ").startswith(b"quit")
        elif isinstance(outcome, bytes):
            return outcome
        elif outcome.refusal is None:
            self._block = outcome
        else:
            self._to_swallow = outcome.size + 2
            return outcome.refusal
        return b""
