"""A file is there whole or not at all, whatever goes wrong while it is written."""

import errno
import os

import pytest

from cachesim.errors import BadInput
from cachesim.files import replace_file


@pytest.mark.parametrize("data", ["one é\n", "one é\n".encode()])
def test_text_and_bytes_are_written(tmp_path, data):
    """Folders are made, and nothing lies beside the file."""
    replace_file(tmp_path / "a" / "b.txt", "old")
    replace_file(tmp_path / "a" / "b.txt", data)

    assert "one é\n".encode() == (tmp_path / "a" / "b.txt").read_bytes()
    assert ["b.txt"] == os.listdir(tmp_path / "a")


def full_disk(*_arguments):
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupt(*_arguments):
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["pathlib.Path.write_bytes", "os.replace"])
@pytest.mark.parametrize(("fault", "seen"), [(full_disk, BadInput), (interrupt, KeyboardInterrupt)])
def test_a_failure_leaves_the_old_file_alone(tmp_path, monkeypatch, step, fault, seen):
    """A full disk is one sentence, Ctrl-C stays Ctrl-C; neither leaves a temporary file."""
    replace_file(tmp_path / "b.txt", "old")
    with monkeypatch.context() as broken:
        broken.setattr(step, fault)
        with pytest.raises(seen, match="No space left" if seen is BadInput else None):
            replace_file(tmp_path / "b.txt", "new")

    assert ["b.txt"] == os.listdir(tmp_path)
    assert "old" == (tmp_path / "b.txt").read_text()


def test_a_place_that_takes_no_file(tmp_path):
    """A folder of this name, or a file where a folder is needed, is one sentence."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "folder", tmp_path / "file" / "a.txt"):
        with pytest.raises(BadInput, match="cannot be written"):
            replace_file(path, "new")

    assert {"folder", "file"} == set(os.listdir(tmp_path))


def test_a_long_name_and_odd_signs(tmp_path):
    """A name of 255 bytes and half of a surrogate pair are no reason to fail."""
    replace_file(tmp_path / ("é" * 127), "\udc80")

    assert b"?" == (tmp_path / ("é" * 127)).read_bytes()
