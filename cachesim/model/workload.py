"""Where requests come from: the open loop, where arrivals do not wait, and the closed loop, where users do.

A workload is a spec with two methods: `requests(seed)` yields (gap, op, key), and `size_of(key)` gives the
size of a value. In an open loop the gap is the time between two arrivals. In a closed loop it is the think
time of the user.
"""

import zlib
from collections.abc import Iterator
from itertools import chain, count
from typing import NamedTuple

import numpy as np

from cachesim.errors import BadInput
from cachesim.model.distributions import Constant, Distribution, Exponential, Lognormal
from cachesim.model.popularity import Popularity, Zipf
from cachesim.records import STAMP_SIZE, Query
from cachesim.rng import CHUNK, stream, uniform
from cachesim.spec import Count, Rate, Share, Spec
from cachesim.storage.statement import parse, refused
from cachesim.units import MS

TimedRequest = tuple[float, str, str]  # gap in seconds, "read" or "write", key


class Scale(NamedTuple):
    """About how large a workload is; 0: unknown."""

    requests: float = 0.0
    keys: int = 0  # rows that exist before the run
    value_size: float = 0.0  # bytes of a value, the mean
    largest: float = 0.0  # bytes of the largest value


class Workload(Spec):
    """Where requests come from; subclass it and define `requests` and `size_of`."""

    @property
    def users(self) -> int | None:
        """The number of users in a closed loop; None: an open loop, where arrivals do not wait."""
        return None

    @property
    def writers(self) -> int | None:
        """The number of users who only write, while the others only read; None: all do both."""
        return None

    @property
    def asks_queries(self) -> bool:
        """Whether some of its reads are queries: then the key of such a request is a `Query`."""
        return False

    def keys_loaded(self) -> list[str]:
        """List the keys whose rows exist before the run, the most popular first."""
        return []

    def scale(self, duration: float) -> Scale:
        """Estimate the size of a run of so many seconds; a run that is too large is refused before it starts."""
        return Scale()

    def requests(self, seed: int) -> Iterator[TimedRequest]:
        """Yield the requests in order; the same seed gives the same requests."""
        raise NotImplementedError(f"{type(self).__name__} must define requests(self, seed)")

    def size_of(self, key: str) -> int:
        """Compute the size of the key's values in bytes, at least 8 (the stamp)."""
        raise NotImplementedError(f"{type(self).__name__} must define size_of(self, key)")

    def sizes_of(self, keys: list[str]) -> list[int]:
        """Compute the sizes of many keys."""
        return list(map(self.size_of, keys))


class Synthetic(Workload):
    """A workload that is drawn: its popularity, read share and sizes."""

    reads: Share = 0.95
    popularity: Popularity = Zipf()
    size: Distribution = Constant(value=500)  # bytes of a value; a key keeps its size
    key_size: Count = 12  # bytes of a key's name, padded with zeros; more if the number needs more
    queries: Share = 0.0  # share of the reads that ask a query, in place of a row
    sql: str = "SELECT key, price FROM items WHERE category = ? ORDER BY price LIMIT 10"
    parameter: Popularity = Zipf(keys=100)  # the number in place of the question mark of `sql`

    def __post_init__(self) -> None:
        super().__post_init__()
        if parse(self.sql).marks != 1:
            raise refused(self.sql, 'a workload fills exactly one "?"')

    @property
    def asks_queries(self) -> bool:
        """Whether some of its reads are queries."""
        return self.queries > 0

    def keys_loaded(self) -> list[str]:
        """List every key, by rank."""
        # As `key_name` of each number, but formatted in C: a third of the time.
        return list(map(_key_format(self.key_size).__mod__, range(self.popularity.keys)))

    def scale(self, duration: float) -> Scale:
        """Estimate the size of a run; `arrivals` gives the number of requests."""
        keys, size = self.popularity.keys, self.size
        largest = size.quantile(1 - 0.5 / keys)
        return Scale(self.arrivals(duration), keys, min(size.mean, largest), largest)

    def arrivals(self, duration: float) -> float:
        """Estimate how many requests come in so many seconds; 0: unknown."""
        return 0.0

    def size_of(self, key: str) -> int:
        """Compute the key's size: its name picks a quantile, so no table is needed."""
        return size_by_name(self.size, key)

    def sizes_of(self, keys: list[str]) -> list[int]:
        """Compute the sizes of many keys; at once if all have the same size."""
        if isinstance(self.size, Constant) and type(self).size_of is Synthetic.size_of:
            return [size_by_name(self.size, "any")] * len(keys)
        return super().sizes_of(keys)

    def gaps(self, seed: int) -> Iterator[float]:
        """Yield the gaps in seconds."""
        raise NotImplementedError

    def requests(self, seed: int) -> Iterator[TimedRequest]:
        """Yield independent requests without end."""
        rows = zip(self.gaps(seed), self._ops(seed), self._keys(seed), strict=False)
        return self._with_queries(rows, seed) if self.asks_queries else rows

    def _with_queries(self, rows: Iterator[TimedRequest], seed: int) -> Iterator[TimedRequest]:
        """Put a query in place of some reads; the moments, the writes and the other reads stay."""
        asked = [Query.of(self.sql, number) for number in range(self.parameter.keys)]
        numbers = _picks(stream(seed, "queries"), self.parameter)
        chance = uniform(seed, "asks a query")
        for gap, op, key in rows:
            is_query = op == "read" and chance() < self.queries
            yield gap, op, asked[next(numbers)] if is_query else key

    def _ops(self, seed: int) -> Iterator[str]:
        rng, names = stream(seed, "operations"), np.array(["read", "write"], dtype=object)
        draw = lambda: names[(rng.random(CHUNK) >= self.reads).astype(int)].tolist()  # noqa: E731
        return chain.from_iterable(iter(draw, None))

    def _keys(self, seed: int) -> Iterator[str]:
        rng, names = stream(seed, "keys"), np.array(self.keys_loaded(), dtype=object)
        starts = count(0, CHUNK)
        chunks = (names[self.popularity.pick(rng, CHUNK, first)].tolist() for first in starts)
        return chain.from_iterable(chunks)


def _picks(rng: np.random.Generator, law: Popularity) -> Iterator[int]:
    """Yield numbers of a popularity without end."""
    chunks = (law.pick(rng, CHUNK, first).tolist() for first in count(0, CHUNK))
    return chain.from_iterable(chunks)


class OpenLoop(Synthetic):
    """Arrivals that do not wait for answers: a Poisson process, like that of very many independent users.

    >>> gap, op, key = next(OpenLoop(rate=100.0).requests(seed=1))
    >>> gap > 0, op, key.startswith("key:")
    (True, 'read', True)
    """

    rate: Rate = 1000.0  # requests per second

    def arrivals(self, duration: float) -> float:
        """Multiply the rate by the duration."""
        return self.rate * duration

    def gaps(self, seed: int) -> Iterator[float]:
        """Yield exponential gaps with mean 1 / rate."""
        return Exponential(mean=1 / self.rate).draws(stream(seed, "arrivals"))


class ClosedLoop(Synthetic):
    """A fixed number of users. Each thinks, sends a request, waits for the answer and thinks again.

    >>> ClosedLoop(clients=10, writers=1)
    ClosedLoop(clients=10, writers=1)
    """

    clients: Count = 50
    think: Distribution = Exponential(mean=0.05)  # seconds
    writers: Count | None = (
        None  # so many users only write, the others only read; None: see `reads`
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.writers is not None and self.writers > self.clients:
            raise BadInput(
                f"ClosedLoop.writers must be at most the {self.clients} clients, got {self.writers}"
            )

    @property
    def users(self) -> int | None:
        """The number of clients."""
        return self.clients

    def arrivals(self, duration: float) -> float:
        """Estimate the requests of the users; each request takes a millisecond or more."""
        return self.clients * duration / (self.think.mean + MS)

    def gaps(self, seed: int) -> Iterator[float]:
        """Yield think times."""
        return self.think.draws(stream(seed, "think"))


def key_name(number: int, size: int = 12) -> str:
    """Format the name of a key: `size` bytes, or more if the number needs more.

    >>> key_name(7)
    'key:00000007'
    """
    return _key_format(size) % number


def _key_format(size: int) -> str:
    return f"key:%0{max(1, size - 4)}d"


def size_by_name(size: Distribution, key: str) -> int:
    """Compute the size of a key's values in bytes: a quantile that the name's checksum picks; at least the stamp.

    >>> size_by_name(Constant(value=500), "a")
    500
    """
    if isinstance(size, Constant):
        return max(STAMP_SIZE, round(size.value))
    share = (zlib.crc32(key.encode("utf-8", "surrogateescape")) + 0.5) / 2**32
    return max(STAMP_SIZE, round(size.quantile(share)))


def size_from_text(text: str) -> Distribution:
    """Parse the sizes that a text names: "500" bytes, or "lognormal:150,1" (median and sigma).

    >>> size_from_text("lognormal:150,1")
    Lognormal(median=150.0, sigma=1.0)
    """
    name, _, rest = text.partition(":")
    try:
        if not rest:
            return Constant(value=float(name))
        median, sigma = map(float, rest.split(","))
    except ValueError:
        name = ""
    if name != "lognormal":
        raise BadInput(f'a value size is bytes ("500") or "lognormal:median,sigma", got "{text}"')
    return Lognormal(median=median, sigma=sigma)
