"""The 80-bit floats INCRBYFLOAT reckons with on x86-64, as exact fractions rounded to 64 bits."""

import re
from fractions import Fraction

from cachesim.errors import CommandError

MANTISSA = 64  # bits
DIGITS = 17  # after the point, in replies (redis 7: util.c, ld2string)
# SIMPLIFIED: the server reads up to 5,119 bytes and numbers up to 1.2e4932; Python's own limit for
# turning text into numbers and back lies a little lower.
LONGEST = 4000  # bytes of a number as text
HIGHEST = Fraction(10) ** 4000
_DECIMAL = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,5})?")
_INFINITE = re.compile(rb"[+-]?inf(inity)?", re.IGNORECASE)


def as_long_double(text: bytes) -> Fraction | None:
    """Return the number a text stands for, None if infinite. Raises CommandError.

    SIMPLIFIED: decimal numbers only; the server's C library also reads hexadecimal ones.
    """
    if _INFINITE.fullmatch(text):
        return None
    if len(text) > LONGEST or not _DECIMAL.fullmatch(text):
        raise CommandError("ERR value is not a valid float")
    number = nearest(Fraction(text.decode()))
    if abs(number) > HIGHEST:
        raise CommandError("ERR value is not a valid float")
    return number


def nearest(number: Fraction) -> Fraction:
    """Return the nearest number of a 64-bit mantissa; of two equally near the even one.

    >>> nearest(Fraction(2**64 + 1)) == 2**64
    True
    """
    if not number:
        return number
    size = abs(number)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if size < Fraction(2) ** exponent:
        exponent -= 1
    step = Fraction(2) ** (exponent - MANTISSA + 1)
    return round(number / step) * step


def shown(number: Fraction) -> bytes:
    """Return the number with up to 17 digits after the point and no zeros at the end.

    >>> shown(nearest(Fraction("5004.1")))
    b'5004.10000000000000009'
    """
    scaled = round(abs(number) * 10**DIGITS)
    whole, part = divmod(scaled, 10**DIGITS)
    sign = "-" if number < 0 and scaled else ""
    return f"{sign}{whole}.{part:0{DIGITS}d}".rstrip("0").rstrip(".").encode()
