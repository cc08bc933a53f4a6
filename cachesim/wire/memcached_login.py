"""Passwords of memcached: SASL for the binary protocol, a first `set` for the text protocol.

Both read a file of lines "user:password". The server has two such files, and neither protocol knows
the other's.
"""

from collections.abc import Callable
from hmac import compare_digest
from pathlib import Path

from cachesim.engines.memcached import binary
from cachesim.engines.memcached.binary import Message, error, reply
from cachesim.engines.memcached.host import Host
from cachesim.engines.memcached.numerals import WORD, to_word
from cachesim.engines.memcached.protocol import one_line
from cachesim.errors import BadInput
from cachesim.wire.memcached_stream import READ_BUFFER, Incoming

LONGEST_LINE = 255  # bytes of a line in a file of passwords
LONGEST_START = 2048  # bytes without the end of a line, of a client that is not known
LONGEST_MECHANISM = 32  # bytes of a name
MOST_IN_ONE_CHUNK = 524_288  # bytes: a longer answer of a client needs two chunks, and is refused
MECHANISM = b"PLAIN"
Passwords = dict[bytes, bytes]


def read_passwords(path: str) -> Passwords:
    """Read the passwords of users from a file.

    Raises
    ------
    BadInput
        There is no such file, or a line has no colon.
    """
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}; give a file") from None
    found: Passwords = {}
    for number, line in enumerate(lines, 1):
        user, colon, rest = line.partition(b":")
        if not (user and colon) or len(line) > LONGEST_LINE:
            raise BadInput(
                f"{path}, line {number}: a line is user:password and has at most "
                f"{LONGEST_LINE} bytes; mend this line"
            )
        found.setdefault(user, rest)
    if not found:
        raise BadInput(f"{path} has no line; a line is user:password, add one")
    return found


class SaslLogin:
    """How one client of the binary protocol says who it is.

    SIMPLIFIED: one mechanism, PLAIN; no realms.

    References
    ----------
    RFC 4616 (PLAIN); memcached 1.6: proto_bin.c, process_bin_complete_sasl_auth; Cyrus SASL 2.1:
    lib/server.c, whose steps after a success fail.
    """

    COMMANDS = ("mechanisms", "auth", "step")
    FREE = (*COMMANDS, "version")  # nobody needs a password for them

    def __init__(self, passwords: Passwords, host: Host) -> None:
        self.passwords = passwords
        self.host = host
        self.is_known = False  # the client has given a password
        self.has_begun = False  # the last `auth` was right, or asked for a step
        self.is_done = False  # SASL is over, until an `auth` fails

    def lets(self, command: str) -> bool:
        """Whether the client may use a command now."""
        return self.is_known or command in self.FREE

    @staticmethod
    def refusal(message: Message, login: "SaslLogin | None") -> bytes | None:
        """Return the reply to a message that is not looked at; None if it is good so far."""
        if login is None:
            return error(message, binary.UNKNOWN)
        if len(message.key) > LONGEST_MECHANISM:
            return error(message, binary.INVALID)
        if not 0 <= message.size < MOST_IN_ONE_CHUNK - 100:
            return error(message, binary.NO_MEMORY)
        return None

    def answer(self, message: Message) -> bytes:
        """Answer one of the three commands."""
        self.is_known = False
        name = message.shape.name if message.shape else ""
        if name == "mechanisms":
            return reply(message, value=MECHANISM)
        step = self._step if name == "step" else self._begin
        status = step(message)
        if status == binary.AUTH_CONTINUE:
            return reply(message, status)
        self.host.auth_cmds += 1
        self.is_known = status == binary.OK
        if self.is_known:
            return reply(message, value=b"Authenticated")
        self.host.auth_errors += 1
        return error(message, status)

    def _begin(self, message: Message) -> int:
        status = binary.AUTH_ERROR
        if message.key.upper() == MECHANISM:
            status = self._check(message.value) if message.value else binary.AUTH_CONTINUE
        self.has_begun = status != binary.AUTH_ERROR
        self.is_done = self.is_done and self.has_begun
        return status

    def _step(self, message: Message) -> int:
        return self._check(message.value) if self.has_begun else binary.AUTH_ERROR

    def _check(self, told: bytes) -> int:
        """Check what PLAIN tells: whom to act for, who one is, and the password."""
        parts = told.split(b"\0")
        if self.is_done or len(parts) != 3:
            return binary.AUTH_ERROR
        acts_for, user, password = parts
        self.is_done = acts_for in {b"", user} and is_right(
            self.passwords, user, password, more=True
        )
        return binary.OK if self.is_done else binary.AUTH_ERROR


def is_right(passwords: Passwords, user: bytes, password: bytes, *, more: bool = False) -> bool:
    """Whether a user has this password; with `more`, a colon and other words may follow it."""
    kept = passwords.get(user)
    if kept is None:
        return False
    begins = more and kept[len(password) :].startswith(b":")
    return compare_digest(kept[: len(password)] if begins else kept, password)


class TextLogin:
    r"""How a client of the text protocol says who it is: `set KEY 0 0 SIZE`, then "user password".

    >>> stream = Incoming()
    >>> stream.buffer += b"set x 0 0 7\r\nada abc\r\n"
    >>> TextLogin(stream, {b"ada": b"abc"}, Host(), done=lambda: None).next_reply()
    b'STORED\r\n'

    References
    ----------
    memcached 1.6: proto_text.c, try_read_command_asciiauth.
    """

    def __init__(
        self, stream: Incoming, passwords: Passwords, host: Host, done: Callable[[], None]
    ) -> None:
        self.stream = stream
        self.passwords = passwords
        self.host = host
        self.done = done  # called when the client is known
        self._size: int | None = None  # bytes of the block that is still to come
        self._held: bytes | None = None  # the server has one place for a reply: the last one stays

    @property
    def waits(self) -> bool:
        """Whether the user and the password are still to come."""
        return self._size is not None

    def next_reply(self) -> bytes | None:
        """Take the next step and return its reply; None if more bytes are needed."""
        while True:
            told = self._line() if self._size is None else self._block(self._size)
            if told is None:
                held, self._held = self._held, None
                return held
            if told:
                self._held = one_line(told)
            if told == "STORED":
                self.done()
                return self._held

    def forgotten(self, size: int) -> None:
        """Hear that the stream has freed so many bytes, which do not matter here."""

    def _line(self) -> str | None:
        """Read the line of the `set`; return an error, nothing, or None if it is not complete."""
        stream = self.stream
        end = stream.buffer.find(b"\n", stream.at)
        if end < 0 or len(stream) < 2:
            if len(stream) > LONGEST_START:
                stream.drop()
            return None
        words = [word for word in stream.look(end - stream.at).split(b" ") if word]
        stream.at = end + 1
        size = to_word(words[4]) if len(words) > 4 and words[0] == b"set" else None
        if size is None:
            return "CLIENT_ERROR unauthenticated"
        self._size = (size + 2) % WORD
        return ""

    def _block(self, size: int) -> str | None:
        """Read the user and the password; return the reply, or None if they are not complete."""
        data = self.stream.take(size)
        if data is None:
            if len(self.stream) >= READ_BUFFER:
                self.stream.drop()
            return None
        self._size = None
        if not data.endswith(b"\r\n"):
            return "CLIENT_ERROR bad command line termination"
        words = [word for word in data[:-2].partition(b"\0")[0].split(b" ") if word]
        if len(words) < 2:
            return "CLIENT_ERROR bad authentication token format"
        self.host.auth_cmds += 1
        if is_right(self.passwords, words[0], words[1]):
            return "STORED"
        self.host.auth_errors += 1
        return "CLIENT_ERROR authentication failure"
