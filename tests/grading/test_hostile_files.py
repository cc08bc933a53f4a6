"""Whatever a file holds, reading it ends, in bounded memory, and is that submission's trouble alone."""

import io
import json
import os
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachesim.errors import BadInput
from cachesim.grading.batch import grade, jobs
from cachesim.grading.exercise import Exercise
from cachesim.grading.reading import MIB
from cachesim.grading.sandbox import strongest
from cachesim.grading.submission import read

EXERCISE = Exercise(Path(__file__).parents[2] / "exercises" / "01_lru")
ANSWER = EXERCISE.solution


def packed(*entries, how=zipfile.ZIP_DEFLATED):
    """Return a zip of names and contents."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", how) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return data.getvalue()


def changed(data, at, *values):
    """Return bytes with some of them changed."""
    made = bytearray(data)
    made[at : at + len(values)] = bytes(values)
    return bytes(made)


PLAIN = packed(("a.py", ANSWER), how=zipfile.ZIP_STORED)
DEFLATED = packed(("a.py", ANSWER))
CENTRAL = DEFLATED.index(b"PK\x01\x02")
NOTEBOOK = {"cells": [{"cell_type": "code", "source": ANSWER}]}


def of_many_entries(count):
    """Return an archive that lists one entry very often."""
    data = packed(("x" * 8, ""), how=zipfile.ZIP_STORED)
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    return data[:start] + data[start:end] * count + data[end:]


def notebook(*cells):
    return json.dumps({"cells": [*NOTEBOOK["cells"], *cells]}, ensure_ascii=False).encode()


def cell(source):
    return {"cell_type": "code", "source": source}


NO_UTF8 = changed(packed(("\xe4.py", ANSWER)), 30, 0xFF)
LZMA, BZIP2 = zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2

GRADED = {  # read all the same; made when they are needed
    "code with broken tags": ("a.py", lambda: f"# %% tags=[x\n{ANSWER}".encode()),
    "60 MB of outputs": ("a.ipynb", lambda: notebook({"outputs": "x" * 60_000_000})),
    "60 MB of outputs with a letter of four bytes":
        ("a.ipynb", lambda: notebook({"outputs": "\U0001f600" + "x" * 60_000_000})),
    "names with backslashes": ("a.zip", lambda: packed(("in\\a.py", ANSWER), ("__MACOSX\\b.py", "LRU = 1"))),
    "outputs that are deep": ("a.ipynb", lambda: notebook()[:-1] + b', "x": ' + b"[" * 900 + b"]" * 900 + b"}"),
    "a name that is no UTF-8 but says so": ("a.zip", lambda: changed(NO_UTF8, NO_UTF8.index(b"PK\x01\x02") + 46, 0xFF)),
    "names that lead elsewhere": ("a.zip", lambda: packed(("../../../etc/a.py", ANSWER), ("/b.py", "x = 1"))),
    "a folder that is called like a file": ("a.zip", lambda: packed(("x.py/", ""), ("x.py/a.py", ANSWER))),
    "thousands of entries": ("a.zip", lambda: packed(*((f"d/{n}.csv", "") for n in range(6000)), ("a.py", ANSWER))),
    "bytes before the archive": ("a.zip", lambda: b"PK\x03\x04" + bytes(100) + DEFLATED),
    "a size that is a lie": ("a.zip", lambda: changed(DEFLATED, CENTRAL + 24, 0, 0, 0, 0x80)),
    "two entries of one name": ("a.zip", lambda: packed(("a.py", ANSWER), ("b.py", "x = 1")).replace(b"b.py", b"a.py")),
}  # fmt: skip

REFUSED = {  # with a part of the sentence
    "a deflated bomb": ("a.zip", lambda: packed(("a.py", bytes(100 * MIB))), "its files are too large"),
    "many small bombs":
        ("a.zip", lambda: packed(*((f"{n}.py", b" " * MIB + b"x") for n in range(70))), "at most 1 MiB"),
    "an LZMA bomb": ("a.zip", lambda: packed(("a.py", bytes(200 * MIB)), how=LZMA), "memory|too large"),
    "a bzip2 bomb": ("a.zip", lambda: packed(("a.py", bytes(200 * MIB)), how=BZIP2), "memory|too large"),
    "damaged deflate": ("a.zip", lambda: changed(DEFLATED, 40, *b"\xff" * 20), "Error|invalid"),
    "damaged LZMA":
        ("a.zip", lambda: changed(packed(("a.py", ANSWER), how=LZMA), 45, *b"\xff" * 20), "rror|data|input"),
    "cut off": ("a.zip", lambda: DEFLATED[:-30], "not a zip file"),
    "an unknown method":
        ("a.zip", lambda: changed(changed(DEFLATED, 8, 77), CENTRAL + 10, 77), "method is not supported"),
    "encrypted": ("a.zip", lambda: changed(changed(DEFLATED, 6, 1), CENTRAL + 8, 1), "encrypted"),
    "zip64 that is none": ("a.zip", lambda: changed(DEFLATED, CENTRAL + 42, 255, 255, 255, 255), "no .zip archive"),
    "three archives deep": ("a.zip", lambda: packed(("b.zip", packed(("c.zip", DEFLATED)))), "in an archive in"),
    "a million entries": ("a.zip", lambda: of_many_entries(1_000_000), "no .py and no .ipynb|memory|read"),
    "100,000 cells": ("a.ipynb", lambda: notebook(*[cell("x")] * 100_000), "has 100,001 code cells; at most 10,000"),
    "1 MiB of code": ("a.py", lambda: b"x = 1\n" * 200_000, "holds 1.14 MiB of code; at most 1 MiB is read"),
    "1 MiB of code in a notebook": ("a.ipynb", lambda: notebook(cell("x" * MIB)), "1.00 MiB of code"),
    "a file that is too large": ("a.ipynb", lambda: b" " * (65 * MIB), "has 65 MiB; at most 64 MiB are read. Clear"),
    "deep JSON": ("a.ipynb", lambda: b"[" * 1_000_000, "nested too deeply"),
    "many small lists": ("a.ipynb", lambda: b'{"cells": [' + b"[]," * 20_000_000 + b"[]]}", "memory|read"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "data"), GRADED.values(), ids=GRADED)
def test_odd_files_are_read(tmp_path, name, data):
    """What is odd about them is beside the answer."""
    (tmp_path / name).write_bytes(data())

    assert ("LRU",) == read(tmp_path / name, EXERCISE).written


@pytest.mark.parametrize(("name", "data", "why"), REFUSED.values(), ids=REFUSED)
def test_hostile_files_are_refused(tmp_path, name, data, why):
    """With one sentence, and within the limits of a sandbox."""
    (tmp_path / name).write_bytes(data())
    with pytest.raises(BadInput, match=why) as raised:
        read(tmp_path / name, EXERCISE)

    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) <= 500


QUADRATIC = {
    "tags": "# %%" + "tags=[" * 170_000 + "\n!x\n",
    "marks": "# %%\n" * 9_000 + "!x\n",
    "quotes": '"""' * 300_000 + "\n!x",
    "brackets": "([{" * 300_000 + "\n!x",
    "backslashes": "\\" * 900_000 + "\n!x",
    "words": "a," * 50_000 + "\n!x",
    "question marks": "a?" * 450_000 + "\n!x",
    "blanks": " " * 900_000 + "\n!x\n (",
    "strings": "'" * 900_000 + "\n!x",
    "solutions": "# BEGIN SOLUTION\n" * 55_000 + "!x",
    "statements on one line": "x = 1; " * 20_000,
    "changes of one name": "x.y = 1\n" * 20_000,
    "coding": "#" + "coding" * 100_000 + "\n!x",
}


@pytest.mark.parametrize("text", QUADRATIC.values(), ids=QUADRATIC)
def test_no_text_takes_long(tmp_path, text):
    """Whatever an expression could trip over is read within the CPU limit, and the answer beside it."""
    (tmp_path / "a.py").write_text(text)
    (tmp_path / "b.ipynb").write_bytes(notebook(cell(text)))

    assert () == read(tmp_path / "a.py", EXERCISE).written
    assert ("LRU",) == read(tmp_path / "b.ipynb", EXERCISE).written


def outcome(path):
    """Return a submission, or the sentence that says why there is none."""
    try:
        return read(path, EXERCISE)
    except BadInput as problem:
        return str(problem)


@settings(max_examples=15)
@given(st.binary(max_size=2000), st.sampled_from(["a.py", "a.ipynb", "a.zip", "a"]))
def test_any_bytes(tmp_path_factory, data, name):
    """A submission, or one sentence."""
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(data)
    found = outcome(path)

    assert "\n" not in found if isinstance(found, str) else () == found.written


@settings(max_examples=15)
@given(st.data(), st.sampled_from([PLAIN, DEFLATED, json.dumps(NOTEBOOK).encode()]))
def test_any_damage(tmp_path_factory, draw, data):
    """A few bytes of a right file changed."""
    for _ in range(draw.draw(st.integers(1, 5))):
        data = changed(
            data, draw.draw(st.integers(0, len(data) - 1)), draw.draw(st.integers(0, 255))
        )
    path = tmp_path_factory.mktemp("any") / ("a.ipynb" if data.startswith(b"{") else "a.zip")
    path.write_bytes(data)
    found = outcome(path)

    assert "\n" not in found if isinstance(found, str) else "a" == found.id


def test_one_bad_file_never_costs_a_class(tmp_path):
    """Names that are no UTF-8, half a surrogate pair, damaged archives: the others get their points."""
    half = json.dumps({"cells": [cell("x = '\ud800'")]}).encode()
    names = {"bad.zip": zlib.compress(b"x"), "cut.zip": DEFLATED[:-30], "half.ipynb": half}
    for name, data in names.items():
        (tmp_path / name).write_bytes(data)
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.py")
    Path(odd).write_text(ANSWER)
    (tmp_path / "right.py").write_text(ANSWER)
    paths = sorted(tmp_path.iterdir())
    work = jobs(EXERCISE, paths, strongest(), seed=1, secret="", out=None)
    scores = [report.score for report in grade(work, n_jobs=1)]

    assert [0, 0, 0, 100, 100] == scores
