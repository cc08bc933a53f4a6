"""A group of consumers: how far it has read a stream, and what it has read but not acknowledged."""

from typing import Any

from cachesim.engines.redis.memory import allocated, sds
from cachesim.engines.redis.rax import ID_BYTES, RadixTree

# bytes without what the pointers lead to (redis 7: stream.h)
GROUP, CONSUMER, PENDING = 40, 24, 24
UNKNOWN = -1  # a group's count of entries read, if nobody can say it


class Consumer:
    """One of those who share the entries of a group."""

    def __init__(self, name: bytes, seen: int, quantum: int) -> None:
        self.name = name
        self.seen = seen  # milliseconds of Unix time: when it last asked for something
        self.pending: RadixTree[int, Pending] = RadixTree(quantum)

    def size(self, quantum: int) -> int:
        """Return its bytes."""
        name = allocated(sds(len(self.name)), quantum)
        return allocated(CONSUMER, quantum) + name + self.pending.bytes


class Pending:
    """An entry that a consumer has got and not acknowledged."""

    __slots__ = ("consumer", "count", "when")

    def __init__(self, consumer: Consumer | None, when: int, count: int = 1) -> None:
        self.consumer = consumer  # None: only while it is being made
        self.when = when  # milliseconds of Unix time: the last delivery
        self.count = count  # of deliveries


class Group:
    """Consumers that share the entries of a stream: each entry goes to one of them.

    >>> group = Group(last=0, read=0, quantum=16)
    >>> ann, bob = (group.consumer(name, 0) for name in (b"ann", b"bob"))
    >>> group.give(7, ann, 1000).count, group.give(7, bob, 2000).count
    (1, 1)
    >>> len(ann.pending), len(bob.pending), group.acknowledge(7), len(group.pending)
    (0, 1, True, 0)
    """

    def __init__(self, last: int, read: int, quantum: int) -> None:
        self.last = last  # the highest id that it has delivered
        self.read = read  # entries that it has read since the beginning; UNKNOWN
        self.quantum = quantum
        self.pending: RadixTree[int, Pending] = RadixTree(quantum)
        self.consumers: RadixTree[bytes, Consumer] = RadixTree(quantum)

    @property
    def size(self) -> int:
        """Its bytes."""
        quantum = self.quantum
        whole = allocated(GROUP, quantum) + self.pending.bytes + self.consumers.bytes
        whole += len(self.pending) * allocated(PENDING, quantum)
        return whole + sum(each.size(quantum) for each in self.consumers.values())

    @property
    def usage(self) -> int:
        """Its bytes as MEMORY USAGE estimates them."""
        whole = GROUP + guessed(self.pending) + PENDING * len(self.pending)
        consumers = self.consumers.values()
        return whole + sum(CONSUMER + len(c.name) + guessed(c.pending) for c in consumers)

    def consumer(self, name: bytes, now: int) -> Consumer:
        """Return a consumer that asks for something now; it may be new."""
        found = self.consumers.get(name)
        if found is None:
            found = Consumer(name, now, self.quantum)
            self.consumers.put(name, found)
        found.seen = now
        return found

    def give(self, id: int, consumer: Consumer, now: int) -> Pending:
        """Deliver an entry to a consumer; somebody else may have had it."""
        pending = self.pending.get(id)
        if pending is None:
            pending = Pending(None, now)
            self.pending.put(id, pending)
        self.hand_over(id, pending, consumer)
        pending.when, pending.count = now, 1
        return pending

    def hand_over(self, id: int, pending: Pending, consumer: Consumer) -> None:
        """Let a pending entry be that consumer's."""
        if pending.consumer is not consumer:
            if pending.consumer is not None:
                pending.consumer.pending.drop(id)
            consumer.pending.put(id, pending)
            pending.consumer = consumer

    def acknowledge(self, id: int) -> bool:
        """Forget a pending entry. True if there was one."""
        if id not in self.pending:
            return False
        owner = self.pending.drop(id).consumer
        if owner is not None:
            owner.pending.drop(id)
        return True

    def dismiss(self, name: bytes) -> int | None:
        """Remove a consumer with what it has pending; return how much that was, None if there is none."""
        found = self.consumers.get(name)
        if found is None:
            return None
        for id in found.pending:
            self.pending.drop(id)
        self.consumers.drop(name)
        return len(found.pending)

    def copy(self) -> "Group":
        """Return a group with the same consumers and the same entries pending."""
        other = Group(self.last, self.read, self.quantum)
        for id, pending in self.pending.items():
            other.pending.put(id, Pending(None, pending.when, pending.count))
        for name, consumer in self.consumers.items():
            same = other.consumer(name, consumer.seen)
            for id in consumer.pending:
                mine = other.pending.get(id)
                assert mine is not None
                other.hand_over(id, mine, same)
        return other


def guessed(tree: RadixTree[Any, Any]) -> int:
    """Return the bytes of a radix tree as MEMORY USAGE guesses them."""
    # redis 7: object.c, streamRadixTreeMemoryUsage
    return len(tree) * ID_BYTES + tree.nodes * (4 + 8 * 30)
