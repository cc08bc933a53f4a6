"""Numbers as the server reads them, with C's strtol and similar functions.

Blanks before a number are ignored, and so is everything after a blank. A number that is too large for
its type loses its high bits without an error, unless it needs more than 64 bits.
"""

import re

WORD, LONG = 2**32, 2**64
_NUMERAL = re.compile(rb"[ \t\n\v\f\r]*([+-]?)([0-9]+)(?=[ \t\n\v\f\r\0]|\Z)")
_REAL = re.compile(
    rb"[ \t\n\v\f\r]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?=[ \t\n\v\f\r\0]|\Z)"
)


def to_unsigned(text: bytes) -> int | None:
    """Return an unsigned number of 64 bits; None if the text is no number (util.c, safe_strtoull).

    >>> to_unsigned(b" 12 apples"), to_unsigned(b"12apples"), to_unsigned(b"-1")
    (12, None, None)
    """
    match = _NUMERAL.match(text)
    if match is None or int(match[2]) >= LONG:
        return None
    if match[1] == b"-":  # strtoull wraps; a number that is still negative is refused
        number = -int(match[2]) % LONG
        return number if number < LONG // 2 else None
    return int(match[2])


def to_word(text: bytes) -> int | None:
    """Return an unsigned number of 32 bits; None if the text is no number (util.c, safe_strtoul).

    >>> to_word(b"4294967297")
    1
    """
    number = to_unsigned(text)
    return None if number is None else number % WORD


def to_signed(text: bytes) -> int | None:
    """Return a signed number of 32 bits; None if the text is no number (util.c, safe_strtol).

    >>> to_signed(b"-5"), to_signed(b"4294967299"), to_signed(b"x")
    (-5, 3, None)
    """
    match = _NUMERAL.match(text)
    number = 0 if match is None else int(match[1] + match[2])
    if match is None or not -LONG // 2 <= number < LONG // 2:
        return None
    return (number + WORD // 2) % WORD - WORD // 2


def to_real(text: bytes) -> float | None:
    """Return a real number; None if the text is no number (util.c, safe_strtod).

    SIMPLIFIED: no hex, inf or nan.

    >>> to_real(b"0.8"), to_real(b"x")
    (0.8, None)
    """
    match = _REAL.match(text)
    return None if match is None else float(match[1])
