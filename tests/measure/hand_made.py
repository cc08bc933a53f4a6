"""Histories made by hand."""

from cachesim.measure.history import Recorder, load
from cachesim.records import REQUEST, SAMPLE

READ = {
    "client": 0, "op": "read", "key": "k", "begin": 0.0, "end": 1.0, "lookup": "hit", "write": 0, "version": 0,
    "acknowledged": 0, "committed": 0, "error": None,
}  # fmt: skip
WRITE = {**READ, "op": "write", "lookup": None}
LOOK = {**dict.fromkeys(SAMPLE, 0)}


def read(begin=0.0, end=None, **fields):
    """Return the record of a read that took a second unless told otherwise."""
    return {**READ, "begin": begin, "end": begin + 1.0 if end is None else end, **fields}


def write(begin=0.0, end=None, *, version, **fields):
    """Return the record of a write, whose id is its version unless told otherwise."""
    ends = begin + 1.0 if end is None else end
    return {**WRITE, "begin": begin, "end": ends, "version": version, "write": version, **fields}


def look(begin, **counters):
    """Return a look at the tiers."""
    return {**LOOK, "begin": begin, **counters}


def failed(record, error="DatabaseRefused"):
    """Return a record as it is when its request failed."""
    return {**record, "write": None, "version": None, "error": error}


def history(*records):
    """Return the history of these records."""
    recorder = Recorder()
    for record in records:
        if "op" in record:
            recorder.request(tuple(record[name] for name in REQUEST))
        else:
            recorder.sample(tuple(record[name] for name in SAMPLE))
    return recorder.history()


def loaded(text, folder):
    """Return the history in a CSV with this text."""
    path = folder / "theirs.csv"
    path.write_text(text, encoding="utf-8")
    return load(path)
