"""Redis's own patterns."""

import random
from fnmatch import fnmatchcase

import pytest

from cachesim.engines.redis.glob import glob

CASES = [  # pattern, what it matches, what it does not
    (b"*", b"a bc", b""),  # an empty name matches no star: the server's loop ends before it
    (b"h?llo", b"hello", b"hllo"),
    (b"h*o", b"hello", b"hellos"),
    (b"h**o", b"ho", b"h"),
    (b"[abc]x", b"bx", b"dx"),
    (b"[^abc]x", b"dx", b"ax"),
    (b"[a-c]", b"b", b"d"),
    (b"[c-a]", b"b", b"d"),
    (b"[\\]]", b"]", b"a"),
    (b"[a", b"a", b"b"),
    (b"[^", b"a", b"ab"),
    (b"\\*", b"*", b"a"),
    (b"a\\", b"a\\", b"a"),
    (b"[a-]", b"_", b"b"),  # a range up to the bracket
    (b"[x-\xff]", b"a", b"z"),  # bytes are signed: -1 to 120
    (b"a.c", b"a.c", b"abc"),
    (b"a\n*", b"a\n\n", b"a"),
    (b"", b"", b"a"),
]


@pytest.mark.parametrize(("pattern", "good", "bad"), CASES)
def test_a_pattern_takes_what_redis_takes(pattern, good, bad):
    """Each was checked against a redis-server 7.0.15."""
    assert glob(pattern)(good)
    assert not glob(pattern)(bad)


def test_an_empty_class_matches_nothing():
    """No byte is one of none."""
    assert not any(glob(b"[]")(bytes([byte])) for byte in range(256))


def test_many_stars_take_no_time():
    """Redis's own "pattern matching long nested loops": four times the steps per star, with backtracking."""
    word, stars = b"a" * 40_000, b"a*" * 20
    assert not glob(stars + b"b")(word)
    assert glob(stars + b"a")(word)
    assert not glob(b"*a" * 50 + b"*b*")(word)


def test_random_patterns_match_what_a_shell_matches():
    """With stars, question marks and letters only, the rules are those of a shell."""
    draw = random.Random(1)
    for _ in range(20_000):
        pattern = "".join(draw.choices("ab*?", k=draw.randint(1, 8)))
        word = "".join(draw.choices("ab", k=draw.randint(1, 9)))
        assert glob(pattern.encode())(word.encode()) == fnmatchcase(word, pattern), (pattern, word)
