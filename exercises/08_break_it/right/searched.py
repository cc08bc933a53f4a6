# Tries random stories on small models of LRU and of the four caches.
import random


def play(story, reads=True, overwrites=True, last=False, forgets=True):
    """Return the keys of a cache of three, None if it fails; the next victim is the first of `order`."""
    order, held = [], set()
    for step in story:
        what, key = step
        if what == "+" and key not in held:
            if len(held) == 3:
                victim = order[-1 if last else 0]
                if victim not in held:
                    return None
                held.discard(victim)
                order.remove(victim)
            held.add(key)
            order = [k for k in order if k != key] + [key] if key not in order else order
        elif (what == "+" and overwrites) or (what == "?" and reads and key in held):
            order.remove(key)
            order.append(key)
        elif what == "-" and key in held:
            held.discard(key)
            if forgets:
                order.remove(key)
    return held


def steps():
    draw = random.Random(1)
    bugs = [{"reads": False}, {"overwrites": False}, {"last": True}, {"forgets": False}]
    while True:
        story = [draw.choice("+++?-") + draw.choice("abcdef") for _ in range(12)]
        right = play(story)
        if all(play(story, **bug) != right for bug in bugs):
            return " ".join(story)


def never_hits(items):
    found = []
    for _ in range(4):
        found.extend(f"page{number}" for number in range(items + 1))
    return found
