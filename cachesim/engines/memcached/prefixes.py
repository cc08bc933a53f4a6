"""`stats detail`: commands counted by the part of a key before its first colon."""

from cachesim.engines.memcached.protocol import from_key

DELIMITER = ":"
BUCKETS = 256  # of the server's table of prefixes
WORD = 0xFFFFFFFF  # 32 bits
GETS, HITS, SETS, DELETES = range(4)


class Prefixes:
    r"""The counters of each prefix (stats_prefix.c).

    >>> prefixes = Prefixes()
    >>> prefixes.count("user:1", GETS, HITS)
    >>> prefixes.dump()
    b'PREFIX user get 1 hit 1 set 0 del 0\r\nEND\r\n'
    """

    def __init__(self) -> None:
        self.enabled = False
        self.counts: dict[str, list[int]] = {}

    def count(self, key: str, *what: int) -> None:
        """Count a command on a key; a key without a colon has no prefix."""
        prefix, colon, _ = key.partition(DELIMITER)
        if colon and "\0" not in prefix:
            counts = self.counts.setdefault(prefix, [0] * 4)
            for each in what:
                counts[each] += 1

    def dump(self) -> bytes:
        """List the prefixes as the server's hash table does: by bucket, the newest first."""
        names = {from_key(prefix): counts for prefix, counts in self.counts.items()}
        rows = []
        for name in sorted(reversed(names), key=lambda name: murmur3(name) % BUCKETS):
            gets, hits, sets, deletes = names[name]
            rows.append(
                b"PREFIX %b get %d hit %d set %d del %d\r\n" % (name, gets, hits, sets, deletes)
            )
        return b"".join(rows) + b"END\r\n"


def murmur3(data: bytes) -> int:
    """Return the server's hash of a key: MurmurHash3 for x86 with 32 bits, by Austin Appleby.

    >>> murmur3(b""), murmur3(b"hello")
    (0, 613153351)
    """
    mixed, whole = 0, len(data) & ~3
    for at in range(0, whole, 4):
        mixed ^= _scatter(int.from_bytes(data[at : at + 4], "little"))
        mixed = (_turn(mixed, 13) * 5 + 0xE6546B64) & WORD
    if whole < len(data):
        mixed ^= _scatter(int.from_bytes(data[whole:], "little"))
    mixed ^= len(data)
    mixed = (mixed ^ mixed >> 16) * 0x85EBCA6B & WORD
    mixed = (mixed ^ mixed >> 13) * 0xC2B2AE35 & WORD
    return mixed ^ mixed >> 16


def _scatter(word: int) -> int:
    return _turn(word * 0xCC9E2D51 & WORD, 15) * 0x1B873593 & WORD


def _turn(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & WORD
