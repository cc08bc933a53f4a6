"""Histories of others: words as people write them, rows that cannot be, and requests that were never answered."""

import gzip
import math

import pandas as pd
import pytest

from cachesim.errors import BadInput
from cachesim.measure import checks
from cachesim.measure.history import load, load_with_notes, save
from cachesim.measure.metrics import hit_ratio, stale_reads

HEADER = "op,begin,end,lookup,key,version,acknowledged"
ROWS = (
    "write,0.0,0.1,,k,1,0",
    "read,0.2,0.3,cold,k,1,1",
    "read,0.4,0.5,hit,k,1,1",
    "write,0.6,0.7,,k,2,1",
    "read,0.8,0.9,hit,k,1,2",
)
HITS = ["HIT", "Hit", " hit ", "hits", "True", "true", "TRUE", "1", "1.0", "yes", "Y", "TCP_HIT"]
MISSES = ["Cold", "MISS", "miss", "False", "0", "no", "Expired", "TCP_MISS"]


def written(folder, *rows, header=HEADER, name="theirs.csv"):
    """Return the path of a CSV with these rows."""
    path = folder / name
    path.write_bytes("\n".join([header, *rows, ""]).encode())
    return path


def refusal(folder, *rows, header=HEADER):
    """Return the sentence with which these rows are refused."""
    with pytest.raises(BadInput) as caught:
        load(written(folder, *rows, header=header))
    return str(caught.value)


# --- words


@pytest.mark.parametrize("hit", HITS)
@pytest.mark.parametrize("miss", [MISSES[0], MISSES[3]])
def test_a_hit_has_many_names(hit, miss, tmp_path):
    """Two of three lookups hit, and one read was stale, in whatever words."""
    rows = [row.replace(",hit,", f",{hit},").replace(",cold,", f",{miss},") for row in ROWS]
    history = load(written(tmp_path, *rows))

    assert 2 / 3 == hit_ratio(history)
    assert 1 == len(stale_reads(history))


@pytest.mark.parametrize("miss", MISSES)
def test_a_miss_has_many_names(miss, tmp_path):
    """Anything that says no is a miss."""
    assert 0.0 == hit_ratio(load(written(tmp_path, f"read,0,1,{miss},k,0,0")))


@pytest.mark.parametrize(
    ("read", "write"),
    [("Read", "Write"), ("GET", "SET"), ("r", "w"), ("select", "UPDATE"), (" read ", "put")],
)
def test_operations_have_many_names(read, write, tmp_path):
    """Verbs of Redis, HTTP and SQL, in any case."""
    rows = [row.replace("read", read).replace("write", write) for row in ROWS]

    assert load(written(tmp_path, *ROWS)).equals(load(written(tmp_path, *rows)))


def test_columns_have_many_names(tmp_path):
    """What was renamed is said, and so is what was left out."""
    header = "Operation,Start Time,end_time,Cache-Hit,object,ver,acked,host"
    rows = [f"{row},x" for row in ROWS]
    found = load_with_notes(written(tmp_path, *rows, header=header))

    assert load(written(tmp_path, *ROWS, name="ours.csv")).equals(found.history)
    assert "columns left out: host" in found.notes
    assert '"object" was read as key' in found.notes


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_line_ends_and_marks(delimiter, tmp_path):
    """A table as Excel or a Mac of old writes it: BOM, semicolons, CR LF, blank lines."""
    path = tmp_path / "excel.csv"
    text = "\r\n".join([HEADER, "", *ROWS, ""]).replace(",", delimiter)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())

    assert load(written(tmp_path, *ROWS)).equals(load(path))


def test_a_packed_history(tmp_path):
    """As `gzip history.csv` leaves it."""
    path = written(tmp_path, *ROWS)
    (tmp_path / "theirs.csv.gz").write_bytes(gzip.compress(path.read_bytes()))

    assert load(path).equals(load(tmp_path / "theirs.csv.gz"))


def test_parquet_columns_of_other_types(tmp_path):
    """A column of true and false, versions as floats, keys as numbers."""
    frame = pd.DataFrame(
        {
            "op": ["GET", "GET", "SET"], "begin": [0, 1, 2], "end": [1, 2, None], "hit": [True, False, None],
            "key": [7, 7, 7], "version": [1.0, 1.0, None], "acknowledged": [1, 1, 1],
        }
    )  # fmt: skip
    path = tmp_path / "theirs.parquet"
    pytest.importorskip("pyarrow")
    frame.to_parquet(path)
    history = load(path)

    assert (0.5, ["7", "7", "7"]) == (hit_ratio(history), history["key"].tolist())
    assert [1, 1, pd.NA] == history["version"].tolist()


# --- rows that cannot be


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("read,0.5,0.4,hit,k,1,1", 'column "end": the end, 0.4, is before the begin, 0.5'),
        ("read,,0.4,hit,k,1,1", 'column "begin": is empty'),
        ("read,NaN,0.4,hit,k,1,1", 'column "begin": is empty'),
        ("read,inf,inf,hit,k,1,1", 'column "begin": must be seconds, >= 0 and finite, got "inf"'),
        ("read,0,inf,hit,k,1,1", 'column "end": must be seconds'),
        ("read,-1,0.4,hit,k,1,1", 'column "begin": must be seconds'),
        ('read,"0,5",0.6,hit,k,1,1', 'column "begin": must be seconds'),
        ("reed,0,1,hit,k,1,1", 'column "op": must be an operation'),
        (",0,1,hit,k,1,1", 'column "op": must be an operation'),
        ("read,0,1,half-hit,k,1,1", 'column "lookup": must be "hit"'),
        ("read,0,1,hit,k,1.5,1", 'column "version": must be a whole number'),
        ("read,0,1,hit,k,-1,1", 'column "version": must be a whole number'),
        ("read,0,1,hit,k,1e300,1", 'column "version": must be a whole number'),
        (f"read,0,1,hit,k,{2**63},1", 'column "version": must be a whole number'),
        ("read,0,1,hit,k,true,1", 'column "version": must be a whole number'),
        ("write,1,2,,k,1,1", 'column "version": 1 is that of the write in row 1, of the same key "k"'),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_names_its_place(row, says, tmp_path):
    """Row and line, column, rule."""
    sentence = refusal(tmp_path, ROWS[0], "", row)

    assert f"row 2 (line 4), {says}" in sentence


def test_a_key_may_hold_a_line_end(tmp_path):
    """Lines are those of the file, also behind a key of two."""
    sentence = refusal(tmp_path, 'read,0,1,hit,"two\nlines",1,1', "read,2,1,hit,k,1,1")

    assert "row 2 (line 4)" in sentence


def test_a_row_that_is_cut_off(tmp_path):
    """Too few fields are no empty ones."""
    assert "row 2 (line 3) has 3 fields, and the header 7" in refusal(tmp_path, ROWS[0], "read,1,2")


def test_two_columns_for_one(tmp_path):
    """Neither is taken at random."""
    sentence = refusal(tmp_path, "read,1,1,2", header="op,start,started,end")

    assert 'two columns for begin, "start" and "started"' in sentence


def test_two_writes_with_one_id(tmp_path):
    """Every write has its own."""
    sentence = refusal(tmp_path, "write,1,2,k,5", "SET,3,4,k,5", header="op,begin,end,key,write")

    assert 'row 2 (line 3), column "write": 5 is that of the write in row 1' in sentence


def test_large_numbers_are_exact(tmp_path):
    """Ids beyond what a float can tell apart."""
    ids = [2**63 - 1, 2**63 - 2]
    rows = [f"write,0,1,k,{n}" for n in ids]

    assert ids == load(written(tmp_path, *rows, header="op,begin,end,key,write"))["write"].tolist()


# --- requests without an answer


CRASHED = ("write,0,1,,k,1,0", "write,2,,,k,2,1")
OLD, NEW = "read,{0},{1},hit,k,1,1", "read,{0},{1},hit,k,2,1"


@pytest.mark.parametrize(
    ("reads", "right"),
    [
        ([OLD.format(3, 4)], True),  # it never happened
        ([NEW.format(3, 4)], True),  # it happened
        ([OLD.format(3, 4), NEW.format(50, 51)], True),  # it happened late
        ([NEW.format(3, 4), OLD.format(5, 6)], False),  # and not back again
        ([NEW.format(1.1, 1.9)], False),  # nor before it began
    ],
)
def test_a_crashed_write_may_or_may_not_have_happened(reads, right, tmp_path):
    """Its end is open: every order in which it took effect at some time, or never, is right."""
    history = load(written(tmp_path, *CRASHED, *reads))

    assert right is checks.linearizable(history).ok
    assert 0 == len(stale_reads(history))


def test_an_open_request_is_counted_and_said(tmp_path):
    """It is an error as far as the client knows; times and sums leave it out; a file keeps it."""
    found = load_with_notes(written(tmp_path, *CRASHED, "read,3,,,k,,"))
    history = found.history
    save(history, tmp_path / "again.csv")

    assert ["no answer"] * 2 == history["error"].dropna().tolist()
    assert math.isnan(history["end"].iloc[-1])
    assert (
        "writes without an end: 1; no answer came, so it may or may not have taken effect"
        in found.notes
    )
    assert history.equals(load(tmp_path / "again.csv"))


def test_a_history_without_values_says_nothing_of_them(tmp_path):
    """Three columns and a key are not enough for an order: unknown, never ok."""
    history = load(written(tmp_path, "read,0,1,k", "write,2,3,k", header="op,begin,end,key"))

    assert checks.linearizable(history).ok is None


def test_rows_in_any_order(tmp_path):
    """A history goes by the ends, however the file was sorted."""
    assert load(written(tmp_path, *ROWS)).equals(load(written(tmp_path, *ROWS[::-1], name="b.csv")))
