"""Redis's protocol without a socket: bytes to commands, replies to bytes. RESP2; RESP3 after HELLO 3."""

from typing import NamedTuple

from cachesim.engines.redis.memory import as_integer
from cachesim.errors import CachesimError

LONGEST_LINE = 64 * 1024  # bytes (redis 7: server.h, PROTO_INLINE_MAX_SIZE)
LONGEST_BULK = 512 * 1024 * 1024  # bytes (redis 7: proto-max-bulk-len)
MOST_ARGUMENTS = 2**31 - 1
MOST_UNTRUSTED, LONGEST_UNTRUSTED = 10, 16 * 1024  # arguments and bytes, before AUTH
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}
HEX = b"0123456789abcdefABCDEF"


class ProtocolError(CachesimError):
    """A client broke the protocol: it gets this error, and its connection is closed."""


class HeldBytes(NamedTuple):
    """What a reader holds of a client's stream, in bytes."""

    unread: int  # no argument yet
    words: int  # of the arguments of a command that is not complete
    number: int  # of these arguments
    expected: int  # of the argument that is still to come


class RequestReader:
    r"""Splits a stream into commands. An incomplete command waits for more bytes.

    >>> requests = RequestReader()
    >>> requests.feed(b"*2\r\n$3\r\nGET\r\n$1\r")
    >>> list(requests)
    []
    >>> requests.feed(b"\na\r\nPING 'two words'\r\n")
    >>> list(requests)
    [[b'GET', b'a'], [b'PING', b'two words']]

    References
    ----------
    redis 7: networking.c, processMultibulkBuffer and processInlineBuffer.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0  # where in the buffer the next part begins
        self._argv: list[bytes] = []  # of the command that is not complete
        self._size_so_far = 0  # bytes of its arguments
        self._missing = 0  # its arguments that are still to come
        self._size: int | None = None  # bytes of the next argument, once its line is there
        self.is_trusted = True  # a client that has not logged in may only send short commands

    @property
    def is_between(self) -> bool:
        """Whether no incomplete command is waiting for more bytes, and a long one may come."""
        return self._at >= len(self._buffer) and not self._missing and self.is_trusted

    @property
    def held(self) -> HeldBytes:
        """The bytes that wait for more of their command."""
        unread = len(self._buffer) - self._at
        words = (self._size_so_far, len(self._argv)) if self._missing else (0, 0)
        return HeldBytes(unread, *words, self._size or 0)

    def feed(self, data: bytes) -> None:
        """Take the next piece of the stream."""
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data

    def __iter__(self) -> "RequestReader":
        """Return itself: it iterates over the complete commands."""
        return self

    def __next__(self) -> list[bytes]:
        """Return the next complete command. Raises ProtocolError."""
        while (argv := self._next()) is not None:
            if argv:
                return argv
        raise StopIteration

    def _next(self) -> list[bytes] | None:
        """Return the next command; [] if it is empty, None if it is not complete."""
        if not self._missing:
            if self._at >= len(self._buffer):
                return None
            if self._buffer[self._at] != ord("*"):
                return self._inline()
            count = self._count("mbulk count", "multibulk", MOST_ARGUMENTS)
            if count is None or count <= 0:
                return None if count is None else []
            if count > MOST_UNTRUSTED and not self.is_trusted:
                raise ProtocolError("Protocol error: unauthenticated multibulk length")
            self._argv, self._missing, self._size_so_far = [], count, 0
        while self._missing:
            part = self._bulk()
            if part is None:
                return None
            self._argv.append(part)
            self._size_so_far += len(part)
            self._missing -= 1
        return self._argv

    def _bulk(self) -> bytes | None:
        if self._size is None:
            if self._at < len(self._buffer) and self._buffer[self._at] != ord("$"):
                self._line("bulk count")  # as the server, which looks for the line's end first
                got = chr(self._buffer[self._at]).replace("\r", " ").replace("\n", " ")
                raise ProtocolError(f"Protocol error: expected '$', got '{got}'")
            size = self._count("bulk count", "bulk", LONGEST_BULK)
            if size is None:
                return None
            if size < 0:
                raise ProtocolError("Protocol error: invalid bulk length")
            if size > LONGEST_UNTRUSTED and not self.is_trusted:
                raise ProtocolError("Protocol error: unauthenticated bulk length")
            self._size = size
        end = self._at + self._size
        if len(self._buffer) < end + 2:
            return None
        part = bytes(memoryview(self._buffer)[self._at : end])
        self._at, self._size = end + 2, None
        return part

    def _count(self, line: str, thing: str, most: int) -> int | None:
        """Return the number after * or $, and go past its line; None if the line is not complete."""
        end = self._line(line)
        if end is None:
            return None
        number = as_integer(bytes(self._buffer[self._at + 1 : end]))
        if number is None or number > most:
            raise ProtocolError(f"Protocol error: invalid {thing} length")
        self._at = end + 2
        return number

    def _line(self, thing: str) -> int | None:
        """Return where the current line ends; None if it is not complete."""
        end = self._buffer.find(b"\r", self._at)
        if end >= 0 and end + 1 < len(self._buffer):
            return end
        if len(self._buffer) - self._at > LONGEST_LINE:
            raise ProtocolError(f"Protocol error: too big {thing} string")
        return None

    def _inline(self) -> list[bytes] | None:
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            if len(self._buffer) - self._at > LONGEST_LINE:
                raise ProtocolError("Protocol error: too big inline request")
            return None
        line = bytes(self._buffer[self._at : end]).removesuffix(b"\r")
        words = split_words(line)
        if words is None:
            raise ProtocolError("Protocol error: unbalanced quotes in request")
        self._at = end + 1
        return words


def whole_command(data: bytes) -> list[bytes] | None:
    r"""Return the words of exactly one command, as most clients send it; None for anything else.

    >>> whole_command(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"), whole_command(b"GET a\r\n")
    ([b'GET', b'a'], None)
    """
    parts = data.split(b"\r\n")
    words = parts[2:-1:2]
    if (
        not words
        or len(parts) != 2 * len(words) + 2
        or parts[-1]
        or parts[0] != b"*%d" % len(words)
    ):
        return None
    for size, word in zip(parts[1:-1:2], words, strict=True):
        if size != b"$%d" % len(word):
            return None  # a word has a line end in it, or the sizes are wrong
    return words


def split_words(line: bytes) -> list[bytes] | None:
    r"""Return the words of a line as people type it; None if its quotes do not match.

    >>> split_words(b"set a \"two\\x20words\" 'it\\'s'")
    [b'set', b'a', b'two words', b"it's"]

    References
    ----------
    redis 7: sds.c, sdssplitargs.
    """
    words: list[bytes] = []
    at = 0
    while True:
        while line[at : at + 1].isspace():
            at += 1
        if at >= len(line) or line[at] == 0:
            return words
        word = bytearray()
        while at < len(line) and not line[at : at + 1].isspace() and line[at]:
            quote = line[at : at + 1]
            if quote in (b'"', b"'"):
                end = _quoted(line, at + 1, quote, word)
                if end is None:
                    return None
                at = end
                break
            word += quote
            at += 1
        words.append(bytes(word))


def _quoted(line: bytes, at: int, quote: bytes, word: bytearray) -> int | None:
    """Add the quoted text to the word. Return the place after it; None if no word ends there."""
    while at < len(line):
        char, after = line[at : at + 1], line[at + 1 : at + 2]
        if char == quote:
            return at + 1 if not after or after.isspace() else None
        if char == b"\\" and quote == b'"' and after:
            taken = _escaped(line[at + 1 : at + 4], word)
            at += 1 + taken
        elif char == b"\\" and after == b"'":
            word += b"'"
            at += 2
        else:
            word += char
            at += 1
    return None


def _escaped(rest: bytes, word: bytearray) -> int:
    """Add the byte that the characters after a backslash stand for; return their number."""
    if rest[:1] == b"x" and len(rest) == 3 and rest[1] in HEX and rest[2] in HEX:
        word.append(int(rest[1:], 16))
        return 3
    word += ESCAPES.get(rest[:1], rest[:1])
    return 1
