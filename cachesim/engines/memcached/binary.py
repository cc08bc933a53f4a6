"""The binary protocol's messages: a head, the shape that each opcode demands, and a reply as bytes.

A message is 24 bytes of head, then extras, key and value. proto_bin.py says what a message does.
"""

from struct import Struct
from typing import NamedTuple

REQUEST, RESPONSE = 0x80, 0x81  # the first byte of every message
HEAD = Struct(
    ">BBHBBHLLQ"
)  # magic, opcode, key and extras lengths, type, status, body, opaque, cas
LONGEST_KEY = 250  # bytes

OK, NOT_FOUND, EXISTS, TOO_LARGE, INVALID, NOT_STORED, NOT_A_NUMBER = range(7)
AUTH_ERROR, AUTH_CONTINUE, UNKNOWN, NO_MEMORY = 0x20, 0x21, 0x81, 0x82
TEXTS = {
    NOT_FOUND: b"Not found",
    EXISTS: b"Data exists for key.",
    TOO_LARGE: b"Too large.",
    INVALID: b"Invalid arguments",
    NOT_STORED: b"Not stored.",
    NOT_A_NUMBER: b"Non-numeric server-side value for incr or decr",
    AUTH_ERROR: b"Auth failure.",
    UNKNOWN: b"Unknown command",
    NO_MEMORY: b"Out of memory",
}


class Message(NamedTuple):
    """A request whose extras and key have come; its value may still be on the way."""

    opcode: int
    opaque: int  # comes back in the reply
    cas: int
    extras: bytes
    key: bytes
    body: int  # bytes that the head announces for extras, key and value together
    value: bytes = b""

    @property
    def size(self) -> int:
        """The bytes of the value; below 0 if the head announces 2 GiB or more, as in C."""
        size = self.body - len(self.extras) - len(self.key)
        return size if size < 2**31 - 2 else size - 2**32

    @property
    def shape(self) -> "MessageShape | None":
        """What the opcode demands; None if there is no such command."""
        return SHAPES.get(self.opcode)

    @property
    def is_quiet(self) -> bool:
        """Whether the client wants no reply if all is well."""
        return self.shape is not None and self.shape.is_quiet


class MessageShape(NamedTuple):
    """A command of the binary protocol, and what its messages must look like."""

    name: str
    extras: tuple[int, ...] = (0,)  # allowed lengths, bytes
    key: bool | None = True  # must have one, must have none; None: as it likes
    value: bool | None = False  # may have one, must have none; None: nobody looks
    is_quiet: bool = False

    def fits(self, message: Message) -> bool:
        """Whether a message has this shape (proto_bin.c, dispatch_bin_command)."""
        return (
            len(message.extras) in self.extras
            and self.key in {None, bool(message.key)}
            and (self.value is not False or message.size == 0)
        )


def _shapes() -> dict[int, MessageShape]:
    """Return the shape of each opcode. A quiet command has its own opcode beside the loud one."""
    found = {}
    for loud, quiet, shape in ROWS:
        found[loud] = shape
        if quiet is not None:
            found[quiet] = shape._replace(is_quiet=True)
    return found


ROWS: tuple[tuple[int, int | None, MessageShape], ...] = (
    (0x00, 0x09, MessageShape("get")),
    (0x01, 0x11, MessageShape("set", (8,), value=True)),
    (0x02, 0x12, MessageShape("add", (8,), value=True)),
    (0x03, 0x13, MessageShape("replace", (8,), value=True)),
    (0x04, 0x14, MessageShape("delete")),
    (0x05, 0x15, MessageShape("incr", (20,))),
    (0x06, 0x16, MessageShape("decr", (20,))),
    (0x07, 0x17, MessageShape("quit", key=False)),
    (0x08, 0x18, MessageShape("flush", (0, 4), key=False)),
    (0x0A, None, MessageShape("noop", key=False)),
    (0x0B, None, MessageShape("version", key=False)),
    (0x0C, 0x0D, MessageShape("getk")),
    (0x0E, 0x19, MessageShape("append", value=True)),
    (0x0F, 0x1A, MessageShape("prepend", value=True)),
    (0x10, None, MessageShape("stat", key=None, value=None)),
    (0x1C, None, MessageShape("touch", (4,), value=None)),
    (0x1D, 0x1E, MessageShape("gat", (4,), value=None)),
    (0x23, 0x24, MessageShape("gatk", (4,), value=None)),
    (0x20, None, MessageShape("mechanisms", key=False)),
    (0x21, None, MessageShape("auth", value=True)),
    (0x22, None, MessageShape("step", value=True)),
)
SHAPES = _shapes()


def reply(
    message: Message,
    status: int = OK,
    extras: bytes = b"",
    key: bytes = b"",
    value: bytes = b"",
    cas: int = 0,
) -> bytes:
    r"""Return the bytes of a reply.

    >>> reply(Message(opcode=10, opaque=7, cas=0, extras=b"", key=b"", body=0))[:2]
    b'\x81\n'
    """
    sizes = len(extras) + len(key) + len(value)
    head = HEAD.pack(
        RESPONSE, message.opcode, len(key), len(extras), 0, status, sizes, message.opaque, cas
    )
    return head + extras + key + value


def error(message: Message, status: int, text: bytes | None = None) -> bytes:
    """Return the reply of an error, with the server's text for its status, or another one."""
    return reply(message, status, value=TEXTS[status] if text is None else text)
