"""Which node of a pool keeps a key: the rules of the client libraries, each with that library's own numbers.

Memcached's servers do not know of each other. The client decides, and all clients must decide alike.
A rule is judged by what happens when a node joins: of n + 1 nodes, a good rule gives the new one its 1/(n+1) of the
keys and moves no other; `Modulo` moves n/(n+1) of them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import numpy as np

from cachesim.errors import BadInput
from cachesim.model.hashes import jump, md5_words, murmur3, one_at_a_time
from cachesim.spec import Count, Rule, Spec

MEMCACHED_PORT = ":11211"
DIALECTS = ("libmemcached", "libmemcached-spy", "spymemcached")
Dialect = Annotated[str, Rule(f"one of {', '.join(DIALECTS)}", DIALECTS.__contains__)]
Weights = Annotated[
    tuple[float, ...],
    Rule("numbers > 0, one per node", lambda weights: all(0 < w < float("inf") for w in weights)),
]
Finder = Callable[[str], int]  # a key -> the place of its node in the list of nodes


class Route(Spec):
    """A rule that says which node keeps a key.

    Write your own: a subclass with one method.
    """

    def over(self, nodes: Sequence[str]) -> Finder:
        """Make the rule for these nodes, named "host:port"; at least one.

        Returns a function: key -> place of its node in `nodes`.
        """
        raise NotImplementedError

    def among(self, members: Sequence[int]) -> "Route":
        """Make the rule for some nodes of a pool, given by number: what it keeps per node goes with them."""
        return self


class Modulo(Route):
    """The hash of the key modulo the number of nodes: libmemcached's default.

    >>> [Modulo().over(["10.0.1.1:11211"] * 3)(f"user:{i}") for i in (9, 10)]
    [2, 1]
    """

    def over(self, nodes: Sequence[str]) -> Finder:
        """Make the rule for these nodes."""
        count = len(nodes)
        return lambda key: one_at_a_time(as_bytes(key)) % count


class Ketama(Route):
    """Consistent hashing on a ring: a key belongs to the first point at or after its hash.

    Each node has `points` points, in proportion to its weight; four come from one MD5. Clients differ in how they
    name a point: libmemcached (weighted), its SPY variant, spymemcached and Amazon's Java client.

    >>> find = Ketama().over(["10.0.1.1:11211", "10.0.1.2:11211", "10.0.1.3:11211"])
    >>> [find(f"user:{i}") for i in range(8)]
    [0, 0, 2, 1, 0, 0, 1, 2]

    References
    ----------
    Karger et al., "Consistent hashing and random trees", STOC 1997. Richard Jones, libketama, 2007.
    """

    points: Count = 160
    weights: Weights = ()  # one per node; empty: all alike
    dialect: Dialect = "libmemcached"

    def over(self, nodes: Sequence[str]) -> Finder:
        """Make the rule for these nodes."""
        return on_ring(self._points(nodes))

    def among(self, members: Sequence[int]) -> "Ketama":
        """Make the rule for some nodes of a pool, each with its weight; a node that joined has weight 1."""
        weights = dict(enumerate(self.weights))
        return self.replace(
            weights=tuple(weights.get(member, 1.0) for member in members if weights)
        )

    def _points(self, nodes: Sequence[str]) -> Iterator[tuple[int, int]]:
        weights = self.weights or (1.0,) * len(nodes)
        if len(weights) != len(nodes):
            raise BadInput(
                f"Ketama.weights must have one weight per node, got {len(weights)} for {len(nodes)} nodes"
            )
        total = sum(weights)
        for place, (node, weight) in enumerate(zip(nodes, weights, strict=True)):
            # libmemcached computes in single precision
            share = float(np.float32(weight) / np.float32(total))
            digests = int(np.float32(share * self.points / 4 * len(nodes) + 1e-10))
            for number in range(digests):
                name = f"{self._named(node)}-{number}"
                yield from ((word, place) for word in md5_words(name.encode()))

    def _named(self, node: str) -> str:
        if self.dialect == "libmemcached":
            return node.removesuffix(MEMCACHED_PORT)
        return node if self.dialect == "spymemcached" else f"/{node}"


class PlainKetama(Route):
    """libmemcached's ring without weights: 100 points for each node, one MD5 each.

    >>> find = PlainKetama().over(["10.0.1.1:11211", "10.0.1.2:11211", "10.0.1.3:11211"])
    >>> [find(f"user:{i}") for i in range(8)]
    [0, 0, 2, 2, 0, 1, 1, 0]
    """

    points: Count = 100

    def over(self, nodes: Sequence[str]) -> Finder:
        """Make the rule for these nodes."""
        return on_ring(
            (md5_words(f"{node.removesuffix(MEMCACHED_PORT)}-{number}".encode())[0], place)
            for place, node in enumerate(nodes)
            for number in range(self.points)
        )


class Jump(Route):
    """Jump consistent hashing: no ring to store, but only the last node may leave.

    The number that jumps is the first half of the key's MD5 (the paper leaves the hash open).
    """

    def over(self, nodes: Sequence[str]) -> Finder:
        """Make the rule for these nodes."""
        count = len(nodes)

        def find(key: str) -> int:
            low, high, _, _ = md5_words(as_bytes(key))
            return jump(low | high << 32, count)

        return find


class Rendezvous(Route):
    """Highest random weight: each node draws a number for the key, and the highest wins. pymemcache does so.

    >>> find = Rendezvous().over(["10.0.1.1:11211", "10.0.1.2:11211", "10.0.1.3:11211"])
    >>> [find(f"user:{i}") for i in range(8)]
    [1, 2, 0, 2, 0, 1, 2, 1]

    References
    ----------
    Thaler and Ravishankar, IEEE/ACM Transactions on Networking 6(1), 1998.
    """

    def over(self, nodes: Sequence[str]) -> Finder:
        """Make the rule for these nodes."""
        named = [(node, place) for place, node in enumerate(nodes)]

        def find(key: str) -> int:
            return max((murmur3(as_bytes(f"{node}-{key}")), node, place) for node, place in named)[
                2
            ]

        return find


ALL = (Modulo, Ketama, PlainKetama, Jump, Rendezvous)


def on_ring(points: Iterator[tuple[int, int]]) -> Finder:
    """Find keys on a ring of (hash, place): the first point at or after the key's MD5, else the first of all."""
    hashes, places = zip(*sorted(points), strict=True)

    def find(key: str) -> int:
        after = bisect_left(hashes, md5_words(as_bytes(key))[0])
        owner: int = places[after % len(places)]
        return owner

    return find


def as_bytes(key: str) -> bytes:
    """Encode a key as it goes over the wire."""
    return key.encode("utf-8", "surrogateescape")
