"""The kernel of Random: it evicts any key, all with the same probability."""

from typing import Any

from cachesim.replay.kernels.words import ABSENT, DELETE, READ


def at_random(
    keys: Any, ops: Any, items: int, place: Any, who: Any, random: Any
) -> tuple[int, Any]:
    """Count the hits; give the place of each key at the end too (ABSENT: not held).

    `place` is a column by key, `who` a column by place. The last key takes the place of a key that leaves.
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
    """Take a key out; give the number of keys left."""
    last = who[held - 1]
    who[place[key]], place[last] = last, place[key]
    place[key] = ABSENT
    return held - 1
