"""Runs inside the sandbox, before anything of a student's does: reads what was handed in, and says which code counts.

Whatever a file holds, all that it can break is this process. The grader sends each file, then asks for the outcome.
"""

import base64
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
MOST_CODE = MIB  # bytes of code in one file; what a notebook shows does not count
MOST_CELLS = 10_000
MOST_FILES = 200  # of an archive
MOST_UNPACKED = 64 * MIB  # bytes
DEEPEST = 2  # an archive may lie in an archive, and no deeper
OFFICE = b"[Content_Types].xml"  # stands first in what Word, Excel and PowerPoint write
PIECE = 80_000  # characters of the outcome that are sent at once


class Refused(ValueError):
    """A file that cannot be graded; says why."""


class Reader:
    """The files of one submission, as they come in."""

    def __init__(self):
        self.coming, self.said = bytearray(), ""
        self.answers, self.refused, self.junk = [], [], []

    def task(self, **told):
        """Note what the exercise asks for."""
        self.asked = Task(**told)
        return {"ok": True}

    def take(self, name, data, is_last):
        """Take a piece of a file; after the last one, read it."""
        self.coming += base64.b64decode(data)
        if is_last:
            whole, self.coming = bytes(self.coming), bytearray()
            self.file(name, whole, 0)
        return {"ok": True}

    def inputs(self, name, data, is_last):
        """Take a piece of the JSON list of what was run in a notebook."""
        self.coming += base64.b64decode(data)
        if is_last:
            sources = enumerate(json.loads(self.coming))
            pieces = [Piece(f"In [{n}]", 1, "", whole(source)) for n, source in sources]
            self.answers.append(Answer(name, pieces, self.asked))
        return {"ok": True}

    def outcome(self):
        """Decide; return how many characters that takes to say."""
        self.said = json.dumps(chosen(self.answers, self.refused, self.junk), ensure_ascii=False)
        return {"length": len(self.said)}

    def piece(self, start):
        """Return a piece of what was decided."""
        return {"text": self.said[start : start + PIECE]}

    def skip(self, name, why):
        """Note a file that the grader does not send."""
        self.refused.append([name, why])
        return {"ok": True}

    def pass_over(self, names):
        """Note folders and files that are never looked at."""
        self.junk += names
        return {"ok": True}

    def file(self, name, data, depth):
        """Read one file, or each file of an archive."""
        try:
            if data.startswith((b"PK\x03\x04", b"PK\x05\x06")) or kind_of(name) == "zip":
                self._archive(name, data, depth)
            else:
                self.answers.append(Answer(name, pieces_of(name, data), self.asked))
        except Refused as problem:
            self.refused.append([name, str(problem)])
        except MemoryError:
            self.coming = bytearray()
            self.refused.append([name, "takes more memory than there is for reading it"])

    def _archive(self, name, data, depth):
        if depth == DEEPEST:
            raise Refused("is an archive in an archive in an archive")
        is_empty = True
        try:
            for inside, content in unzipped(data, self.pass_over, MOST_FILES, MOST_UNPACKED):
                self.file(f"{name}/{inside}" if depth else inside, content, depth + 1)
                is_empty = False
        except Damaged as problem:
            what = format_of(name, data[:100])
            why = f"is {what}" if what else f"is no .zip archive that can be read: {problem}"
            raise Refused(why) from None
        if is_empty:
            what = format_of(name, b"") or (OFFICE in data[:1000] and "an Office document")
            raise Refused(f"is {what}" if what else "holds no .py and no .ipynb file")


def pieces_of(name, data):
    """Return the pieces of a file. Raises Refused."""
    if not data.strip():
        raise Refused("is empty")
    if what := format_of("", data[:100]):
        raise Refused(f"is {what}, not a .py or an .ipynb file")
    is_notebook = kind_of(name) == "ipynb" or data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    if not is_notebook and len(data) > 4 * MOST_CODE:
        raise Refused(f"holds {len(data) / MIB:.1f} MiB of code; at most 1 MiB is read")
    pieces = _cells(text_of(data)) if is_notebook else _marked(text_of(data))
    size = sum(len(piece.source.encode()) for piece in pieces)
    if size > MOST_CODE:
        raise Refused(f"holds {size / MIB:.1f} MiB of code; at most 1 MiB is read")
    return pieces


def _cells(text):
    try:
        cells = of_notebook(json.loads(text, parse_int=len, parse_float=len))  # no number matters
    except RecursionError:
        raise Refused("is nested too deeply for a notebook") from None
    except ValueError:
        raise Refused("is no notebook that Jupyter could have written; save it again") from None
    if len(cells) > MOST_CELLS:
        raise Refused(f"has {len(cells):,} code cells; at most {MOST_CELLS:,} are read")
    return [Piece(f"cell {number}", 1, name, whole(source)) for number, name, source in cells]


def _marked(text):
    """Return a .py file as one piece; if it is no Python as it stands, then by its `# %%` marks."""
    try:
        parsed(text)
        return [Piece("", 1, "", text)]
    except NO_PYTHON:
        cells = marked(text)
        if len(cells) > MOST_CELLS:
            raise Refused(f"has {len(cells):,} cells; at most {MOST_CELLS:,} are read") from None
        return [Piece("", cell.first, "", cell.source) for cell in cells if cell.is_code]


def answer(reader, message):
    """Answer one message."""
    try:
        return getattr(reader, message.pop("do"))(**message)
    except Exception as error:
        return {"error": {"kind": type(error).__name__, "text": str(error)[:200]}}


def main():
    """Answer until the grader hangs up."""
    channel = Channel()
    channel.send({"walls": fence(json.loads(sys.argv[1]))})
    reader = Reader()
    while (message := channel.receive()) is not None:
        channel.send(answer(reader, message))


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    from answer import NO_PYTHON, Answer, Piece, Task, parsed
    from cells import marked, of_notebook
    from choice import chosen
    from names import format_of, kind_of
    from runner import Channel, fence
    from texts import Damaged, text_of, unzipped, whole

    main()
