"""The hash table within a value: of a set, of a large hash, of a large sorted set (redis 7: dict.c)."""

from itertools import islice
from typing import Any

from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.hashtable import TableSize, key_hash

DICT = 56  # bytes of a dict without its tables (redis 7: dict.h)


class MemberTable(TableSize):
    """What the table of the members takes; and their buckets, over which a cursor walks.

    Most tables are never walked. So the buckets are made when somebody first looks at them. From
    then on they are kept, until the table changes its size.

    SIMPLIFIED: when it shrinks, the old table goes at once. The server keeps it until later
    commands on the same key have moved its buckets.

    Parameters
    ----------
    db : Keyspace
        Whose draws and secret it uses.
    members : dict
        The members in the order in which they came. Its owner adds to it and removes from it.
    steps : int
        Buckets that the server moves with a new member; if it is 1, empty ones do not count.

    >>> from cachesim.engines.redis.engine import Redis
    >>> members = dict.fromkeys([b"a", b"b", b"c"])
    >>> table = MemberTable(Redis().build(clock=lambda: 0.0, random=lambda: 0.5), members)
    >>> table.table_bytes, sorted(sum((table.bucket(at) for at in range(4)), []))
    (32, [b'a', b'b', b'c'])
    """

    def __init__(self, db: Keyspace, members: dict[bytes, Any], steps: int = 2) -> None:
        super().__init__(lambda table: True, lambda change: None)
        self.random, self.secret, self.steps = db.random, db.secret, steps
        self.entries = members
        self._chains: dict[int, list[bytes]] | None = None  # None: nobody has looked yet
        for count in range(len(members)):
            self.widen(count)
        self.tidy()  # the server makes the table large enough at once

    @property
    def chains(self) -> dict[int, list[bytes]]:
        """The members by their buckets, in the order of the chains: the last that came is the first."""
        if self._chains is None:
            self._chains = {}
            for member in reversed(self.entries):
                self._chains.setdefault(self._place(member), []).append(member)
        return self._chains

    def bucket(self, index: int) -> list[bytes]:
        """Return the members of one bucket, in the order of the chain."""
        return self.chains.get(index, [])

    def any(self) -> bytes:
        """Return one member: a random filled bucket, then a random member of its chain."""
        # redis 7: dict.c, dictGetRandomKey
        chain: list[bytes] = []
        while not chain:
            chain = self.bucket(int(self.random() * (self.mask + 1)))
        return chain[0] if len(chain) == 1 else chain[int(self.random() * len(chain))]

    def put(self, member: bytes) -> None:
        """Make room for a member that is absent. Its owner adds it afterwards."""
        self.widen(len(self.entries))
        if self._chains is not None:
            self._chains.setdefault(self._place(member), []).insert(0, member)

    def drop(self, member: bytes) -> None:
        """Take away a member that its owner has removed."""
        if self._chains is not None:
            self._chains[self._place(member)].remove(member)
        self.tidy()

    def _place(self, member: bytes) -> int:
        return key_hash(member, self.secret) & self.mask

    def _resize(self, keys: int, wanted: int) -> None:
        if self.steps == 1:  # redis 7: dict.c, dictRehash: a step passes over empty buckets
            filled = len({self._place(member) for member in islice(self.entries, keys)})
        super()._resize(keys, wanted)
        if self.steps == 1 and self._old:
            self._old = filled
        self._chains = None
