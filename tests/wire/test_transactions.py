"""MULTI, EXEC, DISCARD, WATCH: by hand, and at a replica's log."""

import pytest

from tests.wire.by_hand import Wire

QUEUED = b"+QUEUED\r\n"


def test_by_hand_on_five_commands():
    """Nothing runs before EXEC; then all, with one reply each; the log has them as one."""
    wire = Wire()
    assert b"+OK\r\n" == wire.say(0, "MULTI")
    assert [QUEUED] * 3 == [wire.say(0, line) for line in ("SET a 1", "INCR a", "GET a")]
    assert b"$-1\r\n" == wire.say(1, "GET a")
    assert b"*3\r\n+OK\r\n:2\r\n$1\r\n2\r\n" == wire.say(0, "EXEC")
    assert ["MULTI", "SET a 1", "INCR a", "EXEC"] == wire.log()[-4:]


def test_an_error_in_one_command_does_not_stop_the_others():
    """It is that command's reply."""
    wire = Wire()
    wire.say(0, "SET a x\r\nMULTI\r\nINCR a\r\nSET b 1")
    told = wire.say(0, "EXEC")
    assert told.startswith(b"*2\r\n-ERR value is not an integer")
    assert told.endswith(b"+OK\r\n")


@pytest.mark.parametrize("bad", ["NOPE", "GET", "CLIENT NOPE", "SET a", "SHUTDOWN"])
def test_a_command_that_is_refused_spoils_all(bad):
    """EXEC then runs nothing, and the next transaction is a new one."""
    wire = Wire()
    wire.say(0, "MULTI")
    assert wire.say(0, bad).startswith(b"-ERR")
    assert QUEUED == wire.say(0, "SET a 1")
    assert b"-EXECABORT Transaction discarded because of previous errors.\r\n" == wire.say(
        0, "EXEC"
    )
    assert b"+OK\r\n+QUEUED\r\n*1\r\n$-1\r\n" == wire.say(0, "MULTI\r\nGET a\r\nEXEC")


def test_what_is_wrong_with_the_words():
    """Each has its sentence."""
    wire = Wire()
    assert b"-ERR EXEC without MULTI\r\n" == wire.say(0, "EXEC")
    assert b"-ERR DISCARD without MULTI\r\n" == wire.say(0, "DISCARD")
    wire.say(0, "MULTI")
    assert b"-ERR MULTI calls can not be nested\r\n" == wire.say(0, "MULTI")
    assert b"-ERR WATCH inside MULTI is not allowed\r\n" == wire.say(0, "WATCH a")
    assert b"+OK\r\n" == wire.say(0, "DISCARD")
    assert b"-ERR EXEC without MULTI\r\n" == wire.say(0, "EXEC")


CHANGES = [
    "SET a 2",
    "DEL a",
    "EXPIRE a 100",
    "APPEND a x",
    "RENAME a b",
    "RENAME other a",
    "FLUSHDB",
    "FLUSHALL",
    "SWAPDB 0 1",
    "COPY other a REPLACE",
    "MOVE a 1",
    "SET a 1",
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_watched_key_that_changes_stops_exec(change):
    """It does not matter which client changes it, or if it gets the same value."""
    wire = Wire()
    wire.say(0, "MSET a 1 other 2")
    wire.say(0, "WATCH a x")
    wire.say(1, change)
    assert b"*-1\r\n" == wire.say(0, "MULTI\r\nSET c 1\r\nEXEC")[-5:]
    assert b"*1\r\n+OK\r\n" == wire.say(0, "MULTI\r\nSET c 1\r\nEXEC")[-9:]  # it watches no more


@pytest.mark.parametrize(
    "change", ["GET a", "SET b 1", "DEL x", "EXPIRE none 1", "SELECT 1\r\nSET a 1"]
)
def test_what_does_not_touch_the_key_stops_nothing(change):
    """Reads, other keys, other databases."""
    wire = Wire()
    wire.say(0, "SET a 1\r\nWATCH a")
    wire.say(1, change)
    assert b"*1\r\n+OK\r\n" == wire.say(0, "MULTI\r\nSET c 1\r\nEXEC")[-9:]


def test_a_watched_key_that_expires():
    """It stops EXEC, but not if it had expired before it was watched."""
    wire = Wire()
    wire.say(0, "SET a 1 PX 100\r\nWATCH a")
    wire.clock.advance(0.2)
    assert wire.say(0, "MULTI\r\nSET c 1\r\nEXEC").endswith(b"*-1\r\n")
    wire.say(0, "SET b 1 PX 100")
    wire.clock.advance(0.1005)
    wire.say(0, "WATCH b")
    wire.say(1, "GET b")
    assert wire.say(0, "MULTI\r\nSET c 1\r\nEXEC").endswith(b"*1\r\n+OK\r\n")


def test_nothing_waits_within_a_transaction():
    """BLPOP replies as if its time were up; those who wait are served after EXEC, not before."""
    wire = Wire()
    wire.say(1, "BLPOP a 0")
    assert wire.say(0, "MULTI\r\nRPUSH a 1\r\nDEL a\r\nBLPOP a 0\r\nEXEC").endswith(
        b"*3\r\n:1\r\n:1\r\n*-1\r\n"
    )
    assert b"" == wire.late[1]
    wire.say(0, "MULTI\r\nRPUSH a 1\r\nRPUSH a 2\r\nEXEC")
    assert b"*2\r\n$1\r\na\r\n$1\r\n1\r\n" == wire.late[1]


def test_a_full_server_refuses_a_transaction_that_stores():
    """Memory is looked at when a command is queued, and again at EXEC."""
    wire = Wire()
    wire.say(0, "MULTI\r\nSET a 1")
    wire.say(1, "CONFIG SET maxmemory-policy noeviction maxmemory 1")
    assert wire.say(0, "EXEC").startswith(
        b"-EXECABORT Transaction discarded because of: OOM command not allowed"
    )
    assert wire.say(0, "MULTI\r\nGET a\r\nEXEC").endswith(b"*1\r\n$-1\r\n")


def test_a_client_that_leaves_watches_nothing():
    """Its watches go with it, and with RESET."""
    wire = Wire()
    wire.say(0, "WATCH a")
    wire.say(1, "WATCH a\r\nMULTI\r\nRESET")
    wire.clients.leave(wire.all[0])
    assert not wire.engine.watches.by_key
    assert b"-ERR EXEC without MULTI\r\n" == wire.say(1, "EXEC")


@pytest.mark.parametrize("line", ["SHUTDOWN", "SYNC", "PSYNC x 1"])
def test_what_may_not_be_in_a_transaction(line):
    """It is refused at once, and the transaction with it."""
    wire = Wire()
    refused = b"-ERR Command not allowed inside a transaction\r\n"
    assert b"+OK\r\n" + refused == wire.say(0, f"MULTI\r\n{line}")
    assert wire.say(0, "EXEC").startswith(b"-EXECABORT")
