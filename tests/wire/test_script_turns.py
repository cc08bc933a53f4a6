"""A script that takes long: the other clients hear BUSY, and SCRIPT KILL ends it. Time is by hand."""

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.watched import LoneEngine
from cachesim.wire.clients import Clients
from cachesim.wire.script_turns import ScriptTurns
from tests.wire.real import resp

BUSY = (
    b"-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n"
)
KILLED = b"-ERR Script killed by user with SCRIPT KILL..."
ENDLESS = (
    "while true do end",
    "local f = function() while 1 do redis.call('ping') end end while 1 do pcall(f) end",
    "while true do pcall(error) end",
    "coroutine.wrap(function() while true do end end)()",
    "local f = function() while 1 do end end while 1 do coroutine.resume(coroutine.create(f)) end",
    "while 1 do xpcall(function() while 1 do end end, function() end) end",
)


class World:
    """Two clients of an engine, and an event loop that is turned by hand."""

    def __init__(self):
        engine = LoneEngine(Redis(), lambda: 0.0, lambda: 0.5)
        self.clients, self.late, self.looks = Clients(engine), [], 0
        self.waiting = []
        self.clients.turns = ScriptTurns(engine, self.waiting.append, self.now)
        self.one, self.two = self.clients.join(), self.clients.join()
        self.one.give = self.late.append
        self.ask(self.two, "CONFIG", "SET", "lua-time-limit", "3000")

    def now(self):
        """Each look at the clock is a second later."""
        self.looks += 1
        return float(self.looks)

    def ask(self, client, *words):
        return client.receive(resp([word.encode() for word in words]))

    def turn(self):
        """Let the script run on once, as the loop does."""
        self.waiting.pop(0)()


@pytest.fixture
def world():
    return World()


@pytest.mark.parametrize("script", ENDLESS)
def test_a_script_that_takes_long_can_be_killed(world, script):
    """Its client has no reply until then; what the others send meanwhile is refused."""
    assert b"" == world.ask(world.one, "EVAL", script, "0")
    assert [BUSY, BUSY] == [world.ask(world.two, "PING"), world.ask(world.two, "SHUTDOWN")]
    world.turn()
    assert BUSY == world.ask(world.two, "GET", "a")
    assert b"+OK\r\n" == world.ask(world.two, "SCRIPT", "KILL")
    while world.waiting:
        world.turn()

    assert [True] == [data.startswith(KILLED) for data in world.late]
    assert b"+PONG\r\n" == world.ask(world.two, "PING") == world.ask(world.one, "PING")


def test_a_script_that_has_written_cannot_be_killed(world):
    """It runs to its end, and its client gets the reply."""
    world.ask(world.one, "EVAL", "redis.call('set', 'a', 1) for i = 1, 2e6 do end return 7", "0")

    assert world.ask(world.two, "SCRIPT", "KILL").startswith(b"-UNKILLABLE Sorry the script")
    while world.waiting:
        world.turn()
    assert [b":7\r\n"] == world.late
    assert b"$1\r\n1\r\n" == world.ask(world.two, "GET", "a")


def test_a_transaction_meanwhile_is_aborted(world):
    """MULTI is allowed, what follows is refused, and EXEC says why."""
    world.ask(world.one, "EVAL", "while true do end", "0")

    assert b"+OK\r\n" == world.ask(world.two, "MULTI")
    assert BUSY == world.ask(world.two, "SET", "a", "1")
    assert b"-EXECABORT Transaction discarded because of: " + BUSY[1:] == world.ask(
        world.two, "EXEC"
    )
    world.ask(world.two, "SCRIPT", "KILL")
    while world.waiting:
        world.turn()
    assert b"$-1\r\n" == world.ask(world.two, "GET", "a")


def test_a_long_script_in_a_transaction(world):
    """EXEC runs in the thread, too; a kill fails the script alone."""
    for words in (("MULTI",), ("SET", "a", "1"), ("EVAL", "while true do end", "0")):
        world.ask(world.one, *words)

    assert b"" == world.ask(world.one, "EXEC")
    assert BUSY == world.ask(world.two, "PING")
    world.ask(world.two, "SCRIPT", "KILL")
    while world.waiting:
        world.turn()
    assert world.late[0].startswith(b"*2\r\n+OK\r\n" + KILLED)


def test_a_client_that_leaves_gets_nothing(world):
    """Its script runs on all the same."""
    world.ask(world.one, "EVAL", "for i = 1, 2e6 do end redis.call('set', 'a', 1)", "0")
    world.clients.leave(world.one)
    while world.waiting:
        world.turn()

    assert [] == world.late
    assert b"$1\r\n1\r\n" == world.ask(world.two, "GET", "a")


def test_functions_have_their_own_kill(world):
    """FUNCTION KILL for FCALL, SCRIPT KILL for EVAL."""
    code = "#!lua name=x\nredis.register_function('f', function() while true do end end)"
    assert b"$1\r\nx\r\n" == world.ask(world.one, "FUNCTION", "LOAD", code)
    world.ask(world.one, "FCALL", "f", "0")
    other = BUSY.replace(b"SCRIPT", b"FUNCTION")

    assert [other, other] == [world.ask(world.two, "PING"), world.ask(world.two, "SCRIPT", "KILL")]
    assert b"+OK\r\n" == world.ask(world.two, "FUNCTION", "KILL")
    while world.waiting:
        world.turn()
    assert world.late[0].startswith(KILLED)


def test_a_script_whose_client_is_gone_still_may_do_only_what_its_user_may(world):
    """A client that hangs up while its script runs does not give the script more rights."""
    world.ask(world.two, "ACL", "SETUSER", "ada", "on", "nopass", "+eval", "~*")
    world.ask(world.one, "AUTH", "ada", "x")
    world.ask(world.one, "EVAL", "for i = 1, 2e6 do end redis.call('set', 'a', 1)", "0")
    world.clients.leave(world.one)
    while world.waiting:
        world.turn()

    assert b"$-1\r\n" == world.ask(world.two, "GET", "a")
    assert b"$3\r\nlua\r\n" in world.ask(world.two, "ACL", "LOG")


def test_nor_has_a_later_script_of_its_transaction_more_rights(world):
    """EXEC runs on after its client has hung up, as the user that began it."""
    world.ask(world.two, "ACL", "SETUSER", "ada", "on", "nopass", "+eval", "+multi", "+exec", "~*")
    world.ask(world.one, "AUTH", "ada", "x")
    for words in (
        ["MULTI"],
        ["EVAL", "for i = 1, 2e6 do end", "0"],
        ["EVAL", "redis.call('set', 'a', 1)", "0"],
        ["EXEC"],
    ):
        world.ask(world.one, *words)
    assert world.waiting
    world.clients.leave(world.one)
    while world.waiting:
        world.turn()

    assert b"$-1\r\n" == world.ask(world.two, "GET", "a")
