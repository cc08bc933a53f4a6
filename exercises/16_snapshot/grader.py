"""What the hidden tests of exercise 16 use; it never leaves the teacher."""

import random

FINISH = [["STEP"]] * 12  # more than there are keys
NAMES = "abcdefgh"


def stories(seed, crashes):
    """Return lists of commands, other ones for each student."""
    draw = random.Random(seed)
    return [[*_filled(draw), *_events(draw, crashes)] for _ in range(100)]


def _filled(draw):
    return [["SET", name, draw.randrange(100)] for name in NAMES[: draw.randrange(1, 8)]]


def _events(draw, crashes):
    names = ["SET"] * 4 + ["DEL"] * 2 + ["STEP"] * 4 + ["BGSAVE"] + ["CRASH"] * crashes
    for _ in range(40):
        name = draw.choice(names)
        if name == "SET":
            yield [name, draw.choice(NAMES), draw.randrange(100)]
        elif name == "DEL":
            yield [name, draw.choice(NAMES)]
        else:
            yield [name]


def reference(commands):
    """Return the keys at the end, and the copies, by copying everything at the beginning of a snapshot."""
    keys, file, start, written, changed, copied = {}, {}, None, [], set(), 0
    for name, *rest in commands:
        if name == "BGSAVE" and start is None:
            start, written, changed = dict(keys), [], set()
        elif name == "STEP" and start is not None:
            written += sorted(start.keys() - written)[:1]
            if len(written) == len(start):
                file, start = start, None
        elif name == "CRASH":
            keys, start = dict(file), None
        elif name in ("SET", "DEL"):
            key = rest[0]
            if start is not None and key in start and key not in written and key not in changed:
                changed.add(key)
                copied += 1
            keys.pop(key, None)
            if name == "SET":
                keys[key] = rest[1]
    return keys, copied


def shown(commands, right):
    """Name a story by its length; the whole would be too long to read."""
    return f"after {len(commands)} commands, the last of them {commands[-1]}"
