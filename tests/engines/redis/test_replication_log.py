"""The log: its bytes, who may go on from it, and what it forgets."""

from itertools import pairwise

from cachesim.engines.redis.replication_log import ReplicationLog, stream_bytes
from tests.engines.redis.replicas import pair, replay


def test_the_value_is_not_copied():
    """The log and the replica hold the object that was set."""
    _, primary, replica = pair()
    value = b"x" * 100_000
    primary.set("a", value)
    primary.set("b", value, ttl=10)
    replay(primary, replica)

    assert replica.get("a") is primary.log.entries[1].command[2] is value
    assert replica.get("b") is value


def test_a_set_of_any_key_has_the_right_bytes():
    """The short way to count them agrees with the long one."""
    _, primary, _ = pair()
    for key in ("a", "ü", "k" * 99, "k" * 100, "\udc80"):
        for size in (0, 9, 10, 99, 100, 12345):
            primary.set(key, b"x" * size)
            primary.set(f"{key}{size}", b"x" * size, ttl=5)

    sizes = [b.offset - a.offset for a, b in pairwise(primary.log.entries)]
    assert sizes == [stream_bytes(e.command) for e in primary.log.entries[1:]]


def test_partial_resync_only_from_the_backlog():
    """The id is ours, or was ours at that offset; and the backlog reaches back to it."""
    log = ReplicationLog("a" * 40, backlog=100)
    for n in range(10):
        log.append(n, 0, ("SET", "key", b"12345"))

    assert log.offset == 23 + 10 * 33
    assert log.continues("a" * 40, log.offset)
    assert log.continues("a" * 40, log.offset - 99)
    assert not log.continues("a" * 40, log.offset - 132)
    assert not log.continues("a" * 40, log.offset + 1)
    assert not log.continues("b" * 40, log.offset)
    assert len(log.entries) < 10 == len(log) - 1  # what lies before the backlog is forgotten


def test_the_log_waits_for_its_slowest_reader():
    """Whatever the backlog."""

    class Slow:
        at = 56  # bytes

        def needs(self):
            return self.at

    log = ReplicationLog("a" * 40, backlog=100)
    log.readers.append(Slow())
    for n in range(50):
        log.append(n, 0, ("SET", "key", b"12345"))
    assert log.start == 56
    assert len(log.after(56)) == 49
