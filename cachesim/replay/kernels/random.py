"""The kernel of Random: any key goes, each as likely as the others."""

from typing import Any

from cachesim.replay.kernels.words import ABSENT, DELETE, READ


def at_random(
    keys: Any, ops: Any, items: int, place: Any, who: Any, random: Any
) -> tuple[int, Any]:
    """Return the hits, and the place that each key has in the end (ABSENT: not held).

    `place` is a column by key, `who` by place: the last key takes the place of the one that leaves.
    """
    hits, held = 0, 0
    for number in range(len(keys)):
        key, op = keys[number], ops[number]
        if place[key] != ABSENT and op != DELETE:
            hits += op == READ
        elif place[key] != ABSENT:
            held = leave(place, who, key, held)
        elif op != DELETE:
            if held == items:
                held = leave(place, who, who[int(random.random() * held)], held)
            place[key], who[held] = held, key
            held += 1
    return hits, place


def leave(place: Any, who: Any, key: int, held: int) -> int:
    """Take a key out; return how many are held then."""
    last = who[held - 1]
    who[place[key]], place[last] = last, place[key]
    place[key] = ABSENT
    return held - 1
