"""Redis's patterns, as in KEYS, SCAN ... MATCH and CONFIG GET."""

import re
from collections.abc import Callable
from functools import lru_cache

RANGE = 3  # bytes of a range such as a-z
STAR = b".*"


@lru_cache(maxsize=256)
def glob(pattern: bytes) -> Callable[[bytes], bool]:
    r"""Return a function that is true for bytes that match the whole pattern.

    `*` stands for any bytes, `?` for any byte, `[a-z]` for one of these, `[^a-z]` for any other,
    `\x` for the x itself.

    >>> [glob(b"h[^a]l*")(word) for word in (b"hello", b"hallo", b"hl")]
    [True, False, False]
    """
    # redis 7: util.c, stringmatchlen
    only_stars = bool(pattern) and not pattern.strip(b"*")
    expression = re.compile(joined(parts(pattern)), re.DOTALL)

    def matches(word: bytes) -> bool:
        if not word and only_stars:
            return False  # the server's loop then never looks at the pattern
        return expression.fullmatch(word) is not None

    return matches


def joined(pieces: list[bytes]) -> bytes:
    """Join the pieces so that no star is ever tried again: the time grows with the word only.

    What stands between two stars may be taken at the first place where it fits, for good (an atomic
    group): a later place leaves less for the rest. Only what follows the last star must end the word.
    """
    runs: list[bytes] = [b""]  # what stands between the stars
    for piece in pieces:
        if piece == STAR:
            runs.append(b"")
        else:
            runs[-1] += piece
    first, *between = runs
    if not between:
        return first
    return first + b"".join(b"(?>.*?%b)" % run for run in between[:-1]) + STAR + between[-1]


def parts(pattern: bytes) -> list[bytes]:
    """Translate the pattern into the pieces of a regular expression."""
    pieces, at = [], 0
    while at < len(pattern):
        byte = pattern[at : at + 1]
        if byte == b"[":
            members, at = members_of(pattern, at + 1)
            pieces.append(one_of(members))
            continue
        if byte == b"\\" and at + 1 < len(pattern):
            at += 1
            byte = b"\\" + pattern[at : at + 1]
        if not (byte == b"*" and pieces[-1:] == [STAR]):
            pieces.append({b"*": STAR, b"?": b"."}.get(byte, re.escape(byte[-1:])))
        at += 1
    return pieces


def members_of(pattern: bytes, at: int) -> tuple[set[int], int]:
    """Return the bytes that a class [...] stands for, and the position after it.

    A class that is not closed ends with the pattern.
    """
    is_negated = pattern[at : at + 1] == b"^"
    at += is_negated
    found: set[int] = set()
    while at < len(pattern):
        left = len(pattern) - at
        if pattern[at] == ord("\\") and left >= 2:
            found.add(pattern[at + 1])
            at += 2
        elif pattern[at] == ord("]"):
            at += 1
            break
        elif left >= RANGE and pattern[at + 1] == ord("-"):
            found.update(between(pattern[at], pattern[at + 2]))
            at += RANGE
        else:
            found.add(pattern[at])
            at += 1
    return (set(range(256)) - found if is_negated else found), at


def between(start: int, end: int) -> set[int]:
    """Return the bytes of a range. The server compares signed bytes, and takes either order."""
    low, high = sorted(((start + 128) % 256, (end + 128) % 256))
    return {(byte + 128) % 256 for byte in range(low, high + 1)}


def one_of(members: set[int]) -> bytes:
    """Return a regular expression for one of these bytes."""
    if not members:
        return b"(?!)"  # never matches
    return b"[" + b"".join(b"\\x%02x" % byte for byte in sorted(members)) + b"]"
