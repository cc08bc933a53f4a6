"""What is handed in is read as data: any form, odd ones named, hostile ones harmless."""

import os
import zipfile
from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.grading.cells import Cell, for_students, from_percent, to_notebook, to_percent
from cachesim.grading.exercise import Exercise
from cachesim.grading.submission import LARGEST, is_attempted, read

EXERCISE = Exercise(Path(__file__).parents[2] / "exercises" / "01_lru")
ANSWER = "import cachesim as cs\n\n\nclass LRU(cs.EvictionPolicy):\n    mine = 1\n"


def notebook(*cells):
    return to_notebook([Cell(*cell) for cell in cells])


def test_every_form_gives_the_same_code(tmp_path):
    """A .py, a notebook, a folder and a zip."""
    (tmp_path / "a.py").write_text(ANSWER)
    (tmp_path / "b.ipynb").write_text(notebook(("lru", True, (), ANSWER)))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "work.py").write_text(ANSWER)
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("deep/down/work.py", ANSWER)
    sources = {
        read(tmp_path / name, EXERCISE).source.strip() for name in ("a.py", "b.ipynb", "c", "d.zip")
    }

    assert {ANSWER.strip()} == sources


def test_cells_are_taken_by_their_id(tmp_path):
    """Changed tests are left out, a missing cell and one that is there twice are named, magics are dropped."""
    text = notebook(
        ("lru", True, (), "first = 1\n"),
        ("visible", True, ("visible",), "def test_oldest_goes(lab): pass\n"),
        ("lru", True, (), "%timeit 1\nsecond = 2\n"),
        ("notes", False, (), "hello"),
    )
    (tmp_path / "a.ipynb").write_text(text)
    (tmp_path / "b.ipynb").write_text(notebook(("other", True, (), "x = 1\n")))
    twice, missing = (read(tmp_path / name, EXERCISE) for name in ("a.ipynb", "b.ipynb"))

    assert "second = 2" == twice.source.strip()
    assert ("cell lru is there twice: the last one counts",) == twice.notes
    assert ("cell lru is missing",) == missing.notes


def test_attack_41_archives(tmp_path):
    """Names that lead elsewhere write nothing, links are not followed, a bomb is not unpacked."""
    (tmp_path / "secret.py").write_text("secret = 1\n")
    with zipfile.ZipFile(tmp_path / "slip.zip", "w") as archive:
        archive.writestr("../../slipped.py", ANSWER)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.py", b"#" * (LARGEST * 20))
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        link = zipfile.ZipInfo("link.py")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(tmp_path / "secret.py"))
    (tmp_path / "folder").mkdir()
    os.symlink(tmp_path / "secret.py", tmp_path / "folder" / "link.py")

    assert "class LRU" in read(tmp_path / "slip.zip", EXERCISE).source
    assert not (tmp_path.parent / "slipped.py").exists()
    for name in ("bomb.zip", "link.zip", "folder"):
        with pytest.raises(BadInput, match=r"holds no \.py and no \.ipynb file"):
            read(tmp_path / name, EXERCISE)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 broken", b"{}", b'{"cells": 7}', b"\xff" * 100]
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, content):
    """A broken zip, and a notebook that is none."""
    for name in ("a.zip", "a.ipynb"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput):
            read(tmp_path / name, EXERCISE)


def test_comments_and_layout_are_no_attempt():
    """The starter with a comment is still the starter; one more line of code is an attempt."""
    commented = EXERCISE.starter + "\n# I have tried.\n"

    assert not is_attempted(read_text(commented), EXERCISE)
    assert is_attempted(read_text(ANSWER), EXERCISE)
    assert is_attempted(read_text("def ("), EXERCISE)


def read_text(source):
    from cachesim.grading.submission import Submission

    return Submission.of("s", source)


def test_percent_format_there_and_back():
    """A lab can be written and read again; what students get has no hidden cell."""
    cells = list(for_students(EXERCISE.cells))

    assert cells == from_percent(to_percent(cells))
    assert not [cell for cell in cells if "hidden" in cell.tags]
    assert "..." in next(cell for cell in cells if cell.id == "lru").source
