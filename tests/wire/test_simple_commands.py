"""The simple engine behind Redis's protocol: its seven commands, checked as Redis checks them."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.simple import Simple
from cachesim.wire.clients import Clients


def ask(*lines):
    """Return the reply to the last of some lines, on a new engine."""
    client = Clients(Simple(items=10).build(ManualClock(), lambda: 0.5)).join()
    return [client.receive(line.encode() + b"\r\n") for line in lines][-1]


@pytest.mark.parametrize(
    ("lines", "reply"),
    [
        (("SET a 1", "GET a"), b"$1\r\n1\r\n"),
        (("SET a 1 EX 9", "DEL a b"), b":1\r\n"),
        (("SET a 1", "DBSIZE"), b":1\r\n"),
        (("SET a 1", "FLUSHALL", "DBSIZE"), b":0\r\n"),
        (("PING",), b"+PONG\r\n"),
        (("PING x",), b"$1\r\nx\r\n"),
        (("ECHO x",), b"$1\r\nx\r\n"),
        (("GET a b",), b"-ERR wrong number of arguments for 'get' command\r\n"),
        (("SET a",), b"-ERR wrong number of arguments for 'set' command\r\n"),
        (("SET a 1 XX",), b"-ERR syntax error\r\n"),
        (("SET a 1 PX x",), b"-ERR value is not an integer or out of range\r\n"),
        (("COMMAND COUNT",), b":15\r\n"),
        (("COMMAND GETKEYS DEL a b",), b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
    ],
)
def test_the_simple_engine_answers(lines, reply):
    """Seven commands of its own, and those about the connection."""
    assert reply == ask(*lines)


def test_an_unknown_command_is_answered_with_the_known_ones():
    """So a client sees what there is."""
    assert ask("INCR a").endswith(
        b": the simple engine has DBSIZE, DEL, ECHO, FLUSHALL, GET, PING, SET\r\n"
    )
