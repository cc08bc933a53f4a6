"""memcached's binary protocol and its passwords, worked by hand; tests/live has the real server beside it."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.errors import BadInput
from cachesim.wire.memcached_clients import MemcachedClients, PasswordFiles
from cachesim.wire.memcached_conversation import MemcachedConversation
from tests.engines.memcached.random_messages import HEAD, message

NOOP, VERSION = message(0x0A), message(0x0B)
STORE = struct.pack(">LL", 7, 0)  # flags, expiration time
NO_FIRST = 2**32 - 1


def engine():
    return Memcached().build(ManualClock(), float)


def talk():
    return MemcachedConversation(engine())


def replies(told):
    """Split bytes into (opcode, status, extras, key, value, opaque, cas)."""
    found = []
    while told:
        magic, opcode, key, extras, kind, status, body, opaque, cas = HEAD.unpack(told[:24])
        assert (0x81, 0) == (magic, kind)
        parts = told[24 : 24 + extras], told[24 + extras : 24 + extras + key]
        found.append((opcode, status, *parts, told[24 + extras + key : 24 + body], opaque, cas))
        told = told[24 + body :]
    return found


def told(conversation, *messages):
    """Return (opcode, status, value) of each reply."""
    return [(one[0], one[1], one[4]) for one in replies(conversation.receive(b"".join(messages)))]


def counting(delta, first, exptime):
    return struct.pack(">QQL", delta, first, exptime)


def test_a_store_and_its_reads():
    """The flags are the reply's extras, and the unique id of each reply is that of the item."""
    client = talk()
    stream = message(0x01, b"a", STORE, b"one", opaque=5)
    stream += message(0x00, b"a", opaque=6) + message(0x0C, b"a") + message(0x1C, b"a", bytes(4))

    assert replies(client.receive(stream)) == [
        (0x01, 0, b"", b"", b"", 5, 1),
        (0x00, 0, b"\0\0\0\7", b"", b"one", 6, 1),
        (0x0C, 0, b"\0\0\0\7", b"a", b"one", 0, 1),
        (0x1C, 0, b"\0\0\0\7", b"", b"", 0, 1),
    ]


def test_misses():
    """A get that shows its key repeats it; every other miss says so; a quiet one says nothing."""
    asked = [message(0x00, b"a"), message(0x0C, b"a"), message(0x09, b"a"), message(0x0D, b"a")]
    asked += [message(0x23, b"a", bytes(4)), message(0x24, b"a", bytes(4)), message(0x04, b"a")]
    client = talk()

    assert replies(client.receive(b"".join(asked))) == [
        (0x00, 1, b"", b"", b"Not found", 0, 0),
        (0x0C, 1, b"", b"a", b"", 0, 0),
        (0x23, 1, b"", b"a", b"", 0, 0),
        (0x04, 1, b"", b"", b"Not found", 0, 0),
    ]


def test_conditions():
    """A store that is not allowed has the status that the server gives to this command."""
    exists, missing = (2, b"Data exists for key."), (1, b"Not found")
    client = talk()
    asked = [
        (message(0x03, b"a", STORE, b"1"), missing),
        (message(0x0E, b"a", value=b"1"), (5, b"Not stored.")),
        (message(0x01, b"a", STORE, b"1", cas=9), missing),
        (message(0x02, b"a", STORE, b"1"), (0, b"")),
        (message(0x02, b"a", STORE, b"2"), exists),
        (message(0x12, b"a", STORE, b"2"), exists),  # an error is never quiet
        (message(0x01, b"a", STORE, b"2", cas=9), exists),
        (message(0x0E, b"a", value=b"2", cas=9), exists),
        (message(0x04, b"a", cas=9), exists),
        (message(0x05, b"a", counting(1, 0, 0), cas=9), exists),
        (message(0x01, b"a", STORE, b"2", cas=1), (0, b"")),
    ]

    for sent, expected in asked:
        assert [expected] == [one[1:] for one in told(client, sent)]


def test_counters():
    """A counter is made with its first value, wraps at 64 bits and never falls below 0."""
    client = talk()
    long = struct.Struct(">Q").pack

    assert told(client, message(0x05, b"n", counting(5, 3, NO_FIRST))) == [(5, 1, b"Not found")]
    assert told(client, message(0x05, b"n", counting(5, 3, 0))) == [(5, 0, long(3))]
    assert told(client, message(0x05, b"n", counting(5, 3, 0))) == [(5, 0, long(8))]
    assert told(client, message(0x06, b"n", counting(50, 3, 0))) == [(6, 0, long(0))]
    assert told(client, message(0x06, b"n", counting(0, 3, 0))) == [(6, 0, long(0))]
    client.receive(message(0x11, b"n", STORE, b"18446744073709551615"))
    assert told(client, message(0x05, b"n", counting(2, 0, 0))) == [(5, 0, long(1))]
    client.receive(message(0x11, b"n", STORE, b"x"))
    assert told(client, message(0x05, b"n", counting(2, 0, 0))) == [
        (5, 6, b"Non-numeric server-side value for incr or decr")
    ]


def test_quiet_commands():
    """Nothing is said while all is well: a noop shows that it is done."""
    client = talk()
    sent = [message(0x11, b"a", STORE, b"1"), message(0x19, b"a", value=b"2")]
    sent += [message(0x1A, b"a", value=b"0"), message(0x15, b"a", counting(1, 0, 0))]

    assert told(client, *sent, NOOP) == [(0x0A, 0, b"")]
    assert told(client, message(0x09, b"a"), message(0x14, b"a")) == [(0x09, 0, b"13 ")]
    assert told(client, message(0x18), message(0x00, b"a")) == [(0x00, 1, b"Not found")]
    assert told(client, message(0x17)) == []
    assert client.over


@pytest.mark.parametrize(
    ("sent", "status", "is_over"),
    [
        (message(0x01, b"a", STORE[:4], b"1"), 4, True),  # extras of a wrong length
        (message(0x00), 4, True),  # no key
        (message(0x00, b"k" * 251), 4, True),
        (message(0x00, b"a", value=b"1"), 4, True),
        (message(0x00, b"aaa", body=2), 0x81, True),  # the head contradicts itself
        (message(0x1B), 0x81, False),  # verbosity, which this server never had
        (message(0x20), 0x81, False),  # no passwords: no SASL
        (message(0x21, b"PLAIN", value=b"\0a\0b"), 0x81, False),
        (message(0x01, b"a", STORE, b"x" * (1 << 20)), 3, False),
        (message(0x01, b"a", STORE, body=2**32 - 1), 3, False),
        (message(0x10, b"x"), 1, False),
    ],
)
def test_bad_messages(sent, status, is_over):
    """Each has its status; the server hangs up after those that leave it out of step."""
    client = talk()

    assert [status] == [one[1] for one in told(client, sent)]
    assert is_over == client.over
    assert is_over or told(client, VERSION) == [(0x0B, 0, b"1.6.18")]


def test_a_wrong_first_byte_later():
    """The server hangs up without a word, and replies that were not sent are lost."""
    client = talk()

    assert client.receive(NOOP + b"get a\r\n" * 4) == b""
    assert client.over


def test_figures():
    """Each figure is a reply, and an empty one ends the list."""
    client = talk()
    listed = replies(client.receive(message(0x10)))

    assert listed[-1][3:5] == (b"", b"")
    assert (b"version", b"1.6.18") in [one[3:5] for one in listed]
    client.receive(message(0x10, b"detail on") + message(0x11, b"a:1", STORE, b"1"))
    assert told(client, message(0x10, b"detail dump"))[0][2] == (
        b"PREFIX a get 0 hit 0 set 1 del 0\r\nEND\r\n"
    )


SCRIPT = message(0x01, b"a", STORE, b"one") + message(0x0C, b"a") + message(0x0E, b"a", value=b"2")
SCRIPT += message(0x09, b"b") + message(0x7F, value=b"abc") + message(0x10, b"sizes") + NOOP


@given(st.lists(st.integers(0, len(SCRIPT)), max_size=8))
def test_cut_anywhere(cuts):
    """Where the stream is cut changes nothing."""
    places = sorted({0, len(SCRIPT), *cuts})
    client = talk()
    pieces = [client.receive(SCRIPT[start:end]) for start, end in pairwise(places)]

    assert talk().receive(SCRIPT) == b"".join(pieces)


# --- passwords


@pytest.fixture
def passwords(tmp_path):
    """Write a file of passwords."""

    def write(text):
        path = tmp_path / "passwords"
        path.write_text(text)
        return str(path)

    return write


def member(**files):
    one = engine()
    return MemcachedConversation(one, MemcachedClients(one, PasswordFiles(**files)))


def plain(told):
    return message(0x21, b"PLAIN", value=told)


def test_sasl(passwords):
    """Without a password only the version is free; a wrong one is told; each connection says it again."""
    path = passwords("bob:b\nada:secret:more\n")
    client = member(sasl=path)

    assert told(client, message(0x20), VERSION) == [(0x20, 0, b"PLAIN"), (0x0B, 0, b"1.6.18")]
    assert told(client, plain(b"\0ada\0wrong")) == [(0x21, 0x20, b"Auth failure.")]
    assert told(client, plain(b"\0ada\0secret")) == [(0x21, 0, b"Authenticated")]
    assert told(client, NOOP) == [(0x0A, 0, b"")]
    assert (2, 1) == (client.engine.host.auth_cmds, client.engine.host.auth_errors)
    other = member(sasl=path)
    assert told(other, message(0x00, b"a")) == [(0x00, 0x20, b"Auth failure.")]
    assert other.over


def test_sasl_in_two_steps(passwords):
    """A client may name the mechanism first, and tell the password in a step."""
    client = member(sasl=passwords("ada:secret\n"))
    step = message(0x22, b"PLAIN", value=b"\0ada\0secret")

    assert told(client, step) == [(0x22, 0x20, b"Auth failure.")]
    assert told(client, plain(b""), step) == [(0x21, 0x21, b""), (0x22, 0, b"Authenticated")]
    assert told(client, plain(b"\0ada\0secret")) == [
        (0x21, 0x20, b"Auth failure.")
    ]  # once is enough


def test_sasl_and_a_text_client(passwords):
    """A client of another protocol is hung up on at its first byte."""
    client = member(sasl=passwords("ada:secret\n"))

    assert client.receive(b"v") == b""
    assert client.over


def test_text_login(passwords):
    """The first `set` tells user and password; everything before it is refused."""
    client = member(text=passwords("ada:a:b\nbob:c\n"))

    for sent, answer in (
        (b"get a\r\n", b"CLIENT_ERROR unauthenticated\r\n"),
        (b"set x 0 0 5\r\nada a\r\n", b"CLIENT_ERROR authentication failure\r\n"),
        (b"set x 0 0 3\r\nada\r\n", b"CLIENT_ERROR bad authentication token format\r\n"),
        (b"set x 0 0 2\r\nada a:b\r\n", b"CLIENT_ERROR unauthenticated\r\n"),  # the last error
        (b"set x 0 0 7\r\nad", b""),
        (b"a a:b\r\nversion\r\n", b"STORED\r\nVERSION 1.6.18\r\n"),
        (b"set a 0 0 1\r\nx\r\n", b"STORED\r\n"),
    ):
        assert answer == client.receive(sent)


@pytest.mark.parametrize("sent", [b"x" * 2049, b"set x 0 0 20000\r\n" + b"a" * 17_000])
def test_a_client_that_never_logs_in(passwords, sent):
    """It cannot fill the memory."""
    client = member(text=passwords("ada:secret\n"))

    assert client.receive(sent) == b""
    assert client.over


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ada\n", "line 1: a line is user:password"),
        ("", "has no line"),
        ("a:" + "x" * 300, "at most 255 bytes"),
    ],
)
def test_bad_files(passwords, text, sentence):
    """One sentence says what a file of passwords must hold."""
    with pytest.raises(BadInput, match=sentence):
        member(sasl=passwords(text))
    with pytest.raises(BadInput, match="cannot be read"):
        member(text="/nowhere")
