"""From bytes to text, whatever an editor made of it; and the files of an archive, never more than makes sense."""

import codecs
import io
import lzma
import re
import stat
import zipfile
import zlib

from names import sifted

BOMS = (  # longer ones first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
COOKIE = re.compile(rb"^[ \t\f]*#.{0,200}?coding[:=][ \t]*([-\w.]+)")
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
UTF8_NAME = 0x08  # in the second byte of an entry's flags


def text_of(data):
    """Return the text of a file, by its mark, by the coding that it names, as UTF-8, or as Windows writes."""
    return _decoded(data).replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data):
    for mark, coding in BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(coding, "replace")
    if data[1:2] == b"\0":
        return data.decode("utf-16-le", "replace")
    if data[:1] == b"\0":
        return data.decode("utf-16-be", "replace")
    for coding in (*_named(data), "utf-8", "cp1252"):
        try:
            return data.decode(coding)
        except (LookupError, ValueError):
            continue
    return data.decode("latin-1")


def _named(data):
    """Return the coding that one of the first two lines names, as Python reads it."""
    lines = data[:1000].splitlines()[:2]
    return [found[1].decode() for found in map(COOKIE.match, lines) if found]


def whole(text):
    """Return a text in which every half of a surrogate pair that stands alone is replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# --- archives


class Damaged(ValueError):
    """An archive that cannot be read; says why."""


def unzipped(data, passed_over, most_files, most_bytes):
    """Yield name and content of each file of an archive that can hold an answer. Raises Damaged.

    Nothing is written to disk: a name that leads elsewhere is only a name. `passed_over` is told of junk.
    """
    try:
        with _opened(data) as archive:
            entries = [entry for entry in archive.infolist() if _is_file(entry)]
            for entry in entries:
                entry.filename = entry.filename.replace(
                    "\\", "/"
                )  # as some programs on Windows write
            names, junk = sifted(entry.filename for entry in entries)
            passed_over(junk)
            wanted = set(names)  # a name may be there twice
            for entry in [one for one in entries if one.filename in wanted][:most_files]:
                with archive.open(entry) as file:
                    content = file.read(most_bytes + 1)
                most_bytes -= len(content)
                if most_bytes < 0:
                    raise Damaged("its files are too large")
                yield entry.filename, content
    except DAMAGED as error:
        raise Damaged(str(error) or type(error).__name__) from None


def _opened(data):
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except UnicodeDecodeError:  # a name that says it is UTF-8, and is not
        return zipfile.ZipFile(io.BytesIO(_with_plain_names(data)))


def _with_plain_names(data):
    """Return an archive whose names no longer claim to be UTF-8."""
    changed = bytearray(data)
    for mark, flags in ((b"PK\x01\x02", 9), (b"PK\x03\x04", 7)):
        at = changed.find(mark)
        while at >= 0:
            if at + flags < len(changed):
                changed[at + flags] &= ~UTF8_NAME
            at = changed.find(mark, at + 4)
    return bytes(changed)


def _is_file(entry):
    return not entry.is_dir() and not stat.S_ISLNK(entry.external_attr >> 16)
