"""Which slot of a Redis Cluster a key belongs to (cluster.c: keyHashSlot)."""

from binascii import crc_hqx

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
