"""The hash functions by which clients spread keys over nodes: the same numbers as their libraries compute.

All take bytes and give a whole number below 2 ** 32, but for `jump`, whose hash has 64 bits.
"""

import hashlib

_32, _64 = 2**32 - 1, 2**64 - 1


def md5_words(data: bytes) -> tuple[int, int, int, int]:
    """Give the four little-endian words of an MD5 digest.

    >>> md5_words(b"user:0")[0]
    3904434677
    """
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    first, second, third, fourth = (
        int.from_bytes(digest[at : at + 4], "little") for at in (0, 4, 8, 12)
    )
    return first, second, third, fourth


def one_at_a_time(data: bytes) -> int:
    """Bob Jenkins' one-at-a-time hash (Dr. Dobb's Journal, September 1997): libmemcached's default.

    >>> one_at_a_time(b"apple")
    2297466611
    """
    number = 0
    for byte in data:
        number = (number + byte) & _32
        number = (number + (number << 10)) & _32
        number ^= number >> 6
    number = (number + (number << 3)) & _32
    number ^= number >> 11
    return (number + (number << 15)) & _32


def murmur3(data: bytes, seed: int = 0) -> int:
    """Austin Appleby's MurmurHash3 with 32 bits: pymemcache's hash.

    >>> murmur3(b"test")
    3127628307
    """
    number, whole = seed, len(data) & ~3
    for at in range(0, whole, 4):
        number ^= _scrambled(int.from_bytes(data[at : at + 4], "little"))
        number = (_rotated(number, 13) * 5 + 0xE6546B64) & _32
    number ^= _scrambled(int.from_bytes(data[whole:], "little"))
    number ^= len(data)
    number = (number ^ number >> 16) * 0x85EBCA6B & _32
    number = (number ^ number >> 13) * 0xC2B2AE35 & _32
    return number ^ number >> 16


def _scrambled(word: int) -> int:
    return _rotated(word * 0xCC9E2D51 & _32, 15) * 0x1B873593 & _32


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & _32


def jump(number: int, buckets: int) -> int:
    """Choose the bucket of a number by jump consistent hashing (Lamping and Veach, arXiv 1406.2294, 2014).

    >>> [jump(number, 3) for number in range(5)]
    [0, 0, 0, 2, 1]
    """
    bucket, ahead = -1, 0
    while ahead < buckets:
        bucket = ahead
        number = (number * 2862933555777941757 + 1) & _64
        ahead = int((bucket + 1) * (2**31 / ((number >> 33) + 1)))
    return bucket
