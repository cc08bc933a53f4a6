"""The flags of the meta commands, read off a line."""

import binascii
from typing import TYPE_CHECKING, NamedTuple

from cachesim.engines.memcached.commands import BAD_LINE
from cachesim.engines.memcached.numerals import to_signed, to_unsigned, to_word
from cachesim.errors import CommandError

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

BAD_TOKEN = "CLIENT_ERROR bad token in command line format"
PLAIN = set("bOPLkstcfvhuqIl")  # flags without a number
NUMBERS = {  # flags with one: how it is read, and what is said of a bad one
    "N": (to_signed, BAD_TOKEN),
    "T": (to_signed, BAD_TOKEN),
    "R": (to_signed, BAD_TOKEN),
    "C": (to_unsigned, BAD_TOKEN),
    "F": (to_word, ""),  # leaves what another flag complained of
    "J": (to_unsigned, "CLIENT_ERROR invalid numeric initial value"),
    "D": (to_unsigned, "CLIENT_ERROR invalid numeric delta value"),
}


class Refused(CommandError):
    """A line is refused; the client's wish for silence does not matter then."""


class Flags(NamedTuple):
    """Letter -> argument, in the order of the line, and the numbers among them; times in the server's seconds."""

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
    """Return the bytes of a key that is written in base64; none if it is not."""
    try:
        return binascii.a2b_base64(word, strict_mode=True)
    except binascii.Error:
        return b""


def read_flags(engine: "MemcachedEngine", key: bytes, tokens: list[bytes]) -> Flags:
    """Return the flags of a line; they say how the key is to be read. Raises Refused."""
    words: dict[bytes, bytes] = {}
    numbers: dict[str, int] = {}
    problem = None
    for token in tokens:
        letter, argument = chr(token[0]), token[1:]
        if token[:1] in words or token[0] >= 127:
            raise Refused("CLIENT_ERROR duplicate flag")
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
            raise Refused("CLIENT_ERROR invalid flag")
    if problem is not None:
        raise Refused(problem)
    return _flags(engine, key, words, numbers)


def _flags(
    engine: "MemcachedEngine",
    key: bytes,
    words: dict[bytes, bytes],
    numbers: dict[str, int],
) -> Flags:
    return Flags(
        words=words,
        key=key,
        binary=b"b" in words,
        quiet=b"q" in words,
        expires=engine.deadline(numbers.get("T", 0)),
        first_expires=engine.deadline(numbers.get("N", 0)),
        recache_time=engine.deadline(numbers.get("R", 0)),
        client_flags=numbers.get("F", 0),
        unique=numbers.get("C", 0),
        delta=numbers.get("D", 1),
        initial=numbers.get("J", 0),
    )
