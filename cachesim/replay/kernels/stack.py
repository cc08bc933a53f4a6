"""LRU at all sizes in one pass: the depth at which each read finds its key in the stack of recent keys.

LRU keeps the most recent keys at every size, so a cache of C items hits exactly the reads that find their
key among the C topmost (Mattson, Gecsei, Slutz and Traiger, "Evaluation techniques for storage hierarchies",
IBM Systems J. 9, 1970). A key's place in the stack is the number of marks at or after its own on a line of
slots, with one mark per key at its last use; a binary indexed tree counts them (Bennett and Kruskal, "LRU stack
processing", IBM J. Res. Dev. 19, 1975; Fenwick, "A new data structure for cumulative frequency tables", 1994).

A deleted key leaves a hole. The next key from below the hole, or from outside, fills it and pushes no key out. So the
mark of a deleted key stays; later the topmost hole is removed instead of a mark further down.
"""

from heapq import heappop, heappush
from typing import Any, NamedTuple

import numpy as np

from cachesim.replay.kernels.words import DELETE, READ

NOBODY, HOLE = -1, -2  # instead of a key


class Stack(NamedTuple):
    """The line of slots. A slot is a time; the last use of every key has one."""

    tree: Any  # binary indexed: tree[i] marks in the (i & -i) slots up to i, counted from 1
    owner: Any  # by slot: the key whose last use that was, NOBODY or HOLE
    last: Any  # by key: its slot, NOBODY if it is not there


def stack_columns(unique: int) -> Stack:
    """Make an empty line with two slots per key; when all are used, the marks move together."""
    slots = 2 * unique + 2
    tree = np.zeros(slots + 1, np.int32)
    return Stack(tree, np.full(slots, NOBODY), np.full(unique, NOBODY))


def depths(keys: Any, ops: Any, stack: Stack, found: Any) -> Any:
    """Count in found[d] the reads whose key lay at depth d of the stack, 1 the topmost; 0: nowhere."""
    tree, owner, last = stack
    slot, marks = 0, 0
    holes = [-slot for _ in range(0)]  # a heap: the topmost first
    for number in range(len(keys)):
        key, op, was = keys[number], ops[number], last[keys[number]]
        if op == READ:
            found[marks - before(tree, was) if was != NOBODY else 0] += 1
        if op == DELETE:
            if was != NOBODY:
                owner[was], last[key] = HOLE, NOBODY
                heappush(holes, -was)
            continue
        if len(holes) and -holes[0] > was:
            was = fill(owner, was, holes)
        if was != NOBODY:
            owner[was] = NOBODY
            move(tree, was, -1)
        else:
            marks += 1
        if slot == len(owner):
            slot = close_up(stack, holes)
        owner[slot], last[key] = key, slot
        move(tree, slot, 1)
        slot += 1
    return found


def fill(owner: Any, was: int, holes: Any) -> int:
    """Fill the topmost hole, which is above the key's own slot; that slot becomes a hole. Give the filled slot."""
    top = -heappop(holes)
    if was != NOBODY:
        owner[was] = HOLE
        heappush(holes, -was)
    return int(top)


def before(tree: Any, slot: int) -> int:
    """Count the marks in the slots before this one."""
    marks = 0
    while slot > 0:
        marks += tree[slot]
        slot &= slot - 1
    return marks


def move(tree: Any, slot: int, change: int) -> None:
    """Put a mark into a slot (1) or remove it (-1)."""
    place, size = slot + 1, len(tree)
    while place < size:
        tree[place] += change
        place += place & -place


def close_up(stack: Stack, holes: Any) -> int:
    """Move all marks to the first slots, in their order; give the first free slot."""
    tree, owner, last = stack
    free = 0
    holes.clear()
    for slot in range(len(owner)):
        who, owner[slot] = owner[slot], NOBODY
        if who == HOLE:
            holes.append(-free)
        elif who != NOBODY:
            last[who] = free
        if who != NOBODY:
            owner[free] = who
            free += 1
    holes.reverse()  # the topmost first: sorted, which is a heap
    for place in range(1, len(tree)):  # marks up to `free`, of the slots that tree[place] counts
        low = place - (place & -place)
        tree[place] = max(0, min(place, free) - low)
    return free
