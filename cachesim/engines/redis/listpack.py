"""The bytes of a listpack: the compact form of small hashes, lists and sorted sets.

It is one piece of memory with one element after another. A number takes fewer bytes than its text.
"""

from functools import lru_cache

from cachesim.engines.redis.memory import as_integer

EMPTY = 7  # bytes: the counts of bytes and elements, and the end (redis 7: listpack.c)

# redis 7: listpack.c, lpEncodeIntegerGetType: the range of each form, and its bytes.
INTEGERS = (
    (0, 127, 1),
    (-(1 << 12), (1 << 12) - 1, 2),
    (-(1 << 15), (1 << 15) - 1, 3),
    (-(1 << 23), (1 << 23) - 1, 4),
    (-(1 << 31), (1 << 31) - 1, 5),
)
LONGEST_INTEGER = 9
STRINGS = ((1 << 6, 1), (1 << 12, 2))  # shorter than: bytes before the text
LONGEST_STRING = 5


@lru_cache(maxsize=1 << 16)
def element_bytes(element: bytes) -> int:
    """Return the bytes of one element. Its length follows it, for walking backwards.

    >>> element_bytes(b"100"), element_bytes(b"1000"), element_bytes(b"hello")
    (2, 3, 7)
    """
    size = encoded_bytes(element)
    return size + back_length(size)


def encoded_bytes(element: bytes) -> int:
    """Return the bytes of an element's header and content."""
    number = as_integer(element)
    if number is None:
        length = len(element)
        before = next((b for limit, b in STRINGS if length < limit), LONGEST_STRING)
        return before + length
    return next((b for low, high, b in INTEGERS if low <= number <= high), LONGEST_INTEGER)


def back_length(size: int) -> int:
    """Return the bytes of the length behind an element: each byte holds 7 bits of it."""
    return 1 if size <= 127 else 2 if size < 16383 else 3 if size < 2097151 else 4
