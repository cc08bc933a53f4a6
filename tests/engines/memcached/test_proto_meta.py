"""The meta commands on the wire, reply by reply; every expected byte was seen from memcached 1.6.18."""

import pytest

from cachesim.engines.memcached.proto_text import answer
from tests.engines.memcached.replies import BAD, LARGE, LONG

META = [  # as REPLIES
    (b"mg n v", None, b"VA 2\r\n15\r\n"),
    (b"mg n s t c f k O123 h l", None, b"HD s2 t-1 c1 f0 kn O123 h0 l0\r\n"),
    (b"mg t f v", None, b"VA 4 f7\r\ntext\r\n"),
    (b"mg x v k Oab", None, b"EN kx Oab\r\n"),
    (b"mg x v q", None, b""),
    (b"mg n T60 t", None, b"HD t60\r\n"),
    (b"mg x N30 t v", None, b"VA 0 t30 W\r\n\r\n"),
    (b"mg n u", None, b"HD\r\n"),
    (b"mg n R30", None, b"HD\r\n"),
    (b"mg n O" + b"x" * 40, None, b"CLIENT_ERROR opaque token too long\r\n"),
    (b"mg n v v", None, b"CLIENT_ERROR duplicate flag\r\n"),
    (b"mg n x", None, b"CLIENT_ERROR invalid flag\r\n"),
    (b"mg n Tx", None, b"CLIENT_ERROR bad token in command line format\r\n"),
    (b"mg n Mxx", None, b"CLIENT_ERROR incorrect length for M token\r\n"),
    (b"mg " + LONG, None, BAD),
    (b"mg n " + b"v " * 20, None, b"CLIENT_ERROR options flags are too long\r\n"),
    (b"mg n! b", None, b"CLIENT_ERROR error decoding key\r\n"),
    (b"mg", None, b"ERROR\r\n"),
    (b"ms a 1", b"1", b"HD\r\n"),
    (b"ms a 1 c k O1 T5 F9", b"1", b"HD c3 ka O1\r\n"),
    (b"ms a 1 q", b"1", b""),
    (b"ms Zm9v 1 b k", b"1", b"HD kZm9v b\r\n"),
    (b"ms n 1 ME", b"1", b"NS\r\n"),
    (b"ms n 1 MA", b"1", b"HD\r\n"),
    (b"ms n 1 MA C99", b"1", b"EX\r\n"),
    (b"ms n 1 C99", b"1", b"EX\r\n"),
    (b"ms x 1 C99", b"1", b"NF\r\n"),
    (b"ms t 1 C1 I", b"1", b"HD\r\n"),
    (b"ms n 1", b"12", b"CLIENT_ERROR bad data chunk\r\n"),
    (b"ms n 1 MX", b"1", b"CLIENT_ERROR invalid mode for ms M token\r\n"),
    (b"ms n 1 O" + b"x" * 40, b"1", b"CLIENT_ERROR opaque token too long\r\n"),
    (b"ms n 1048576", b"", LARGE),
    (b"ms n x", None, BAD),
    (b"ms n", None, BAD),
    (b"ms n 1 " + b"v " * 20, None, b"CLIENT_ERROR options flags too long\r\n"),
    (b"md n", None, b"HD\r\n"),
    (b"md n q", None, b""),
    (b"md n C9", None, b"EX\r\n"),
    (b"md n I T30", None, b"HD\r\n"),
    (b"md x k", None, b"NF kx\r\n"),
    (b"md n x", None, b"CLIENT_ERROR invalid or duplicate flag\r\n"),
    (b"ma n", None, b"HD\r\n"),
    (b"ma n v D5", None, b"VA 2\r\n20\r\n"),
    (b"ma n MD v D9 c t", None, b"VA 1 c3 t-1\r\n6\r\n"),
    (b"ma n C9", None, b"EX\r\n"),
    (b"ma n q", None, b""),
    (b"ma n T30 t", None, b"HD t30\r\n"),
    (b"ma x", None, b"NF\r\n"),
    (b"ma x N30 J13 v t", None, b"VA 2 t30\r\n13\r\n"),
    (b"ma t", None, b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"),
    (b"ma n MX", None, b"CLIENT_ERROR invalid mode for ma M token\r\n"),
    (b"me n", None, b"ME n exp=-1 la=0 cas=1 fetch=no cls=1 size=62\r\n"),
    (b"me x", None, b"EN\r\n"),
    (b"me " + LONG, None, BAD),
    (b"me n! b", None, BAD),
]


@pytest.mark.parametrize(("line", "data", "reply"), META)
def test_meta_replies(engine, line, data, reply):
    """Each meta command, its flags and its errors, to the byte."""
    assert reply == answer(engine, line, data)


def test_one_client_fetches_a_stale_value(engine):
    """Of those who find it stale one is told to fetch it (W), the others that one was (Z), until it is new."""
    answer(engine, b"md n I T30")

    assert answer(engine, b"mg n v") == b"VA 2 X W\r\n15\r\n"
    assert answer(engine, b"mg n v") == b"VA 2 Z X\r\n15\r\n"

    answer(engine, b"ms n 2 C2 I", b"16")

    assert answer(engine, b"mg n v") == b"VA 2 Z X\r\n16\r\n"

    answer(engine, b"ms n 2", b"17")

    assert answer(engine, b"mg n v") == b"VA 2\r\n17\r\n"
