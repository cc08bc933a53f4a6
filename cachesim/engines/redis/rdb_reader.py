"""Reads the pieces of an RDB file: lengths, texts, numbers (redis 7: rdb.c, lzf_d.c)."""

from collections.abc import Callable
from struct import unpack_from
from typing import Any

from cachesim.errors import BadInput

NUMBERS = {0: "<b", 1: "<h", 2: "<i"}  # the form of a text that is a number -> its bytes
COMPRESSED = 3
SIZES = {"<b": 1, "<h": 2, "<i": 4, "<q": 8, "<Q": 8, "<d": 8, "<I": 4, ">I": 4, ">Q": 8}
WORDS = {253: "nan", 254: "inf", 255: "-inf"}  # instead of a length, in the old form of a score


Load = Callable[["RdbReader", Any], Any]  # the reader and the keyspace -> a value


class RdbReader:
    r"""A place in a file, which moves on as its pieces are read. Raises BadInput at its end.

    >>> reader = RdbReader(b"\x03abc\xc1\xe8\x03\x40\x64")
    >>> reader.text(), reader.text(), reader.length(), reader.is_over
    (b'abc', b'1000', 100, True)
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    @property
    def is_over(self) -> bool:
        """Whether everything has been read."""
        return self.at >= len(self.data)

    def take(self, size: int) -> bytes:
        """Read so many bytes."""
        part = self.data[self.at : self.at + size]
        if len(part) < size:
            raise BadInput(
                f"the RDB file ends at byte {len(self.data)}, within a value; it is cut off"
            )
        self.at += size
        return part

    def byte(self) -> int:
        """Read a byte."""
        return self.take(1)[0]

    def number(self, form: str) -> float:
        """Read a number in a form of the module struct."""
        value: float = unpack_from(form, self.take(SIZES[form]))[0]
        return value

    def length(self) -> int:
        """Read a length."""
        size, is_special = self._length()
        if is_special:
            raise BadInput(f"the RDB file has no length where one must be, before byte {self.at}")
        return size

    def _length(self) -> tuple[int, bool]:
        """Read a length; or the special form of a text, and True."""
        first = self.byte()
        kind, low = first >> 6, first & 63
        if kind == 0:
            return low, False
        if kind == 1:
            return low << 8 | self.byte(), False
        if first == 0x80:
            return int(self.number(">I")), False
        if first == 0x81:
            return int(self.number(">Q")), False
        return low, True

    def text(self) -> bytes:
        """Read a text: plain, compressed, or written as a number."""
        size, is_special = self._length()
        if not is_special:
            return self.take(size)
        if size == COMPRESSED:
            packed, whole = self.length(), self.length()
            return unpacked(self.take(packed), whole)
        if size not in NUMBERS:
            raise BadInput(
                f"the RDB file has a text of an unknown form, {size}, before byte {self.at}"
            )
        return b"%d" % int(self.number(NUMBERS[size]))

    def texts(self, count: int | None = None) -> list[bytes]:
        """Read some texts; without a count, their number comes first."""
        return [self.text() for _ in range(self.length() if count is None else count)]

    def old_score(self) -> float:
        """Read a score as text, as versions before 4 wrote it."""
        size = self.byte()
        return float(WORDS[size] if size in WORDS else self.take(size))


def unpacked(packed: bytes, size: int) -> bytes:
    r"""Unpack what LZF has compressed: runs of bytes, and references to earlier ones.

    >>> unpacked(b"\x01ab\x60\x01", 7)
    b'abababa'
    """
    out, at = bytearray(), 0
    while at < len(packed):
        control = packed[at]
        at += 1
        if control < 32:
            out += packed[at : at + control + 1]
            at += control + 1
            continue
        length = control >> 5
        if length == 7:
            length += packed[at]
            at += 1
        back = len(out) - ((control & 31) << 8 | packed[at]) - 1
        at += 1
        if back < 0:
            break
        for place in range(back, back + length + 2):
            out.append(out[place])
    if len(out) != size:
        raise BadInput(
            f"the RDB file has a compressed text of {size} bytes that unpacks to {len(out)}"
        )
    return bytes(out)


# Several elements in one text

LISTPACK_NUMBERS = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}  # the first byte -> bytes of the number
ZIPLIST_NUMBERS = {0xC0: 2, 0xD0: 4, 0xE0: 8, 0xF0: 3, 0xFE: 1}
END = 0xFF


def in_listpack(pack: bytes) -> list[bytes]:
    """Return the elements of a listpack (redis 7: listpack.c)."""
    reader, found = RdbReader(pack), []
    reader.take(6)
    while (first := reader.byte()) != END:
        begin = reader.at - 1
        found.append(_listpack_element(reader, first))
        size = reader.at - begin
        reader.take(1 if size <= 127 else 2 if size < 16383 else 3 if size < 2097151 else 4)
    return found


def _listpack_element(reader: RdbReader, first: int) -> bytes:
    if first < 0x80:
        return b"%d" % first
    if first < 0xC0:
        return reader.take(first & 63)
    if first < 0xE0:
        number = (first & 31) << 8 | reader.byte()
        return b"%d" % (number - (1 << 13 if number >= 1 << 12 else 0))
    if first < 0xF0:
        return reader.take((first & 15) << 8 | reader.byte())
    if first == 0xF0:
        return reader.take(int(reader.number("<I")))
    return _signed(reader, LISTPACK_NUMBERS.get(first))


def _signed(reader: RdbReader, size: int | None) -> bytes:
    if size is None:
        raise BadInput("the RDB file has an element of an unknown form in a packed value")
    return b"%d" % int.from_bytes(reader.take(size), "little", signed=True)


def in_ziplist(pack: bytes) -> list[bytes]:
    """Return the elements of a ziplist, which servers before 7 wrote (redis 6: ziplist.c)."""
    reader, found = RdbReader(pack), []
    reader.take(10)
    while (before := reader.byte()) != END:
        reader.take(4 if before == 0xFE else 0)
        found.append(_ziplist_element(reader, reader.byte()))
    return found


def _ziplist_element(reader: RdbReader, first: int) -> bytes:
    if first < 0x40:
        return reader.take(first)
    if first < 0x80:
        return reader.take((first & 63) << 8 | reader.byte())
    if first < 0xC0:
        return reader.take(int(reader.number(">I")))
    if 0xF1 <= first <= 0xFD:
        return b"%d" % ((first & 15) - 1)
    return _signed(reader, ZIPLIST_NUMBERS.get(first))


def in_intset(pack: bytes) -> list[bytes]:
    """Return the numbers of an intset (redis 7: intset.c)."""
    reader = RdbReader(pack)
    width, count = int(reader.number("<I")), int(reader.number("<I"))
    return [_signed(reader, width) for _ in range(count)]
