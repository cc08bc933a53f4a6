"""Every line of docs/howto/replay_a_trace.md that replays a file works, on a small file made here."""

import bz2
import gzip
import lzma
import re
import shlex
from pathlib import Path

import pytest
import zstandard

from cachesim.traces import FORMATS
from tests.cli.calls import call

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "replay_a_trace.md"
LINES = re.findall(
    r"^(?:zcat (\S+) \| )?cachesim (replay .*?)(?: +#.*)?$", PAGE.read_text("utf-8"), re.MULTILINE
)
PACK = {"gz": gzip.compress, "xz": lzma.compress, "zst": zstandard.compress, "bz2": bz2.compress}
TABLES = {  # files whose columns the options describe
    "shop.csv": "sku,weight of page\na,10\n",
    "odd.csv": "key,size_kb\na,10\n",
    "bare.csv": "5,a,10\n",
    "excel.csv": "key;op\na;get\n",
    "millis.csv": "key,time\na,1609459200000\n",
    "disk.csv": "disk,lba,len\n0,4096,4096\n",
}


def small(name, form):
    """Return a file of this name and format."""
    content = TABLES[name].encode() if name in TABLES else FORMATS[form].example
    return PACK.get(name.rpartition(".")[2], bytes)(content)


@pytest.mark.parametrize(("piped", "line"), LINES)
def test_a_line_works(piped, line, tmp_path, monkeypatch):
    """It ends well and counts requests."""
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)
    form = words[words.index("--format") + 1]
    name = piped or words[1]
    Path(name).write_bytes(small(name, form))
    found = call(*[name if word == "-" else word for word in words])

    assert 0 == found.code, found.err
    assert " requests (" in found.out or "--curve" in words


def test_every_format_has_a_line():
    """None is forgotten."""
    shown = {re.search(r"--format (\w+)", line)[1] for _, line in LINES}

    assert set(FORMATS) == shown
