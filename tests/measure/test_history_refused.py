"""A file that holds no history is refused in one sentence, and a save that fails loses nothing."""

import os
import sys

import pandas as pd
import pytest

from cachesim.errors import BadInput
from cachesim.measure.history import load, save
from tests.measure.hand_made import history, loaded, read

# --- refusals


def refused(what):
    """Return the sentence with which something is refused."""
    with pytest.raises(BadInput) as caught:
        what()
    return str(caught.value)


def test_an_absent_file(tmp_path):
    """The path is named."""
    path = tmp_path / "none.csv"

    assert (
        f'the history "{path}" cannot be read (No such file or directory); check the path'
        == refused(lambda: load(path))
    )


def test_a_folder_is_no_file(tmp_path):
    """A folder cannot be read as a table."""
    assert "cannot be read" in refused(lambda: load(tmp_path))


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"\xff\xfe\x00\x80\x81", b'op,begin,end\n"unfinished,1,2\n', b"a\n1,2\n1,2,3\n"],
)
def test_a_file_that_is_no_table(content, tmp_path):
    """Empty, binary, truncated or ragged files are refused with their reason."""
    path = tmp_path / "bad.csv"
    path.write_bytes(content)

    assert "is no table (" in refused(lambda: load(path))


def test_a_parquet_that_is_none(tmp_path):
    """The ending promises what the content does not keep."""
    path = tmp_path / "bad.parquet"
    path.write_text("op,begin,end\n")

    assert "is no table (" in refused(lambda: load(path))


@pytest.mark.parametrize("absent", ["op", "begin", "end"])
def test_a_required_column_is_missing(absent, tmp_path):
    """The sentence names the column and those required."""
    columns = [name for name in ("op", "begin", "end") if name != absent]
    sentence = refused(lambda: loaded(",".join(columns) + "\n1,2\n", tmp_path))

    assert sentence.endswith(f'no column "{absent}"; it must have op, begin, end')


@pytest.mark.parametrize("row", ["read,soon,2,1", "read,1,2,x", "read,1,2,1.5"])
def test_a_value_of_the_wrong_kind(row, tmp_path):
    """A text where a number belongs, half a version."""
    sentence = refused(lambda: loaded(f"op,begin,end,version\n{row}\n", tmp_path))

    assert "row 1 (line 2), column " in sentence


def test_another_ending(tmp_path):
    """Only what can be read back is written, and nothing is left behind."""
    path = tmp_path / "history.xlsx"

    assert f'a history is saved as .csv or .parquet, got "{path}"' == refused(
        lambda: save(history(), path)
    )
    assert [] == os.listdir(tmp_path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_folder_that_is_not_there(ending, tmp_path):
    """The path is named, with the reason, and what to do."""
    path = tmp_path / "none" / f"history.{ending}"
    sentence = refused(lambda: save(history(), path))

    assert sentence.startswith(f'"{path}" cannot be written (')
    assert sentence.endswith("; choose another folder")
    assert "None" not in sentence


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    """The file appears whole or not at all."""
    path = tmp_path / "history.csv"
    save(history(read()), path)
    before = path.read_bytes()

    def full(self, where, **options):
        where.write_text("op,beg")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)

    assert "No space left on device" in refused(lambda: save(history(), path))
    assert (["history.csv"], before) == (os.listdir(tmp_path), path.read_bytes())


def test_without_pyarrow(tmp_path, monkeypatch):
    """Parquet needs it; the sentence says how to get it, or how to do without."""
    path = tmp_path / "history.parquet"
    save(history(), path)
    for name in [
        name for name in sys.modules if name.partition(".")[0] in ("pyarrow", "fastparquet")
    ]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, name, None)

    assert f'"{path}" needs pyarrow: pip install pyarrow, or use .csv' == refused(
        lambda: load(path)
    )
    assert f'"{path}" needs pyarrow: pip install pyarrow, or save as .csv' == refused(
        lambda: save(history(), path)
    )
