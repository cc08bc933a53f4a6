"""One memcached client that speaks the binary protocol."""

from cachesim.engines.memcached import binary
from cachesim.engines.memcached.binary import HEAD, LONGEST_KEY, REQUEST, Message, error
from cachesim.engines.memcached.engine import MemcachedEngine
from cachesim.engines.memcached.proto_bin import answer, refusal
from cachesim.wire.memcached_login import SaslLogin
from cachesim.wire.memcached_stream import READ_BUFFER, Incoming


class BinaryTalk:
    r"""Reads messages: a head with its extras and key, and then the value.

    >>> from cachesim.engines.memcached.engine import Memcached
    >>> stream, engine = Incoming(), Memcached().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> stream.buffer += b"\x80\x0b" + bytes(22)  # what version is it?
    >>> BinaryTalk(stream, engine).next_reply()
    b'\x81\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x001.6.18'

    References
    ----------
    memcached 1.6: proto_bin.c, try_read_command_binary, dispatch_bin_command.
    """

    def __init__(
        self, stream: Incoming, engine: MemcachedEngine, login: SaslLogin | None = None
    ) -> None:
        self.stream = stream
        self.engine = engine
        self.login = login  # None: nobody needs a password
        self._has_begun = False  # it has sent a message
        self._waiting: Message | None = None  # its value is still to come

    @property
    def waits(self) -> bool:
        """Whether the value of a request that has begun is still to come."""
        return self._waiting is not None

    def next_reply(self) -> bytes | None:
        """Take the next step and return its reply; None if more bytes are needed."""
        if self.stream.to_swallow:
            return b"" if self.stream.swallow() else None
        if self._waiting is not None:
            return self._finish(self._waiting)
        message = self._take_head()
        return None if message is None else self._begin(message)

    def forgotten(self, size: int) -> None:
        """Hear that the stream has freed so many bytes, which do not matter here."""

    def _take_head(self) -> Message | None:
        """Return the next message without its value; None if it is not complete, or none.

        SIMPLIFIED: the server waits for 24 bytes until it hangs up on a client whose first byte
        is wrong.
        """
        stream = self.stream
        is_long = len(stream) >= HEAD.size
        if len(stream) and stream.buffer[stream.at] != REQUEST and (is_long or not self._has_begun):
            stream.drop()
        if stream.over or not is_long:
            return None
        self._has_begun = True
        _, opcode, key, extras, _, _, body, opaque, cas = HEAD.unpack(stream.look(HEAD.size))
        rest = stream.take(HEAD.size + extras + key)
        if rest is None:
            if len(stream) >= READ_BUFFER:
                stream.drop()
            return None
        extra = rest[HEAD.size : HEAD.size + extras]
        return Message(opcode, opaque, cas, extra, rest[HEAD.size + extras :], body)

    def _begin(self, message: Message) -> bytes:
        status = self._refused(message)
        if status is not None:
            self.stream.over = True
            return error(message, status)
        if message.shape is None:  # the server forgets that it has taken extras and key already
            self.stream.to_swallow = message.body
            return error(message, binary.UNKNOWN)
        if message.shape.value is not True:
            return self._run(message)
        refused = self._refusal(message)
        if refused is None:
            self._waiting = message
            return b""
        self.stream.to_swallow = max(0, message.size)
        return refused

    def _refused(self, message: Message) -> int | None:
        """Return the status of an error after which the server hangs up; None: go on."""
        if message.body < len(message.extras) + len(message.key):
            return binary.UNKNOWN
        shape = message.shape
        if self.login and not self.login.lets(shape.name if shape else ""):
            return binary.AUTH_ERROR
        if len(message.key) > LONGEST_KEY or (shape and not shape.fits(message)):
            return binary.INVALID
        return None

    def _refusal(self, message: Message) -> bytes | None:
        if message.shape is None or message.shape.name not in SaslLogin.COMMANDS:
            return refusal(self.engine, message)
        return SaslLogin.refusal(message, self.login)

    def _finish(self, message: Message) -> bytes | None:
        value = self.stream.take(message.size)
        if value is None:
            return None
        self._waiting = None
        return self._run(message._replace(value=value))

    def _run(self, message: Message) -> bytes:
        shape = message.shape
        assert shape is not None
        if shape.name in SaslLogin.COMMANDS:
            refused = SaslLogin.refusal(message, self.login)
            return refused or (self.login.answer(message) if self.login else b"")
        if shape.name == "quit":
            self.stream.over = True
        return answer(self.engine, message)
