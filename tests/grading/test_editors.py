"""Files as editors write them: codings, line ends, formats of notebooks; and what cannot be read says why."""

import codecs
import json
import zipfile
from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.grading.exercise import Exercise
from cachesim.grading.sandbox import TIERS, holds
from cachesim.grading.submission import read

EXERCISE = Exercise(Path(__file__).parents[2] / "exercises" / "01_lru")
ANSWER = "import cachesim as cs\n\nclass LRU(cs.EvictionPolicy):\n    name = 'ü€'\n"
LINES = [line for line in ANSWER.split("\n") if line]


def code(path):
    """Return the lines of what is run."""
    return [line for line in read(path, EXERCISE).source.split("\n") if line.strip()]


CODINGS = {
    "utf-8": ANSWER.encode(),
    "utf-8 with a mark": codecs.BOM_UTF8 + ANSWER.encode(),
    "utf-16-le": codecs.BOM_UTF16_LE + ANSWER.encode("utf-16-le"),
    "utf-16-be": codecs.BOM_UTF16_BE + ANSWER.encode("utf-16-be"),
    "utf-16-le, no mark": ANSWER.encode("utf-16-le"),
    "utf-16-be, no mark": ANSWER.encode("utf-16-be"),
    "utf-32": ANSWER.encode("utf-32"),
    "a cookie": f"# -*- coding: cp1252 -*-\n{ANSWER}".encode("cp1252"),
    "a cookie in line 2": f"#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :\n{ANSWER}".encode("iso-8859-15"),
    "a cookie that is wrong": f"# coding: ascii\n{ANSWER}".encode(),
    "a cookie that means nothing": f"# coding: klingon\n{ANSWER}".encode(),
    "windows, no cookie": ANSWER.encode("cp1252"),
    "CRLF": ANSWER.replace("\n", "\r\n").encode(),
    "CR": ANSWER.replace("\n", "\r").encode(),
    "form feeds": f"\x0c\n{ANSWER}\x0c\n".encode(),
}  # fmt: skip


@pytest.mark.parametrize("data", CODINGS.values(), ids=CODINGS)
def test_every_coding_of_a_file(tmp_path, data):
    """Line ends and letters come out as the student typed them."""
    (tmp_path / "a.py").write_bytes(data)

    assert LINES == code(tmp_path / "a.py")


@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_reads(tmp_path, tier):
    """Behind each kind of walls: codings and archives need what Python imports late."""
    if not holds(tier):
        pytest.skip(f"the tier {tier} does not work here")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.py").write_bytes(CODINGS["a cookie in line 2"])
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.py", CODINGS["windows, no cookie"])
    found = [read(tmp_path / name, EXERCISE, tier).source for name in ("a", "b.zip")]

    assert [LINES, LINES] == [[line for line in text.split("\n") if line] for text in found]


def test_tabs_and_lines_that_only_look_like_ends(tmp_path):
    """A form feed or a Unicode separator inside a string ends no line."""
    text = "import cachesim as cs\nclass LRU(cs.EvictionPolicy):\n\tname = 'a\x0cb\u2028c\x85d'\n\tage = 3\n"
    (tmp_path / "a.py").write_text(text, "utf-8")

    assert text == read(tmp_path / "a.py", EXERCISE).source


def notebook(**about):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": ANSWER.splitlines(True)}
    return {"cells": [cell | about], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


FORMAT_3 = {
    "nbformat": 3,
    "worksheets": [
        {"cells": [{"cell_type": "heading", "level": 1, "source": "Hello"}]},
        {"cells": [{"cell_type": "code", "input": ANSWER, "outputs": []}]},
    ],
}
EXTRA = {"cell_type": "markdown", "source": 7}
NOTEBOOKS = {
    "as ever": notebook(),
    "source as a text": notebook(source=ANSWER),
    "metadata null": notebook(metadata=None),
    "tags null": notebook(metadata={"tags": None}),
    "tags a text": notebook(metadata={"tags": "visible"}),
    "an id that is a number": notebook(id=3),
    "no numbers": notebook(execution_count=float("nan")),
    "a huge number": notebook() | {"metadata": {"n": "HUGE"}},
    "format 3": FORMAT_3,
    "odd cells beside it": {"cells": [None, 3, "x", [], {}, EXTRA, *notebook()["cells"], {"cell_type": "code"}]},
    "sources that are none": {"cells": [*notebook(source={"a": 1})["cells"], *notebook()["cells"]]},
    "a lone surrogate beside it": {"cells": [*notebook(source="x = '\ud800'")["cells"], *notebook()["cells"]]},
}  # fmt: skip


@pytest.mark.parametrize("told", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_every_kind_of_notebook(tmp_path, told):
    """What Jupyter, Colab and older versions write, and fields that hold something else than they should."""
    (tmp_path / "a.ipynb").write_text(json.dumps(told).replace('"HUGE"', "9" * 5000))

    assert LINES == code(tmp_path / "a.ipynb")


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_notebook_in_another_coding(tmp_path, coding):
    """As Windows programs save it."""
    (tmp_path / "a.ipynb").write_bytes(json.dumps(notebook(), ensure_ascii=False).encode(coding))

    assert LINES == code(tmp_path / "a.ipynb")


def test_a_lone_surrogate_in_the_answer(tmp_path):
    """It becomes a replacement sign, as a file would have it."""
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook(source="class LRU:\n    x = '\ud800'\n")))

    assert ["class LRU:", "    x = '\ufffd'"] == code(tmp_path / "a.ipynb")


# --- what cannot be read

OTHER = {
    "a.pdf": (b"%PDF-1.7\n...", "a.pdf is a PDF"),
    "a.py": (b"%PDF-1.7\n...", "a.py is a PDF"),
    "b.ipynb": (b"\n<!DOCTYPE html><html>", "b.ipynb is an HTML page"),
    "c.ipynb": (b"<html>", "c.ipynb is an HTML page"),
    "a.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1", "a.doc is an old Word document"),
    "a.rtf": (b"{\\rtf1", "a.rtf is an RTF document"),
    "a.tar.gz": (b"\x1f\x8b\x08", "a.tar.gz is a .tar.gz archive"),
    "a.zip": (b"Rar!\x1a\x07", "a.zip is a RAR archive"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c", "a.7z is a 7z archive"),
    "a.png": (b"\x89PNG\r\n", "a.png is a picture"),
    "empty.py": (b"", "empty.py is empty"),
    "blank.ipynb": (b" \n", "blank.ipynb is empty"),
    "empty.zip": (b"", "empty.zip is empty"),
    "d.ipynb": (b"[1, 2]", "d.ipynb is no notebook"),
    "e.ipynb": (b"{}", "e.ipynb is no notebook"),
    "f.ipynb": (b'{"cells": 7}', "f.ipynb is no notebook"),
    "g.ipynb": (b"x = 1", "g.ipynb is no notebook"),
    "h.ipynb": (b'{"a":' * 100_000, "h.ipynb is nested too deeply"),
    "essay.txt": (b"Dear teacher,\n", "essay.txt is neither a .py nor an .ipynb file"),
    "broken.zip": (b"PK\x03\x04 broken", "broken.zip is no .zip archive that can be read"),
}


@pytest.mark.parametrize(("name", "about"), OTHER.items(), ids=OTHER)
def test_what_cannot_be_read_says_why(tmp_path, name, about):
    """One sentence with the file's name and what it is."""
    (tmp_path / name).write_bytes(about[0])
    with pytest.raises(BadInput) as raised:
        read(tmp_path / name, EXERCISE)

    assert str(raised.value).startswith(about[1])


def test_office_files_are_archives_of_another_kind(tmp_path):
    """By their name, and by what they hold."""
    for name in ("a.docx", "b.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("[Content_Types].xml", "")
            archive.writestr("word/document.xml", "")
    for name, what in (("a.docx", "a Word document"), ("b.zip", "an Office document")):
        with pytest.raises(BadInput, match=f"{name} is {what}"):
            read(tmp_path / name, EXERCISE)


def test_a_bad_file_beside_a_good_one_is_named(tmp_path):
    """It costs nothing."""
    (tmp_path / "work.py").write_text(ANSWER)
    (tmp_path / "other.ipynb").write_bytes(b"%PDF")
    found = read(tmp_path, EXERCISE)

    assert "not graded: other.ipynb is a PDF, not a .py or an .ipynb file" in found.notes
