"""Kernels of the bounds: Belady's policy, the same if it may refuse to store, and a cache that never evicts."""

import math
from heapq import heappop, heappush
from typing import Any

from cachesim.replay.kernels.words import ABSENT, DELETE, READ, WRITE

NEVER = -math.inf  # seconds: the end of a copy that is not there


def next_reads(keys: Any, ops: Any, upcoming: Any, then: Any) -> Any:
    """Find for each request the next request of its key, if that one reads; len(keys): it does not.

    `upcoming` is a column by key, `then` a column by request; both hold numbers of requests.
    """
    never = len(keys)
    for number in range(never - 1, -1, -1):
        key, op = keys[number], ops[number]
        then[number] = upcoming[key] if op != DELETE else never
        upcoming[key] = number if op == READ else never
    return then


def unlimited(
    keys: Any, ops: Any, times: Any, ends: Any, until: Any, renewed: Any
) -> tuple[int, Any, Any]:
    """Count the most hits of a cache that never evicts: it loses keys only by deletes and TTLs.

    A read that hits leaves the copy as it was. Where TTLs differ, a cache may do better: it gives the copy up
    before, so that the read misses and stores a copy that lives longer. So there are two columns by key: the
    copy lives `until` some time, and would live until `renewed` if one read before had missed (minus infinity:
    not held). When a read comes too late, one miss is due in any case: its own or that earlier one, whichever
    copy lives longer. `ends` is a column by request: when a copy that it stores ends.
    """
    hits = 0
    for number in range(len(keys)):
        key, op, now, end = keys[number], ops[number], times[number], ends[number]
        if op == DELETE:
            until[key] = renewed[key] = NEVER
        elif op == WRITE:
            until[key] = renewed[key] = end
        else:
            renewed[key] = max(renewed[key], end)
            if now < until[key]:
                hits += 1
            else:
                until[key] = renewed[key]
    return hits, until, renewed


def optimum(keys: Any, ops: Any, then: Any, items: int, waits: Any) -> int:
    """Count the most hits of a policy that holds `items` keys: it evicts the key that is read again last.

    Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems J. 5 (1966). A heap
    with lazy deletion gives the victim. In the heap a key is the number of the request that reads it next. A key
    that is never read again is the number of requests plus its own number.
    """
    never, hits, held = len(keys), 0, 0
    farthest = [-never for _ in range(0)]
    for number in range(never):
        key, when = keys[number], then[number]
        if waits[key] != ABSENT:  # waits: by key, the number of the request that reads it next
            hits += waits[key] == number
            waits[key] = ABSENT
            held -= 1
        if ops[number] == DELETE:
            continue
        while held >= items:  # make room before storing, as every engine does
            last = -heappop(farthest)
            out = keys[last] if last < never else last - never
            if waits[out] == min(last, never):
                waits[out] = ABSENT
                held -= 1
        waits[key] = when
        held += 1
        heappush(farthest, -when if when < never else -never - key)
    return hits


def selective(keys: Any, then: Any, items: int, waits: Any) -> int:
    """Count the most hits of a policy that holds `items` keys and need not store every miss.

    As `optimum`, but it does not store a key that is not read again, or that is read later than all keys held.
    """
    never, hits, held = len(keys), 0, 0
    farthest = [-never for _ in range(0)]
    for number in range(never):
        key, when = keys[number], then[number]
        if waits[key] == number:
            hits += 1
            held -= 1
        elif waits[key] != ABSENT:  # stored again, or deleted, before it was read
            held -= 1
        waits[key] = ABSENT
        if when == never:
            continue
        waits[key] = when
        held += 1
        heappush(farthest, -when)
        while held > items:
            last = -heappop(farthest)
            if waits[keys[last]] == last:  # else it has been read or stored since
                waits[keys[last]] = ABSENT
                held -= 1
    return hits


def lives(keys: Any, ops: Any, copies: Any, last: Any) -> Any:
    """Find the latest end and the least bytes of the copy that each request may leave.

    A read that hits leaves the copy as it was, a read that misses makes a new one: the better of both counts. A
    write always makes a new one. `copies` has two columns by request, the end and the bytes of a new copy; `last`
    is a column by key.
    """
    ends, sizes = copies
    for number in range(len(keys)):
        before = last[keys[number]]
        if ops[number] == READ and before != ABSENT and ops[before] != DELETE:
            ends[number] = max(ends[number], ends[before])
            sizes[number] = min(sizes[number], sizes[before])
        last[keys[number]] = number
    return ends, sizes
