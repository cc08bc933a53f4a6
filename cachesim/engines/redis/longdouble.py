"""The 80-bit floats with which INCRBYFLOAT computes on x86-64: fractions rounded to 64 bits."""

import re
from fractions import Fraction

from cachesim.errors import CommandError

MANTISSA = 64  # bits
DIGITS = 17  # after the point, in replies (redis 7: util.c, ld2string)
# SIMPLIFIED: the server reads up to 5,119 bytes and numbers up to 1.2e4932. Python's own limit for
# converting between text and numbers is a little lower.
LONGEST = 4000  # bytes of a number as text
HIGHEST = Fraction(10) ** 4000
LOWEST = Fraction(1, 2**16446)  # what is not above it becomes 0 (half of the smallest number)
_DECIMAL = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,5})?")
_HEXADECIMAL = re.compile(
    rb"([+-]?)0[xX]([0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP]([+-]?[0-9]{1,5}))?"
)
_INFINITE = re.compile(rb"[+-]?inf(inity)?", re.IGNORECASE)


def as_long_double(text: bytes) -> Fraction | None:
    """Read a number; None if it is infinite. Raises CommandError.

    The C library reads hexadecimal numbers too, with a power of 2:

    >>> as_long_double(b"0x1.8p3")
    Fraction(12, 1)
    """
    if _INFINITE.fullmatch(text):
        return None
    hexadecimal = _HEXADECIMAL.fullmatch(text)
    if len(text) > LONGEST or not (hexadecimal or _DECIMAL.fullmatch(text)):
        raise CommandError("ERR value is not a valid float")
    number = nearest(from_hexadecimal(hexadecimal) if hexadecimal else Fraction(text.decode()))
    if abs(number) > HIGHEST or 0 < abs(number) <= LOWEST:  # redis 7: util.c, string2ld
        raise CommandError("ERR value is not a valid float")
    return number


def from_hexadecimal(match: re.Match[bytes]) -> Fraction:
    """Convert a number such as 0x1.8p3."""
    sign, digits, exponent = match.groups()
    whole, _, part = digits.partition(b".")
    number = Fraction(int(whole + part, 16)) * Fraction(2) ** (int(exponent or 0) - 4 * len(part))
    return -number if sign == b"-" else number


def nearest(number: Fraction) -> Fraction:
    """Round to the nearest number with a 64-bit mantissa; between two equally near, to the even one.

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
    """Show the number with up to 17 digits after the point and without zeros at the end.

    >>> shown(nearest(Fraction("5004.1")))
    b'5004.10000000000000009'
    """
    scaled = round(abs(number) * 10**DIGITS)
    whole, part = divmod(scaled, 10**DIGITS)
    sign = "-" if number < 0 and scaled else ""
    return f"{sign}{whole}.{part:0{DIGITS}d}".rstrip("0").rstrip(".").encode()
