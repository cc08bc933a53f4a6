"""One table of commands: a row serves request lines, tuples, and the price of a tuple."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.base import Work
from cachesim.engines.memcached import commands
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.memcached.proto_text import answer
from cachesim.engines.memcached.protocol import one_line
from cachesim.errors import CommandError


@pytest.fixture
def engine():
    return Memcached().build(ManualClock(), lambda: 0.5)


def length(table, key):
    item = table.peek(key)
    return -1 if item is None else len(item.value)


LENGTH = commands.TextCommand(
    words=(2, 2),
    answer=lambda daemon, tokens: one_line(str(length(daemon, tokens[1].decode()))),
    arguments=(1, 1),
    call=length,
    work=lambda daemon, command: Work(bytes=8),
)


def test_a_new_command_is_one_row(engine, monkeypatch):
    """A request line and a tuple find it, wrong numbers of words are refused, and it has its price."""
    monkeypatch.setitem(commands.COMMANDS, "length", LENGTH)
    engine.set("a", b"123")

    assert b"3\r\n" == answer(engine, b"length a")
    assert 3 == engine.execute(("LENGTH", "a"))
    assert Work(bytes=8) == engine.work(("length", "a"))
    assert b"ERROR\r\n" == answer(engine, b"length a b")
    with pytest.raises(CommandError, match="ERROR"):
        engine.execute(("length",))


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_a_row_keeps_to_its_number_of_words(engine, name):
    """Fewer words than the least are an error, for request lines and for tuples; nothing changes."""
    row = commands.COMMANDS[name]
    if row.words[0] > 1:
        assert b"ERROR\r\n" == answer(engine, name.encode())
    if row.call is None:
        with pytest.raises(CommandError, match="ERROR"):
            engine.execute((name, *"abcde"[: row.words[0]]))
    elif row.arguments[0] > 0:
        with pytest.raises(CommandError, match="ERROR"):
            engine.execute((name,))

    assert 0 == len(engine)
