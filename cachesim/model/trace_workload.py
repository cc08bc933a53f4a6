"""A real trace as a workload: its keys in its order, at its own times or at a given rate."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from cachesim.errors import BadInput
from cachesim.model.distributions import Constant, Distribution, Exponential
from cachesim.model.workload import Scale, TimedRequest, Workload, size_by_name
from cachesim.records import STAMP_SIZE
from cachesim.rng import stream
from cachesim.spec import Count, Rate, Share
from cachesim.traces import DELETE, FORMATS, STDIN, Format, Trace, columns_from_text, read_trace
from cachesim.traces.formats import OURS


class TraceReplay(Workload):
    """Requests from a file.

    A trace without operations has only reads; a share `writes` of them is turned into writes. In a trace
    with operations, a set, add, incr or delete is a write: the row of the key changes.
    """

    path: str = ""
    format: str | Format = "csv"  # `cachesim formats` lists the names; or one of your own
    writes: Share = 0.0  # share of the requests to turn into writes, of a trace without operations
    rate: Rate | None = (
        None  # requests per second; None: the trace's own times, or 1000 if it has none
    )
    clients: Count | None = None  # a closed loop of so many users, instead of a rate
    think: Distribution = Exponential(mean=0.05)  # seconds, with `clients`
    size: Distribution = Constant(value=500)  # bytes of a value, if the trace names none
    columns: str = ""  # of a csv: key=object_id,size=bytes
    time_unit: str = ""  # s, ms, us, ns or filetime; "": as the format says, or seconds
    delimiter: str = ""  # of a csv; "": as its first line shows
    header: bool = True  # of a csv: whether its first line names the columns
    block: Count | None = None  # bytes: split the requests of a disk's trace into blocks

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.format in FORMATS and self.format not in OURS:  # another process lacks the name
            object.__setattr__(self, "format", FORMATS[str(self.format)])
        trace = self.trace()
        if self.writes and trace.columns.ops is not None:
            raise BadInput(f'the trace "{self.path}" has writes of its own; leave "writes" out')
        if self.rate is not None and self.clients is not None:
            raise BadInput(
                "TraceReplay takes a rate (open loop) or clients (closed loop), not both"
            )

    def trace(self) -> Trace:
        """Return the trace; each process reads it once."""
        if not self.path:
            raise BadInput("TraceReplay.path must name a trace file, got an empty text")
        if self.path == STDIN:
            raise BadInput("a workload reads its trace more than once; save the pipe as a file")
        return _read(*self._file)

    @property
    def _file(self) -> tuple[Any, ...]:
        """The arguments of `_read`."""
        return (
            self.path,
            self.format,
            self.columns,
            self.time_unit,
            self.delimiter,
            self.header,
            self.block,
        )

    @property
    def users(self) -> int | None:
        """The number of clients; None in an open loop."""
        return self.clients

    @property
    def length(self) -> float:
        """The length of the trace in an open loop, in seconds."""
        trace = self.trace()
        times = trace.columns.times
        if self.rate is None and times is not None:
            return float(times[-1])
        return len(trace) / (self.rate or DEFAULT_RATE)

    def keys_loaded(self) -> list[str]:
        """Return every key of the trace, in the order of its first request."""
        return list(self.trace().names)

    def scale(self, duration: float) -> Scale:
        """Return the number of requests in the trace."""
        return Scale(requests=float(len(self.trace())))

    def size_of(self, key: str) -> int:
        """Return the size of the key's values: that of the trace, or one that the key's name picks."""
        known = _sizes(self._file)
        return max(STAMP_SIZE, known[key] if key in known else size_by_name(self.size, key))

    def requests(self, seed: int) -> Iterator[TimedRequest]:
        """Yield the trace's requests, once."""
        trace = self.trace()
        return zip(self._gaps(trace, seed), self._ops(trace, seed), trace.keys, strict=False)

    def _gaps(self, trace: Trace, seed: int) -> Iterator[float]:
        if self.clients is not None:
            return self.think.draws(stream(seed, "think"))
        times = trace.columns.times
        if self.rate is None and times is not None:
            return iter(np.diff(times, prepend=0.0).tolist())
        return Exponential(mean=1 / (self.rate or DEFAULT_RATE)).draws(stream(seed, "arrivals"))

    def _ops(self, trace: Trace, seed: int) -> Iterator[str]:
        if (ops := trace.ops) is not None:
            return ("write" if op == DELETE else op for op in ops)
        draws = stream(seed, "operations").random(len(trace))
        return iter(np.where(draws < self.writes, "write", "read").tolist())


DEFAULT_RATE = 1000.0  # requests per second of a trace without times


@lru_cache(maxsize=4)
def _read(
    path: str,
    format: str | Format,
    columns: str,
    unit: str,
    delimiter: str,
    header: bool,
    block: int | None,
) -> Trace:
    """Read a file once per process: every replication needs it."""
    return read_trace(
        path,
        format,
        columns=columns_from_text(columns) if columns else None,
        time_unit=unit or None,
        delimiter=delimiter or None,
        header=header,
        block=block,
    )


@lru_cache(maxsize=4)
def _sizes(file: tuple[Any, ...]) -> dict[str, int]:
    """Map each key to the last size that the trace names for it."""
    trace = _read(*file)
    sizes = trace.sizes
    return {} if sizes is None else dict(zip(trace.keys, sizes, strict=True))
