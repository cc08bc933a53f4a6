"""What a memcached command asks of its node: bytes in and out, keys looked at."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.base import Work
from cachesim.engines.memcached.engine import Memcached

ASKED = {
    ("get", "a"): Work(1, 30), ("GET", b"a"): Work(1, 30), ("get", "none"): Work(1, 0),
    ("gets", "a"): Work(1, 30), ("get", "a", "b", "none"): Work(3, 40), ("gets", "a", "b"): Work(2, 40),
    ("gat", 60, "a"): Work(1, 30), ("gat", 60, "a", "b"): Work(2, 40),
    ("mg", "a", "v"): Work(1, 30), ("mg", "a", "v", "c", "N30"): Work(1, 30), ("mg", b"a", b"v"): Work(1, 30),
    ("mg", "a", "s", "t"): Work(1, 0), ("mg", "none", "v"): Work(1, 0), ("mg", "YQ==", "b", "v"): Work(1, 30),
    ("set", "a", 0, 0, b"12345"): Work(1, 5), ("add", "a", 0, 0, "12345"): Work(1, 5),
    ("replace", "a", 0, 0, 12345): Work(1, 5), ("append", "a", 0, 0, b"123"): Work(1, 3),
    ("prepend", "a", 0, 0, b"123"): Work(1, 3), ("cas", "a", 0, 0, 7, b"123"): Work(1, 3),
    ("ms", "a", "T60", b"12345"): Work(1, 5), ("md", "a"): Work(1, 0), ("delete", "a"): Work(1, 0),
    ("touch", "a", 60): Work(1, 0), ("incr", "n", 1): Work(1, 0), ("stats",): Work(1, 0),
    ("get",): Work(1, 0), (): Work(1, 0), ("mg",): Work(1, 0), ("mg", "a", ""): Work(1, 0),
    ("nonsense", "a", "123"): Work(1, 3),
}  # fmt: skip


@pytest.mark.parametrize(("command", "work"), ASKED.items(), ids=str)
def test_what_a_command_asks(command, work):
    """A value costs its bytes, going in or coming out; numbers, flags and words cost nothing."""
    engine = Memcached().build(ManualClock(), lambda: 0.5)
    engine.set("a", b"x" * 30)
    engine.set("b", b"x" * 10)
    engine.set("n", b"7")
    before = engine.execute(("stats",))

    assert work == engine.work(command)
    assert before == engine.execute(("stats",))  # and no trace is left
