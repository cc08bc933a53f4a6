"""One memcached client that speaks the text protocol."""

from typing import Any

from cachesim.engines.memcached.proto_items import Block
from cachesim.engines.memcached.proto_meta import MetaBlock
from cachesim.engines.memcached.proto_text import begin
from cachesim.wire.memcached_stream import READ_BUFFER, Incoming

LONGEST_START = 2048  # bytes without the end of a line; more only for a get
ALONE = (b"watch", b"lru_crawler")  # commands that may not follow others in one piece


class TextTalk:
    """Reads request lines and their blocks of data.

    References
    ----------
    memcached 1.6: memcached.c, drive_machine; proto_text.c, try_read_command_ascii.
    """

    def __init__(self, stream: Incoming, client: Any) -> None:
        self.stream = stream
        self.client = client
        self._searched = 0  # the buffer has no end of a line before this place
        self._block: Block | MetaBlock | None = None  # a command that waits for its data

    @property
    def waits(self) -> bool:
        """Whether the value of a request that has begun is still to come."""
        return self._block is not None

    def next_reply(self) -> bytes | None:
        """Take the next step and return its reply; None if more bytes are needed."""
        if self.stream.to_swallow:
            return b"" if self.stream.swallow() else None
        if self._block is not None:
            return self._finish(self._block)
        line = self._take_line()
        return None if line is None else self._begin(line)

    def forgotten(self, size: int) -> None:
        """Hear that the stream has freed so many bytes."""
        self._searched -= size

    def _finish(self, block: Block | MetaBlock) -> bytes | None:
        data = self.stream.take(block.size + 2)
        if data is None:
            return None
        self._block = None
        return block.finish(self.client.engine, data)

    def _take_line(self) -> bytes | None:
        """Return the next line without its end; None if it is not complete, or not allowed."""
        stream = self.stream
        end = stream.buffer.find(b"\n", max(stream.at, self._searched))
        length = len(stream) if end < 0 else end - stream.at
        if length > (LONGEST_START if end < 0 else READ_BUFFER) and not self._is_long_get():
            stream.drop()
            return None
        if end < 0:
            self._searched = len(stream.buffer)
            return None
        line = stream.look(length)
        stream.at = end + 1
        return line[:-1] if len(line) > 1 and line.endswith(b"\r") else line

    def _is_long_get(self) -> bool:
        start = self.stream.look(120)
        words = start.lstrip(b" ")
        return len(start) - len(words) <= 100 and words.startswith((b"get ", b"gets "))

    def _begin(self, line: bytes) -> bytes:
        if line.lstrip(b" ").startswith(ALONE):
            reply: bytes | None = self.client.alone([word for word in line.split(b" ") if word])
            if reply is not None:
                return reply
        outcome = begin(self.client.engine, line)
        if outcome is None:
            self.stream.over = True
            self.stream.dropped = not line.strip(b" ").startswith(b"quit")
        elif isinstance(outcome, bytes):
            return outcome
        elif outcome.refusal is None:
            self._block = outcome
        else:
            self.stream.to_swallow = outcome.size + 2
            return outcome.refusal
        return b""
