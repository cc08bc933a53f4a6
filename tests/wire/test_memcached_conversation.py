"""memcached's text protocol as a stream: cut anywhere, pipelined, out of step, or broken off."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.units import MIB
from cachesim.wire.memcached_conversation import MemcachedConversation


def talk():
    return MemcachedConversation(Memcached().build(ManualClock(), float))


SCRIPT = (
    b"set a 5 0 3\r\nabc\r\nget a b\r\nadd a 0 0 1\r\nx\r\nset q 0 0 1 noreply\r\n1\r\nincr q 41\r\n"
    b"append a 0 0 2\r\n\r\n\r\ngets a\r\ndelete a\r\nversion\nfoo\r\n\r\nset long 0 0 1048576\r\n"
    + b"y" * MIB
    + b"\r\nget q\r\n"
)
REPLIES = (
    b"STORED\r\nVALUE a 5 3\r\nabc\r\nEND\r\nNOT_STORED\r\n42\r\nSTORED\r\nVALUE a 5 5 4\r\nabc\r\n\r\nEND\r\n"
    b"DELETED\r\nVERSION 1.6.18\r\nERROR\r\nERROR\r\nSERVER_ERROR object too large for cache\r\n"
    b"VALUE q 0 2\r\n42\r\nEND\r\n"
)


def test_pipelined():
    """All requests of one piece are answered, in order."""
    assert REPLIES == talk().receive(SCRIPT)


@given(st.lists(st.integers(0, 260), max_size=12), st.integers(1, MIB))
def test_cut_anywhere(cuts, last):
    """Where the stream is cut changes nothing."""
    conversation = talk()
    places = sorted({*cuts, 260 + last, 0, len(SCRIPT)})
    replies = [conversation.receive(SCRIPT[start:end]) for start, end in pairwise(places)]

    assert b"".join(replies) == REPLIES


def test_byte_by_byte():
    """One byte at a time is slow but right."""
    conversation = talk()
    start = SCRIPT[:150]
    replies = b"".join(conversation.receive(start[n : n + 1]) for n in range(len(start)))

    assert REPLIES.startswith(replies)
    assert b"42" in replies


def test_a_block_of_the_wrong_length():
    """What is too long is refused, and what is left over is the next request."""
    assert talk().receive(b"set a 0 0 3\r\nabcde\r\nversion\r\n") == (
        b"CLIENT_ERROR bad data chunk\r\nERROR\r\nVERSION 1.6.18\r\n"
    )
    assert talk().receive(b"set a 0 0 x\r\nabc\r\n") == (
        b"CLIENT_ERROR bad command line format\r\nERROR\r\n"
    )


def test_a_large_value_is_collected_in_pieces():
    """A value just below the limit arrives in small pieces and comes back whole."""
    conversation = talk()
    value = bytes(range(256)) * 4000
    stream = b"set big 0 0 %d\r\n%b\r\n" % (len(value), value)
    replies = [conversation.receive(stream[n : n + 4096]) for n in range(0, len(stream), 4096)]

    assert b"".join(replies) == b"STORED\r\n"
    assert conversation.receive(b"get big\r\n") == (
        b"VALUE big 0 %d\r\n%b\r\nEND\r\n" % (len(value), value)
    )


def test_quit():
    """The server hangs up when asked, after what came before; then it is deaf."""
    conversation = talk()

    assert conversation.receive(b"mn\r\nquit\r\nmn\r\n") == b"MN\r\n"
    assert conversation.over
    assert conversation.receive(b"mn\r\n") == b""


@pytest.mark.parametrize(
    "stream",
    [
        b"x" * 2049,  # no line in sight
        b" " * 101 + b"get " + b"k" * 2000,  # blanks in front hide the get
        b"set " + b"k" * 17_000 + b"\r\n",  # longer than the server reads at once
        b"GET / HTTP/1.1\r\n",
    ],
)
def test_offences(stream):
    """The server hangs up without a word, and what it had still to send is lost."""
    conversation = talk()

    assert conversation.receive(b"mn\r\n" + stream) == b""
    assert conversation.over


def test_a_long_get():
    """A get may have as many keys as it likes."""
    conversation = talk()
    conversation.receive(b"set k9999 0 0 1\r\n1\r\n")
    line = b"get " + b" ".join(b"k%d" % n for n in range(10_000)) + b"\r\n"

    assert conversation.receive(line[:5000]) == b""
    assert conversation.receive(line[5000:]) == b"VALUE k9999 0 1\r\n1\r\nEND\r\n"
