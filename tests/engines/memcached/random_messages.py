"""Random messages of memcached's binary protocol, good and bad, to compare two servers.

Left out: what the server does not define (it reads on behind a value of blanks, and of a number from 2^63 on);
figures of lists hang on what other threads do.
"""

import random as _random
import struct

KEYS = [b"k%d" % n for n in range(10)] + [b"a:1", b"a:2", b"b:1"]
ODD_KEYS = [b"", b"k" * 250, b"k" * 251, b"\xff\x00 \n", b"k 1"]
OPCODES = {
    "get": [0x00, 0x09, 0x0C, 0x0D],
    "set": [0x01, 0x11, 0x02, 0x12, 0x03, 0x13],
    "delete": [0x04, 0x14],
    "count": [0x05, 0x15, 0x06, 0x16],
    "join": [0x0E, 0x19, 0x0F, 0x1A],
    "touch": [0x1C, 0x1D, 0x1E, 0x23, 0x24],
    "plain": [0x0A, 0x0B],
    "flush": [0x08, 0x18],
    "stat": [0x10],
    "sasl": [0x20, 0x21, 0x22],
    "odd": [0x1B, 0x25, 0x30, 0x7F, 0xFF],
}
KINDS, WEIGHTS = list(OPCODES), [20, 25, 6, 15, 8, 10, 2, 1, 2, 0.5, 0.5]
EXPTIMES = [0, 0, 0, 0, 1, 2, 60, 2592000, 2592001, 1577836900, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF]
NUMBERS = [0, 1, 9, 10, 99, 2**32, 2**40]
DATA = [
    b"",
    b"1",
    b"9",
    b"10",
    b"007",
    b"5x",
    b"+3",
    b"-3",
    b"x",
    b"ab\r\n",
    b"\x00\xff",
    b"18446744073709551615",
]
SIZES = [30, 100, 300, 1000, 5000, 40_000, 300_000, 524_200, 600_000, 1_048_400, 1_048_577]
SIZE_WEIGHTS = [8, 8, 4, 2, 1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1]
STATS = [b"sizes", b"x", b"detail on", b"detail off", b"detail dump", b"detail", b"conns"]
HEAD = struct.Struct(">BBHBBHLLQ")


def message(opcode, key=b"", extras=b"", value=b"", opaque=0, cas=0, body=None):
    """Return the bytes of a message; `body` can lie about their number."""
    size = len(key) + len(extras) + len(value) if body is None else body
    head = HEAD.pack(0x80, opcode, len(key), len(extras), 0, 0, size, opaque, cas)
    return head + extras + key + value


def random_message(random: _random.Random) -> bytes:
    """Return one message; about one in thirty is no good."""
    kind = random.choices(KINDS, WEIGHTS)[0]
    opcode = random.choice(OPCODES[kind])
    key = random.choice(ODD_KEYS if random.random() < 0.01 else KEYS)
    extras, value = b"", b""
    if kind in {"set", "join"}:
        value = random.choice(DATA)
        if random.random() < 0.5:
            value = random.choice([b"a", b"\x00"]) * random.choices(SIZES, SIZE_WEIGHTS)[0]
    if kind == "set":
        extras = struct.pack(">LL", random.choice([0, 0, 5, 2**32 - 1]), random.choice(EXPTIMES))
    elif kind == "count":
        numbers = random.choice(NUMBERS), random.choice(NUMBERS), random.choice(EXPTIMES)
        extras = struct.pack(">QQL", *numbers)
    elif kind == "touch":
        extras = struct.pack(">L", random.choice(EXPTIMES))
    elif kind in {"plain", "flush"}:
        key = b""
        extras = random.choice([b"", b"", struct.pack(">L", random.choice([0, 2]))])
        extras = extras if kind == "flush" else b""
    elif kind == "stat":
        key = random.choice(STATS)
    elif kind == "sasl":
        key, value = random.choice([(b"", b""), (b"PLAIN", b"\0a\0b"), (b"x" * 40, b"y")])
    if random.random() < 0.01:
        extras, value = random.choice(
            [(extras + b"x", value), (b"", value), (extras, value + b"y")]
        )
    cas = random.choice([0] * 8 + [1, random.randrange(1, 200)])
    body = None
    if random.random() < 0.005:
        body = random.choice([0, 3, 2**32 - 1, 2**31 - 1, 2**31])
    return message(opcode, key, extras, value, random.randrange(2**32), cas, body)
