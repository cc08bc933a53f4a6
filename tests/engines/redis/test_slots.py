"""The slot of a key is Redis Cluster's."""

import pytest

from cachesim.engines.redis.slots import SLOTS, slot_of

GOLDEN = {
    "123456789": 12739, "foo": 12182, "user:1": 10778, "user:2": 6777, "": 0, "{user1000}.following": 3443,
    "foo{}{bar}": 8363, "foo{{bar}}zap": 4015, "foo{bar}{zap}": 5061, "{}x": 10595,
}  # fmt: skip


@pytest.mark.parametrize(("key", "slot"), GOLDEN.items())
def test_golden_slots(key, slot):
    """A tag counts only if it is the first, is closed and is not empty."""
    assert slot == slot_of(key.encode())


def test_one_tag_one_slot():
    """Keys with one tag share a slot; an open brace is no tag."""
    assert slot_of(b"{user}:a") == slot_of(b"b:{user}") == slot_of(b"user")
    assert slot_of(b"{user") != slot_of(b"user")
    assert all(0 <= slot_of(b"%d" % number) < SLOTS for number in range(1000))
