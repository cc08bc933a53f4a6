"""Which slot of a Redis Cluster a key belongs to (cluster.c: keyHashSlot)."""

from binascii import crc_hqx
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

SLOTS = 16_384


def slot_of(key: bytes) -> int:
    """Find the slot of a key: CRC16 of its hash tag, or else of the whole key.

    The hash tag is what stands between the first "{" and the next "}", if that is not empty: keys with one tag share
    a slot, so that one command may take them all. `crc_hqx` is the CRC that Redis uses (XMODEM).

    >>> slot_of(b"user:1"), slot_of(b"{user1000}.following") == slot_of(b"user1000")
    (10778, True)
    """
    opened = key.find(b"{")
    if opened >= 0:
        closed = key.find(b"}", opened + 1)
        if closed > opened + 1:
            key = key[opened + 1 : closed]
    return crc_hqx(key, 0) % SLOTS


def shares(shards: int) -> list[range]:
    """Give each shard its range of slots, as `redis-cli --cluster create` divides them.

    >>> shares(3)
    [range(0, 5461), range(5461, 10923), range(10923, 16384)]
    """
    # redis 7: redis-cli.c, clusterManagerCommandCreate; lround takes a half up
    ends = [int(SLOTS / shards * (shard + 1) + 0.5) for shard in range(shards)]
    ends[-1] = SLOTS
    return [range(first, end) for first, end in zip([0, *ends], ends, strict=False)]


def dealt(shards: int, weights: Sequence[float] = ()) -> list[int]:
    """Give the shard of each slot: runs in proportion to the weights, or equal ones without weights.

    >>> [dealt(3, (2, 1, 1)).count(shard) for shard in range(3)]
    [8192, 4096, 4096]
    """
    if not weights:
        return [slot * shards // SLOTS for slot in range(SLOTS)]
    sums = list(accumulate(weights))
    ends = [int(SLOTS * each / sums[-1] + 0.5) for each in sums]
    return [bisect_right(ends, slot) for slot in range(SLOTS)]


def taken(owners: Sequence[int], sources: Sequence[int], count: int) -> list[int]:
    """Choose `count` slots of some shards, from each in proportion to what it has, the lowest numbers first.

    The shard with most slots gives the rest of the division; the number may be short by less than one per shard.

    >>> taken([0, 0, 0, 0, 1, 1, 2], sources=[0, 1], count=3)
    [0, 1, 4]

    References
    ----------
    redis 7: redis-cli.c, clusterManagerComputeReshardTable.
    """
    owned = {
        shard: [slot for slot, owner in enumerate(owners) if owner == shard] for shard in sources
    }
    total = sum(map(len, owned.values())) or 1
    chosen: list[int] = []
    for place, slots in enumerate(sorted(owned.values(), key=len, reverse=True)):
        part, rest = divmod(count * len(slots), total)
        chosen += slots[: min(part + (rest > 0 and place == 0), count - len(chosen))]
    return chosen
