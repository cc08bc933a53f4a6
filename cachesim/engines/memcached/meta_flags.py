"""The flags of the meta commands: read from a request line, and shown in the reply."""

import binascii
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cachesim.engines.memcached.numerals import to_signed, to_unsigned, to_word
from cachesim.engines.memcached.protocol import BAD_LINE, LONGEST_KEY, Tokens, to_key
from cachesim.engines.memcached.table import ItemTable
from cachesim.errors import CommandError

BAD_TOKEN = "CLIENT_ERROR bad token in command line format"
BAD_FLAG = "CLIENT_ERROR invalid or duplicate flag"
MOST_WORDS = 19  # of a line
LONGEST_OPAQUE = 32  # bytes, with its letter
PLAIN = set("bOPLkstcfvhuqIl")  # flags without a number
NUMBERS = {  # flags with a number: how to read it, and the answer to a bad number
    "N": (to_signed, BAD_TOKEN),
    "T": (to_signed, BAD_TOKEN),
    "R": (to_signed, BAD_TOKEN),
    "C": (to_unsigned, BAD_TOKEN),
    "F": (to_word, ""),  # the answer to another bad flag stays
    "J": (to_unsigned, "CLIENT_ERROR invalid numeric initial value"),
    "D": (to_unsigned, "CLIENT_ERROR invalid numeric delta value"),
}


class BadMetaLine(CommandError):
    """A request line is refused. The server says so even to a client that wants no reply."""


class Flags(NamedTuple):
    """Letter -> argument, in the order of the line, and the numbers; times are the server's seconds."""

    words: dict[bytes, bytes]
    key: bytes = b""
    binary: bool = False  # the key was in base64
    quiet: bool = False
    expires: int = 0
    first_expires: int = 0
    recache_time: int = 0
    client_flags: int = 0
    unique: int = 0
    delta: int = 1
    initial: int = 0


def decoded(word: bytes) -> bytes:
    """Return the bytes of a key in base64; b"" if it is not base64.

    >>> decoded(b"YQ=="), decoded(b"?")
    (b'a', b'')
    """
    try:
        return binascii.a2b_base64(word, strict_mode=True)
    except binascii.Error:
        return b""


def read_flags(table: ItemTable, key: bytes, tokens: list[bytes]) -> Flags:
    """Return the flags of a line, with the key as they say to read it. Raises BadMetaLine."""
    words: dict[bytes, bytes] = {}
    numbers: dict[str, int] = {}
    problem = None
    for token in tokens:
        letter, argument = chr(token[0]), token[1:]
        if token[:1] in words or token[0] >= 127:
            raise BadMetaLine("CLIENT_ERROR duplicate flag")
        words[token[:1]] = argument
        if letter in NUMBERS:
            read, complaint = NUMBERS[letter]
            number = read(argument)
            numbers[letter] = number or 0
            problem = (complaint or problem or BAD_LINE) if number is None else problem
        elif letter == "M":
            problem = problem if len(argument) == 1 else "CLIENT_ERROR incorrect length for M token"
        elif letter == "b":
            key = decoded(key)
            problem = problem if key else "CLIENT_ERROR error decoding key"
        elif letter not in PLAIN:
            raise BadMetaLine("CLIENT_ERROR invalid flag")
    if problem is not None:
        raise BadMetaLine(problem)
    return _flags(table, key, words, numbers)


def _flags(
    table: ItemTable,
    key: bytes,
    words: dict[bytes, bytes],
    numbers: dict[str, int],
) -> Flags:
    return Flags(
        words=words,
        key=key,
        binary=b"b" in words,
        quiet=b"q" in words,
        expires=table.deadline(numbers.get("T", 0)),
        first_expires=table.deadline(numbers.get("N", 0)),
        recache_time=table.deadline(numbers.get("R", 0)),
        client_flags=numbers.get("F", 0),
        unique=numbers.get("C", 0),
        delta=numbers.get("D", 1),
        initial=numbers.get("J", 0),
    )


def read_line(table: ItemTable, tokens: Tokens, *, first: int = 2) -> tuple[Flags, str]:
    """Return the flags and the key of a line; `first` is the place of the first flag.

    Raises BadMetaLine.
    """
    if len(tokens[1]) > LONGEST_KEY:
        raise BadMetaLine(BAD_LINE)
    if len(tokens) > MOST_WORDS:
        are = "are " if tokens[0] == b"mg" else ""
        raise BadMetaLine(f"CLIENT_ERROR options flags {are}too long")
    try:
        flags = read_flags(table, tokens[1], tokens[first:])
    except BadMetaLine as refused:  # md and ma have one answer to all errors in flags
        raise BadMetaLine(BAD_FLAG) if tokens[0] in {b"md", b"ma"} else refused from None
    return flags, to_key(flags.key)


def shown_key(key: str, *, binary: bool) -> bytes:
    """Return a key as a reply shows it, in base64 if it came so.

    >>> shown_key("a", binary=False), shown_key("a", binary=True)
    (b'ka', b'kYQ== b')
    """
    raw = key.encode("utf-8", "surrogateescape")
    return b"k" + binascii.b2a_base64(raw, newline=False) + b" b" if binary else b"k" + raw


def shown(
    words: Mapping[bytes, bytes],
    key: str,
    figures: Mapping[bytes, Callable[[], int]],
    *,
    binary: bool,
) -> bytes:
    """Return the answers to flags, each after a blank: the opaque, the key, and figures by letter."""
    answers = []
    for letter, argument in words.items():
        if letter == b"O":
            if len(argument) >= LONGEST_OPAQUE:
                raise BadMetaLine("CLIENT_ERROR opaque token too long")
            answers.append(b"O" + argument)
        elif letter == b"k":
            answers.append(shown_key(key, binary=binary))
        elif letter in figures:
            answers.append(letter + b"%d" % figures[letter]())
    return b"".join(b" " + answer for answer in answers)
