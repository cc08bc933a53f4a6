"""HyperLogLog: how many different elements there were, in 12 KiB and with an error of 0.81 %.

Each element is hashed. Its last 14 bits choose one of 16,384 registers; the register keeps the
longest run of zeros that it has met in the other bits. A long run is rare, so it speaks for many
elements. The value is a string: a header of 16 bytes, then the registers.

Dense: six bits for each register. Sparse: runs of equal registers, as long as few are set.
"""

import math
import re
from binascii import a2b_base64, b2a_base64

from cachesim.errors import CommandError

# redis 7: hyperloglog.c
BITS, REGISTERS = 14, 1 << 14
RUNS = 64 - BITS  # the longest run of zeros
MAGIC, HEADER = b"HYLL", 16
DENSE, SPARSE = 0, 1
DENSE_BYTES = HEADER + REGISTERS * 6 // 8
STALE = 0x80  # in the last byte of the number in the header: it must be computed again
SEED = 0xADC83B19
LIMIT = 0.721347520444481703680  # 0.5 / ln(2)
CORRUPTED = "INVALIDOBJ Corrupted HLL object detected"
NOT_ONE = "WRONGTYPE Key is not a valid HyperLogLog string value."

# Six bits are one letter of base64, whose bytes go the other way round.
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
FROM_LETTERS = bytes.maketrans(LETTERS, bytes(range(64)))
TO_LETTERS = bytes.maketrans(bytes(range(64)), LETTERS)
TOPS = int.from_bytes(b"\x80" * REGISTERS, "little")
RUN = re.compile(rb"[\x40-\x7f].?|.", re.DOTALL)
EMPTY = MAGIC + bytes([SPARSE]) + bytes(11) + b"\x7f\xff"  # one run of 16,384 zeros


def murmur(data: bytes, seed: int = SEED) -> int:
    """Return a hash of 64 bits: MurmurHash64A by Austin Appleby.

    >>> hex(murmur(b"hello"))
    '0xf656f01eecfe400'
    """
    factor, word = 0xC6A4A7935BD1E995, (1 << 64) - 1
    value = seed ^ len(data) * factor & word
    whole = len(data) & ~7
    for at in range(0, whole, 8):
        part = int.from_bytes(data[at : at + 8], "little") * factor & word
        part = (part ^ part >> 47) * factor & word
        value = (value ^ part) * factor & word
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * factor & word
    value = (value ^ value >> 47) * factor & word
    return value ^ value >> 47


def place_of(element: bytes) -> tuple[int, int]:
    """Return the register of an element, and the length of its run: the zeros and the one behind them."""
    value = murmur(element)
    rest = value >> BITS | 1 << RUNS
    return value & (REGISTERS - 1), (rest & -rest).bit_length()


# The header


def check(value: bytes) -> None:
    """Raise CommandError if a string is no HyperLogLog."""
    if len(value) < HEADER or not value.startswith(MAGIC) or value[4] > SPARSE:
        raise CommandError(NOT_ONE)
    if value[4] == DENSE and len(value) != DENSE_BYTES:
        raise CommandError(NOT_ONE)


def cached(value: bytes) -> int | None:
    """Return the number of elements that the header remembers; None if it is too old."""
    return None if value[HEADER - 1] & STALE else int.from_bytes(value[8:HEADER], "little")


# The registers


def registers_of(value: bytes) -> bytes:
    """Return the 16,384 registers, a byte each. Raises CommandError if there are more or fewer."""
    if value[4] == DENSE:
        letters = b2a_base64(value[: HEADER - 1 : -1], newline=False)
        return letters.translate(FROM_LETTERS)[::-1]
    parts = [PARTS[run] for run in runs_of(value)]
    if sum(length for length, _ in parts) != REGISTERS:
        raise CommandError(CORRUPTED)
    return b"".join([bytes([number]) * length for length, number in parts])


def highest_of(one: bytes, other: bytes) -> bytes:
    """Return the higher number of each register.

    All are compared at once, as one long number of 8 bits per register: the top bit is free.
    """
    first, second = int.from_bytes(one, "little"), int.from_bytes(other, "little")
    not_lower = ((first | TOPS) - second) & TOPS
    mask = not_lower - (not_lower >> 7)
    return (second ^ (first ^ second) & mask).to_bytes(REGISTERS, "little")


def dense(header: bytes, registers: bytes) -> bytes:
    """Return a dense HyperLogLog with these registers, and the remembered number of another one."""
    body = a2b_base64(registers[::-1].translate(TO_LETTERS))[::-1]
    return MAGIC + bytes([DENSE]) + header[5:HEADER] + body


class Parts(dict[bytes, tuple[int, int]]):
    r"""A run of the sparse form -> how many registers it is, and what they hold; each read once.

    >>> Parts()[b"\x9a"], Parts()[b"@@"], Parts()[b"\x7f\xff"]
    ((3, 7), (65, 0), (16384, 0))
    """

    def __missing__(self, run: bytes) -> tuple[int, int]:
        """Read a new one."""
        first = run[0]
        if first & 0x80:
            part = (first & 3) + 1, (first >> 2 & 31) + 1
        elif first & 0x40:
            part = ((first & 0x3F) << 8 | run[1] if len(run) > 1 else (first & 0x3F) << 8) + 1, 0
        else:
            part = first + 1, 0
        self[run] = part
        return part


PARTS = Parts()


def runs_of(value: bytes) -> list[bytes]:
    """Split the sparse form into its runs, of one byte or two."""
    return RUN.findall(value, HEADER)


def run_of(length: int, number: int) -> bytes:
    r"""Write a run of the sparse form.

    >>> run_of(3, 7), run_of(64, 0), run_of(65, 0)
    (b'\x9a', b'?', b'@@')
    """
    if not length:
        return b""
    if number:
        return bytes([0x80 | number - 1 << 2 | length - 1])
    length -= 1
    return bytes([length]) if length < 64 else bytes([0x40 | length >> 8, length & 0xFF])


# The estimate


def estimate(registers: bytes) -> int:
    """Return about how many different elements the registers have met.

    References
    ----------
    O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", arXiv:1702.01284.
    """
    held = [registers.count(number) for number in range(RUNS + 2)]
    total = REGISTERS * tau((REGISTERS - held[-1]) / REGISTERS)
    for number in range(RUNS, 0, -1):
        total = (total + held[number]) * 0.5
    total += REGISTERS * sigma(held[0] / REGISTERS)
    if not total:
        return -(1 << 63)  # every register is full: the server's rounding of infinity
    result = LIMIT * REGISTERS * REGISTERS / total
    return int(result) + (result % 1 >= 0.5)


def sigma(x: float) -> float:
    """Correct for the registers that are still 0."""
    if x == 1:
        return math.inf
    total, power, before = x, 1.0, None
    while total != before:
        x *= x
        before = total
        total += x * power
        power += power
    return total


def tau(x: float) -> float:
    """Correct for the registers that are full."""
    if x in (0, 1):
        return 0.0
    total, power, before = 1 - x, 1.0, None
    while total != before:
        x = math.sqrt(x)
        before = total
        power *= 0.5
        total -= (1 - x) ** 2 * power
    return total / 3
