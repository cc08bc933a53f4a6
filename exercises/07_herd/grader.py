"""What the hidden tests of exercise 7 use; it never leaves the teacher."""

import math


def number(answer):
    """Return a life that can be worked with. Raises AssertionError."""
    assert type(answer) in (int, float) and math.isfinite(answer), (
        f"a number is asked for, got {answer!r:.60}"
    )
    return float(answer)


def spread(lives, ttl):
    """Check that lives differ enough, and are never too long or much too short. Raises AssertionError."""
    assert max(lives) <= ttl * (1 + 1e-9), (
        f"with a TTL of {ttl:g} s one copy lived {max(lives):.3g} s"
    )
    assert min(lives) >= 0.5 * ttl, (
        f"with a TTL of {ttl:g} s one copy lived only {min(lives):.3g} s"
    )
    assert max(lives) - min(lives) >= 0.05 * ttl, (
        f"with a TTL of {ttl:g} s all lives lie within {max(lives) - min(lives):.3g} s"
    )
