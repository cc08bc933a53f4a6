"""Kernels of the policies with one queue, FIFO, LRU, CLOCK and SIEVE, and of LFU, which has many.

Keys are whole numbers. A queue is a ring in two columns, `newer[key]` and `older[key]`; its end is no key. Each kernel
does the same steps as the class of its name in engines/policies.
"""

from typing import Any, NamedTuple

import numpy as np

from cachesim.replay.kernels.words import ABSENT, DELETE, READ

FIFO, LRU, CLOCK, SIEVE = 0, 1, 2, 3


class Queue(NamedTuple):
    """The keys held, in a ring, with their marks."""

    newer: Any  # by key; the last place is the end: newer[end] is the oldest key
    older: Any
    marked: Any  # by key: used since the hand last passed


class Buckets(NamedTuple):
    """The rings of LFU, one per number of uses; the ring for `uses` ends at unique + uses."""

    newer: Any
    older: Any
    uses: Any  # by key
    more: Any  # by uses: the next bucket that has a key
    fewer: Any


def queue_columns(unique: int) -> Queue:
    """Make an empty queue for `unique` different keys."""
    newer = np.full(unique + 1, ABSENT)
    newer[unique] = unique
    return Queue(newer, newer.copy(), np.zeros(unique + 1, np.int8))


def bucket_columns(unique: int, requests: int) -> Buckets:
    """Make empty buckets; a key has at most `requests` uses."""
    ring = np.full(unique + requests + 2, ABSENT)
    by_uses = np.zeros(requests + 2, np.intp)
    return Buckets(ring, ring.copy(), np.zeros(unique, np.intp), by_uses, by_uses.copy())


def enter(newer: Any, older: Any, key: int, end: int) -> None:
    """Join a ring as its newest."""
    last = older[end]
    newer[key], older[key] = end, last
    newer[last] = older[end] = key


def leave(newer: Any, older: Any, key: int) -> None:
    """Leave a ring."""
    newer[older[key]], older[newer[key]] = newer[key], older[key]
    newer[key] = ABSENT


def one_queue(keys: Any, ops: Any, items: int, queue: Queue, kind: int) -> tuple[int, Any]:
    """Count the hits of a policy with one queue; give the ring at the end too (ABSENT: not held)."""
    newer, older, marked = queue
    end = len(newer) - 1
    hits, held, hand = 0, 0, end
    for number in range(len(keys)):
        key, op = keys[number], ops[number]
        if newer[key] == ABSENT:
            if op == DELETE:
                continue
            if held == items:
                key_out, hand = victim(queue, kind, hand, end)
                leave(newer, older, key_out)
            else:
                held += 1
            marked[key] = 0
            enter(newer, older, key, end)
        elif op == DELETE:
            if hand == key:
                hand = newer[key]
            leave(newer, older, key)
            held -= 1
        else:
            hits += op == READ
            use(queue, kind, key, end)
    return hits, newer


def use(queue: Queue, kind: int, key: int, end: int) -> None:
    """Note a use: LRU moves the key to the end of the queue, CLOCK and SIEVE mark it."""
    if kind == LRU:
        leave(queue.newer, queue.older, key)
        enter(queue.newer, queue.older, key, end)
    else:
        queue.marked[key] = 1


def victim(queue: Queue, kind: int, hand: int, end: int) -> tuple[int, int]:
    """Choose the key to evict; give the next place of SIEVE's hand too."""
    newer, older, marked = queue
    if kind == SIEVE:
        while hand == end or marked[hand]:
            marked[hand] = 0
            hand = newer[hand]
        return hand, newer[hand]
    key = newer[end]
    while kind == CLOCK and marked[key]:
        marked[key] = 0
        leave(newer, older, key)
        enter(newer, older, key, end)
        key = newer[end]
    return key, end


def lfu(keys: Any, ops: Any, items: int, buckets: Buckets) -> tuple[int, Any]:
    """Count the hits of LFU; give the ring at the end too (ABSENT: not held)."""
    newer, uses, more = buckets.newer, buckets.uses, buckets.more
    unique = len(uses)
    hits, held = 0, 0
    for number in range(len(keys)):
        key, op = keys[number], ops[number]
        if newer[key] == ABSENT:
            if op == DELETE:
                continue
            if held == items:
                drop(buckets, newer[unique + more[0]])
            else:
                held += 1
            uses[key] = 0
            rise(buckets, key)
        elif op == DELETE:
            drop(buckets, key)
            held -= 1
        else:
            hits += op == READ
            rise(buckets, key)
    return hits, newer


def rise(buckets: Buckets, key: int) -> None:
    """Count one use more: the key joins the next bucket, which is made if it is missing."""
    newer, older, uses, more, fewer = buckets
    unique, old = len(uses), uses[key]
    new = old + 1
    if more[old] != new:
        above = more[old]
        more[old] = fewer[above] = new
        more[new], fewer[new] = above, old
        newer[unique + new] = older[unique + new] = unique + new
    if old:
        drop(buckets, key)
    uses[key] = new
    enter(newer, older, key, unique + new)


def drop(buckets: Buckets, key: int) -> None:
    """Take a key out of its bucket, which goes when it is empty."""
    newer, older, uses, more, fewer = buckets
    own, end = uses[key], len(uses) + uses[key]
    leave(newer, older, key)
    if newer[end] == end:
        more[fewer[own]], fewer[more[own]] = more[own], fewer[own]
