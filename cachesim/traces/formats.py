"""The list of formats. The command line, the documentation and the tests are made from it.

To add a format, write a `Layout` if it is a table, else a function of a `Source`; then add a row to `FORMATS`.
"""

import struct
from collections.abc import Callable, Iterator
from itertools import chain
from typing import NamedTuple

from cachesim.traces import binary, plain
from cachesim.traces.chunks import DELETE, READ, WRITE, Batch, Row, batched
from cachesim.traces.header import csv_table
from cachesim.traces.source import Source
from cachesim.traces.table import PASS, Layout, Table


class Format(NamedTuple):
    """One format of trace files."""

    what: str  # what a line or a record is
    columns: str  # what it says of a request
    example: bytes  # a file with one or two requests
    source: str  # where the format is described
    read: Callable[[Source], Iterator[Batch]]
    is_binary: bool = False
    has_blocks: bool = False  # whether --block can split its requests
    has_choices: bool = False  # whether it has columns to name: --columns, --delimiter, --no-header
    takes_all: bool = False  # whether it can read files of other formats too
    looks: Callable[[bytes], bool] | None = None  # whether a file with this beginning may be one

    def __repr__(self) -> str:
        """Name it by what a line is: the functions say nothing to a reader."""
        return f"Format({self.what!r})"

    def __str__(self) -> str:
        return f'"{self.what}"'


def _rows(read: Callable[[Source], Iterator[Row]]) -> Callable[[Source], Iterator[Batch]]:
    return lambda source: batched(read(source))


def _table(layout: Layout) -> Callable[[Source], Iterator[Batch]]:
    return lambda source: batched(Table(source, layout).rows(source.lines()))


TWITTER = Layout(("time", "key", "-key size", "size", "-client id", "op", "ttl"))
DISK = {"read": READ, "write": WRITE, "r": READ, "w": WRITE, "0": READ, "1": WRITE}
MSR = Layout(
    ("time", "device", "device", "op", "offset", "size", "-response time"),
    unit="filetime",
    ops=DISK,
)
CBS = Layout(
    ("time", "offset", "size", "op", "device"), unit="s", ops=DISK, sector=512, size_unit=512
)
ALIBABA = Layout(("device", "op", "offset", "size", "time"), unit="us", ops=DISK)
SPC = Layout(("device", "offset", "size", "op", "time"), unit="s", ops=DISK, sector=512)
SCSI = {text: op for code, op in binary.SCSI.items() for text in (f"{code:x}", f"{code:02x}")}
LIBCACHESIM = Layout(("-version", "time", "op", "size", "offset"), ops=SCSI, sector=512)
ADAPT_SIZE = Layout(("time", "key", "size"), None)
ADDRESS = Layout(("op", "offset", "-instructions"), None, ops={"l": READ, "s": WRITE}, required=2)
WIKIPEDIA = Layout(
    ("-counter", "time", "key", "op"), None, unit="s", ops={"-": READ, "save": WRITE}
)
_IBM_OPS = {"put": WRITE, "get": READ, "delete": DELETE, "head": PASS, "copy": PASS}
IBM = Layout(
    ("time", "op", "key", "size", "-range start", "-range end"),
    None,
    unit="ms",
    ops={f"rest.{word}.object": op for word, op in _IBM_OPS.items()}
    | {str(number): op for number, op in enumerate(_IBM_OPS.values())},
    required=3,
)


def _ibm(source: Source) -> Iterator[Row]:
    """Read IBM's lines, with blanks between the fields or, as libCacheSim's users have them, commas."""
    lines = source.lines()
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    layout = IBM._replace(delimiter="," if "," in first else None)
    return Table(source, layout).rows(chain([first], lines))


_CAFFEINE = "simulator of github.com/ben-manes/caffeine"
_VSCSI = struct.pack("<3I2H2Q", 1, 4096, 1, 0x28, 0x0100, 8, 1_000_000)
FORMATS = {
    "cache2k": Format(
        "a key: big-endian unsigned 32-bit number", "key", struct.pack(">2I", 7, 1),
        "benchmark of github.com/cache2k/cache2k", binary.cache2k, is_binary=True, takes_all=True,
    ),
    "lirs": Format(
        "a block number; a line * is a mark", "key", b"7\n*\n1\n",
        "traces of the LIRS paper (Jiang and Zhang 2002)", _rows(plain.lirs),
    ),
    "arc": Format(
        "start count ignored sequence: count blocks in a row", "key", b"10 3 0 1\n",
        "traces of the ARC paper (Megiddo and Modha 2003)", _rows(plain.arc),
    ),
    "oracleGeneral": Format(
        "little-endian time, key, size, next access: 4, 8, 4 and 8 bytes", "key size time",
        struct.pack("<IQIq", 100, 7, 50, -1),
        "github.com/1a1a11a/libCacheSim", binary.oracle, is_binary=True,
    ),
    "csv": Format(
        "fields under a header that names them; CacheLib's too", "key op size time ttl count",
        b"time,key,op,size,ttl\n0,a,get,100,0\n", "spreadsheets; github.com/facebook/CacheLib", _rows(csv_table),
        has_blocks=True, has_choices=True,
    ),
    "twitter": Format(
        "timestamp,key,key_size,value_size,client_id,operation,ttl", "key op size time ttl",
        b"0,a,1,50,9,get,0\n", "github.com/twitter/cache-trace", _table(TWITTER),
    ),
    "string": Format(
        "a reference string: keys with blanks or commas between them", "key", b"7 0 1 2 0\n",
        "textbooks on operating systems", _rows(plain.string), takes_all=True,
    ),
    "monitor": Format(
        "what redis-cli monitor prints", "key op time ttl",
        b'1339518083.107412 [0 127.0.0.1:60866] "get" "user:1"\n',
        "redis.io/docs/latest/commands/monitor", _rows(plain.monitor),
    ),
    "msr": Format(
        "timestamp (FILETIME),host,disk,type,offset,size,response time", "key op size time",
        b"128166372003061629,hm,0,Read,9056039424,4096,113736\n",
        "MSR Cambridge (Narayanan et al. 2008), iotta.snia.org/traces/388", _table(MSR), has_blocks=True,
    ),
    "ibm": Format(
        "time (ms) operation object size, perhaps a range", "key op size time",
        b"1219008 REST.GET.OBJECT 8d4fcda3d675bac9 1056\n",
        "IBM object store, iotta.snia.org/traces/36305", _rows(_ibm),
    ),
    "cbs": Format(
        "time,offset,size,type,volume: sectors of 512 bytes, 0 reads, 1 writes", "key op size time",
        b"1538323200,12910952,128,0,1063\n",
        "Tencent cloud block storage (Zhang et al. 2020), iotta.snia.org/traces/27917", _table(CBS),
        has_blocks=True,
    ),
    "alibaba": Format(
        "device,R or W,offset,size,time (us)", "key op size time",
        b"419,W,8792731648,16384,1577808144360767\n",
        "github.com/alibaba/block-traces", _table(ALIBABA), has_blocks=True,
    ),
    "spc": Format(
        "unit,sector,size,R or W,time", "key op size time", b"0,20941264,8192,W,0.551706\n",
        "SPC traces of the UMass repository (Financial, WebSearch)", _table(SPC), has_blocks=True,
    ),
    "libcachesim": Format(
        "version,time,SCSI command (hex),size,sector under a header", "key op size time",
        b"version,time,op,size,lbn\n1,33898,28,512,42932745\n",
        "the sample .csv of github.com/1a1a11a/libCacheSim", _table(LIBCACHESIM), has_blocks=True,
    ),
    "vscsi": Format(
        "CloudPhysics' record of a SCSI command, version 1 (32 bytes) or 2 (40 bytes)",
        "key op size time", _VSCSI, "github.com/1a1a11a/libCacheSim", binary.vscsi,
        is_binary=True, has_blocks=True,
    ),
    **{
        name: Format(
            "a key: big-endian 64-bit number", "key", struct.pack(">2Q", 7, 1), _CAFFEINE,
            binary.corda, is_binary=True, looks=binary.looks_wide,
        )
        for name in ("corda", "scarab")
    },
    "adapt_size": Format(
        "time key size", "key size time", b"1 a 120\n",
        f"github.com/dasebe/webcachesim, {_CAFFEINE}", _table(ADAPT_SIZE),
    ),
    "address": Format(
        "l or s (load, store), address, instructions between", "key op",
        b"l 0x1fffff50 1\n", f"UC San Diego, CSE 240A; {_CAFFEINE}", _table(ADDRESS), has_blocks=True,
    ),
    "wikipedia": Format(
        "counter time URL - or save", "key op time",
        b"929840891 1190146243.326 http://en.wikipedia.org/wiki/Cache -\n",
        "wikibench.eu (Urdaneta, Pierre and van Steen 2009)", _table(WIKIPEDIA),
    ),
}  # fmt: skip
OURS = frozenset(FORMATS)  # names that every process knows; a program may add more to FORMATS
