"""What the hidden tests of exercise 12 use; it never leaves the teacher."""

import hashlib
import random


def mixed(nodes, seed):
    """Return the nodes in another order."""
    order = nodes[1:] + nodes[:1]
    random.Random(seed).shuffle(order)
    return order if order != nodes else nodes[::-1]


def texts(seed):
    """Return texts that a student cannot know beforehand; one is not ASCII."""
    draw = random.Random(seed)
    return [f"k{draw.random()}" for _ in range(20)] + [f"größe:{draw.randrange(1000)}"]


def right_point(text):
    """Return the point of a text."""
    return int(hashlib.md5(text.encode()).hexdigest()[:8], 16)
