"""Redis's own patterns."""

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
