"""Traces that are records of numbers: cache2k, Caffeine's 64-bit series, libCacheSim's oracleGeneral and vscsi."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from cachesim.errors import BadInput
from cachesim.traces.chunks import LONGEST, READ, SIZE, WRITE, Batch
from cachesim.traces.source import Source

PAIRS = 64  # pairs of words that are enough to recognise a 64-bit series
ORACLE = np.dtype([("time", "<u4"), ("key", "<u8"), ("size", "<u4"), ("next", "<i8")])
VSCSI = {
    1: np.dtype(
        [("serial", "<u4"), ("size", "<u4"), ("parts", "<u4"), ("command", "<u2"), ("version", "<u2"),
         ("sector", "<u8"), ("time", "<u8")]
    ),
    2: np.dtype(
        [("command", "<u2"), ("version", "<u2"), ("serial", "<u4"), ("size", "<u4"), ("parts", "<u4"),
         ("sector", "<u8"), ("time", "<u8"), ("response", "<u8")]
    ),
}  # fmt: skip
SECTOR = 512  # bytes
SCSI = {
    **dict.fromkeys((0x08, 0x28, 0xA8, 0x88), READ),
    **dict.fromkeys((0x0A, 0x2A, 0xAA, 0x8A), WRITE),
}


def cache2k(source: Source) -> Iterator[Batch]:
    """Read big-endian unsigned 32-bit keys."""
    for number, keys in enumerate(source.records(np.dtype(">u4"))):
        if not number and is_wide(keys):
            raise BadInput(
                f'the trace "{source.name}" looks like a series of 64-bit keys: every second 32-bit word repeats; '
                "read it with --format corda"
            )
        yield Batch(keys)


def is_wide(words: np.ndarray) -> bool:
    """Whether 32-bit words are halves of 64-bit numbers: the high halves repeat, the low halves do not."""
    pairs = len(words) // 2
    high, low = words[: 2 * pairs : 2], words[1 : 2 * pairs : 2]
    return pairs >= PAIRS and 16 * len(np.unique(high)) <= len(np.unique(low))


def looks_wide(head: bytes) -> bool:
    """Whether a file with this beginning is a series of 64-bit keys."""
    return is_wide(np.frombuffer(head, ">u4", len(head) // 4))


def corda(source: Source) -> Iterator[Batch]:
    """Read big-endian 64-bit keys."""
    return (Batch(keys) for keys in source.records(np.dtype(">i8")))


def oracle(source: Source) -> Iterator[Batch]:
    """Read little-endian records: time, key, size, next access."""
    before = 0
    for records in source.records(ORACLE):
        times = source.moments(records["time"], before)
        yield Batch(records["key"], None, records["size"].astype(np.int64), times)
        before += len(records)


def vscsi(source: Source) -> Iterator[Batch]:
    """Read CloudPhysics' records of either version; commands other than reads and writes are counted as ignored."""
    first = next(source.blocks, b"")
    source.unit = source.how.time_unit or "us"
    dtype = VSCSI[_version(source, first)]
    source.blocks = chain([first], source.blocks)
    before = 0
    for records in source.records(dtype):
        times = source.moments(records["time"], before)
        before += len(records)
        ops = np.array(
            [SCSI.get(command & 0xFF, -1) for command in records["command"].tolist()], np.int8
        )
        for command in records["command"][ops < 0].tolist():
            source.passed[f"SCSI command {command & 0xFF:#04x}"] += 1
        yield from _extents(source, *(column[ops >= 0] for column in (records, ops, times)))


def _extents(
    source: Source, records: np.ndarray, ops: np.ndarray, times: np.ndarray
) -> Iterator[Batch]:
    """Make a request per extent or, with --block, per block of each extent."""
    sizes, block = records["size"].astype(np.int64), source.how.block
    if not block:
        yield Batch(records["sector"], ops, sizes, times)
        return
    start = records["sector"].astype(np.int64) * SECTOR
    first = start // block
    counts = (start + np.maximum(sizes, 1) - 1) // block - first + 1
    if np.any(counts > LONGEST):
        raise BadInput(
            f'the trace "{source.name}": more than {LONGEST:,} blocks; take a larger --block'
        )
    ends = np.cumsum(counts)
    for begin in range(0, int(counts.sum()), SIZE):
        blocks = np.arange(begin, min(begin + SIZE, ends[-1]))
        extent = np.searchsorted(ends, blocks, side="right")
        keys = first[extent] + blocks - (ends - counts)[extent]
        yield Batch(keys, ops[extent], np.full(len(keys), block, np.int64), times[extent])


def _version(source: Source, head: bytes) -> int:
    """Find the version of the records: the high byte of a field, whose place differs between the versions."""
    for version, dtype in sorted(VSCSI.items(), reverse=True):
        count = min(2, len(head) // dtype.itemsize)
        if count and all(np.frombuffer(head, dtype, count)["version"] >> 8 == version):
            return version
    raise BadInput(
        f'the trace "{source.name}" has no vscsi record of version 1 or 2 at its start; check the format'
    )
