"""Late replies: clients that wait for keys, for the end of a pause, or for their time to be up."""

import pytest

from cachesim.wire.turns import TURN
from tests.wire.by_hand import Wire


def test_by_hand_on_five_commands():
    """Two wait, first come first; each gets one element; the replicas see pops only."""
    wire = Wire()
    assert wire.say(0, "BLPOP a b 0") == wire.say(1, "BRPOP b 0") == b""
    assert b"blocked_clients:2" in wire.say(2, "INFO clients")
    assert b":2\r\n" == wire.say(2, "RPUSH b 1 2")
    assert [b"*2\r\n$1\r\nb\r\n$1\r\n1\r\n", b"*2\r\n$1\r\nb\r\n$1\r\n2\r\n", b""] == wire.late
    assert [b":0\r\n", b":0\r\n"] == [wire.say(2, "LLEN b"), wire.say(2, "EXISTS b")]
    assert ["RPUSH b 1 2", "LPOP b", "RPOP b"] == wire.log()[-3:]
    assert b"blocked_clients:0" in wire.say(2, "INFO clients")


def test_time_is_up():
    """The reply is that of nothing; a later element is for others."""
    wire = Wire()
    wire.say(0, "BLPOP a 1.5")
    wire.say(1, "BLMOVE a b LEFT RIGHT 2")
    wire.pass_time(1.4)
    assert [b"", b""] == wire.late[:2]
    wire.pass_time(0.1)
    assert [b"*-1\r\n", b""] == wire.late[:2]
    wire.pass_time(0.5)
    assert b"$-1\r\n" == wire.late[1]
    assert b":1\r\n" == wire.say(2, "RPUSH a x")
    assert not wire.engine.blocked.by_key


def test_what_came_meanwhile_runs_afterwards():
    """No command of a client overtakes one that waits."""
    wire = Wire()
    assert b"" == wire.say(0, "BLPOP a 0\r\nPING") == wire.say(0, "ECHO x")
    wire.say(1, "LPUSH a 1")
    assert b"*2\r\n$1\r\na\r\n$1\r\n1\r\n" == wire.late[0]
    assert b"+PONG\r\n$1\r\nx\r\n" == wire.all[0].receive(b"")


def test_one_served_client_serves_another():
    """BLMOVE pushes where somebody else waits (redis 7: "Linked LMOVEs")."""
    wire = Wire()
    wire.say(0, "BLMOVE a b LEFT RIGHT 0")
    wire.say(1, "BLMOVE b c LEFT RIGHT 0")
    wire.say(2, "RPUSH a x")
    assert [b"$1\r\nx\r\n"] * 2 == wire.late[:2]
    assert b"*1\r\n$1\r\nx\r\n" == wire.say(2, "LRANGE c 0 -1")


def test_a_value_of_another_type_serves_nobody():
    """But a wrong target is an error for the client that waits, and the element stays."""
    wire = Wire()
    wire.say(0, "BLPOP a 0")
    wire.say(2, "HSET a f v")
    assert b"" == wire.late[0]
    wire.say(2, "DEL a\r\nSET target x")
    wire.say(1, "BRPOPLPUSH other target 0")
    wire.say(2, "LPUSH other 1")
    assert wire.late[1].startswith(b"-WRONGTYPE")
    assert b":1\r\n" == wire.say(2, "LLEN other")


def test_a_client_that_leaves_gets_nothing():
    """The element goes to the next one in the line."""
    wire = Wire()
    wire.say(0, "BLPOP a 0")
    wire.say(1, "BLPOP a 0")
    wire.clients.leave(wire.all[0])
    wire.say(2, "RPUSH a 1")
    assert [b"", b"*2\r\n$1\r\na\r\n$1\r\n1\r\n"] == wire.late[:2]


def test_unblock():
    """CLIENT UNBLOCK lets time be up, or fails the command."""
    wire = Wire()
    wire.say(0, "BLPOP a 0")
    wire.say(1, "BLPOP a 0")
    first, second = (client.number for client in wire.all[:2])
    assert b":1\r\n" == wire.say(2, f"CLIENT UNBLOCK {first}")
    assert b":1\r\n" == wire.say(2, f"CLIENT UNBLOCK {second} ERROR")
    assert b":0\r\n" == wire.say(2, f"CLIENT UNBLOCK {second}")
    assert b"*-1\r\n" == wire.late[0]
    assert b"-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n" == wire.late[1]


@pytest.mark.parametrize("mode", ["WRITE", "ALL"])
def test_a_pause_holds_back_writes_or_everything(mode):
    """What was held back runs at its end, in order; UNPAUSE works only if not everything is held."""
    wire = Wire()
    wire.say(2, "SET a old PX 500")
    assert b"+OK\r\n" == wire.say(2, f"CLIENT PAUSE 1000 {mode}")
    assert b"" == wire.say(0, "SET b 1")
    assert (b"" if mode == "ALL" else b"$3\r\nold\r\n") == wire.say(1, "GET a")
    wire.pass_time(0.6)
    assert 1 == len(wire.engine)  # it is dead, and stays
    if mode == "WRITE":
        assert b"$-1\r\n" == wire.say(1, "GET a")
        assert b"+OK\r\n" == wire.say(2, "CLIENT UNPAUSE")
    else:
        assert b"" == wire.say(2, "CLIENT UNPAUSE")
        wire.pass_time(0.4)
        assert b"+OK\r\n" == wire.late[2]
        assert b"$-1\r\n" == wire.late[1]
    assert b"+OK\r\n" == wire.late[0]


def test_many_commands_take_turns():
    """After 64 commands the others may speak; nothing is lost or out of order."""
    wire = Wire()
    said = wire.all[0].receive(b"INCR a\r\n" * 1000)
    assert TURN == said.count(b"\r\n")
    assert b"$2\r\n64\r\n" == wire.say(1, "GET a")
    while wire.all[0].pending:
        said += wire.all[0].receive(b"")
    assert said == b"".join(b":%d\r\n" % number for number in range(1, 1001))


def test_a_consumer_hears_that_its_stream_is_gone():
    """The cron removes the dead key, and nobody says anything; an XREAD of it waits on."""
    wire = Wire()
    wire.say(2, "XGROUP CREATE s g $ MKSTREAM")
    wire.say(2, "PEXPIRE s 500")
    assert b"" == wire.say(0, "XREADGROUP GROUP g ann BLOCK 0 STREAMS s >")
    assert b"" == wire.say(1, "XREAD BLOCK 900 STREAMS s $")
    wire.clock.advance(0.7)
    wire.engine.tick()
    wire.pass_time(0.0)
    assert [b"-UNBLOCKED the stream key no longer exists\r\n", b"", b""] == wire.late
    wire.pass_time(0.3)
    assert b"*-1\r\n" == wire.late[1]


def test_a_pause_of_writes_holds_back_what_replicas_would_get():
    """Writes, PFCOUNT and a transaction that writes wait, and INFO counts them; reads go on."""
    wire = Wire(4)
    wire.say(0, "PFADD a x\r\nMULTI\r\nSET b 1")
    wire.say(1, "MULTI\r\nGET b")
    assert b"+OK\r\n" == wire.say(3, "CLIENT PAUSE 1000 WRITE")
    assert b"*1\r\n$-1\r\n" == wire.say(1, "EXEC")
    assert b"" == wire.say(0, "EXEC") == wire.say(1, "PFCOUNT a") == wire.say(2, "PUBLISH c m")
    assert b"blocked_clients:3" in wire.say(3, "INFO clients")
    wire.say(3, "CLIENT UNPAUSE")
    assert [b"*1\r\n+OK\r\n", b":1\r\n", b":0\r\n"] == wire.late[:3]


@pytest.mark.parametrize(
    "comes", ["RENAME other a", "COPY other a", "SORT other ALPHA STORE a", "SELECT 1\r\nMOVE a 0"]
)
def test_a_key_that_comes_whole_wakes_who_waits(comes):
    """A list may come by another name, from another database, or as the result of SORT."""
    wire = Wire()
    wire.say(1, "RPUSH other x\r\nSELECT 1\r\nRPUSH a x\r\nSELECT 0")
    wire.say(0, "BLPOP a 0")
    wire.say(1, comes)
    assert b"*2\r\n$1\r\na\r\n$1\r\nx\r\n" == wire.late[0]


@pytest.mark.parametrize(
    ("line", "is_held"),
    [
        (r'EVAL "#!lua flags=no-writes\nreturn 1" 0', False),
        (r'EVAL "#!lua\nreturn 1" 0', True),
        (r'EVAL "#!lua flags=nothing\nreturn 1" 0', True),
        ("EVAL 'return 1' 0", True),
        ("EVAL_RO 'return 1' 0", False),
        ("EVALSHA c6f9e8d0d8ac6f2d6a5d0a0c1a7a7a64d3d0b1a7 0", True),
        ("FCALL reads 0", False),
        ("FCALL writes 0", True),
        ("FCALL nothing 0", True),
        ("FCALL reads", False),
        ("XGROUP CREATE s g $", True),
    ],
)
def test_a_pause_of_writes_lets_scripts_run_that_say_they_do_not_write(line, is_held):
    """It goes by the flags of a script, or a function; without flags by those of the command."""
    wire = Wire()
    assert b"$1\r\nl\r\n" == wire.say(2, f'FUNCTION LOAD "{LIBRARY}"')
    wire.say(2, "CLIENT PAUSE 1000 WRITE")
    assert is_held == (b"" == wire.say(0, line))
    wire.say(1, "MULTI")
    wire.say(1, line)
    assert is_held == (b"" == wire.say(1, "EXEC"))


LIBRARY = (
    r"#!lua name=l\nredis.register_function('writes', function() return 1 end) "
    r"redis.register_function{function_name='reads', callback=function() return 1 end, "
    r"flags={'no-writes'}}"
)
