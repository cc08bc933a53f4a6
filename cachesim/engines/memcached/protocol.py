"""The words of the text protocol that several files use."""

Tokens = list[bytes]  # the words of a request line, the command's name first

OK, ERROR = "OK", "ERROR"
BAD_LINE = "CLIENT_ERROR bad command line format"
BAD_BLOCK = "CLIENT_ERROR bad data chunk"
BAD_EXPTIME = "CLIENT_ERROR invalid exptime argument"
NOT_A_DELTA = "CLIENT_ERROR invalid numeric delta argument"
LONGEST_KEY = 250  # bytes
LARGEST_BLOCK = 2**31 - 3  # bytes
END_OF_LINE = b"\r\n"
UNRESERVED = frozenset(b"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def to_key(word: bytes) -> str:
    r"""Return a key as the engine keeps it; every byte has a character.

    >>> to_key(b"a\xff")
    'a\udcff'
    """
    return word.decode("utf-8", "surrogateescape")


def from_key(key: str) -> bytes:
    r"""Return a key as the bytes on the wire.

    >>> from_key("a\udcff")
    b'a\xff'
    """
    return key.encode("utf-8", "surrogateescape")


def to_uri(key: str) -> str:
    """Return a key with every odd byte as two hex digits, as in a web address.

    >>> to_uri("a:b")
    'a%3Ab'
    """
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in from_key(key))


def is_quiet(tokens: Tokens) -> bool:
    """Whether the client wants no reply."""
    return tokens[-1] == b"noreply"


def one_line(text: str, *, quiet: bool = False) -> bytes:
    r"""Return a reply of one line; nothing for a client that wants no reply.

    >>> one_line(OK), one_line(OK, quiet=True)
    (b'OK\r\n', b'')
    """
    return b"" if quiet else text.encode() + END_OF_LINE
