"""PUBLISH, SUBSCRIBE, keyspace events and MONITOR, by hand."""

import re

import pytest

from tests.wire.by_hand import Wire


def message(*parts):
    """Give the bytes of a message in RESP2."""
    return b"*%d\r\n" % len(parts) + b"".join(
        b":%d\r\n" % part if isinstance(part, int) else b"$%d\r\n%b\r\n" % (len(part), part)
        for part in parts
    )


def test_by_hand_on_five_commands():
    """One listens by name, one by pattern and by name; who has left gets nothing."""
    wire = Wire()
    assert message(b"subscribe", b"news", 1) == wire.say(0, "SUBSCRIBE news")
    assert message(b"psubscribe", b"n*", 1) + message(b"subscribe", b"news", 2) == wire.say(
        1, "PSUBSCRIBE n*\r\nSUBSCRIBE news"
    )
    assert b":3\r\n" == wire.say(2, "PUBLISH news hello")
    assert message(b"message", b"news", b"hello") == wire.late[0]
    assert wire.late[0] + message(b"pmessage", b"n*", b"news", b"hello") == wire.late[1]
    assert message(b"unsubscribe", b"news", 0) == wire.say(0, "UNSUBSCRIBE")
    wire.clients.leave(wire.all[1])
    assert b":0\r\n" == wire.say(2, "PUBLISH news again")
    assert "PUBLISH news again" == wire.log()[-1]


def test_a_client_that_listens_may_do_little():
    """In RESP2 a reply could not be told from a message; in RESP3 it can."""
    wire = Wire()
    wire.say(0, "SUBSCRIBE a")
    assert wire.say(0, "GET x").startswith(b"-ERR Can't execute 'get': only (P|S)SUBSCRIBE /")
    assert message(b"pong", b"") == wire.say(0, "PING")
    assert message(b"unsubscribe", b"b", 1) == wire.say(0, "UNSUBSCRIBE b")
    assert b"+RESET\r\n" == wire.say(0, "RESET")
    assert message(b"punsubscribe", b"", 0).replace(b"$0\r\n\r\n", b"$-1\r\n") == wire.say(
        0, "PUNSUBSCRIBE"
    )
    wire.say(1, "HELLO 3")
    assert wire.say(1, "SUBSCRIBE a").startswith(b">3\r\n")
    # what a client tells itself comes after the replies before it, and before the one to PUBLISH
    assert b"_\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n:1\r\n" == wire.say(
        1, "GET x\r\nPUBLISH a m"
    )


def test_pubsub_tells_who_listens():
    """CHANNELS by a pattern, NUMSUB by name, NUMPAT."""
    wire = Wire()
    wire.say(0, "SUBSCRIBE a1 a2 b")
    wire.say(1, "PSUBSCRIBE a* b*")
    assert message(b"a1", b"a2") == wire.say(2, "PUBSUB CHANNELS a?")
    assert message(b"b", 1, b"none", 0) == wire.say(2, "PUBSUB NUMSUB b none")
    assert b":2\r\n" == wire.say(2, "PUBSUB NUMPAT")
    assert b"sub=3 psub=0" in wire.say(2, "CLIENT LIST TYPE pubsub")


@pytest.mark.parametrize(
    ("given", "shown"), [("KEA", "AKE"), ("Ex$", "$xE"), ("KElm", "lKEm"), ("", "")]
)
def test_the_setting_of_keyspace_events(given, shown):
    """It is shown in the server's order of letters (redis 7: notify.c)."""
    wire = Wire()
    assert b"+OK\r\n" == wire.all[0].receive(
        b"*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$22\r\nnotify-keyspace-events\r\n$%d\r\n%b\r\n"
        % (len(given), given.encode())
    )
    assert wire.say(0, "CONFIG GET notify-keyspace-events").endswith(
        b"$%d\r\n%b\r\n" % (len(shown), shown.encode())
    )
    assert wire.say(0, "CONFIG SET notify-keyspace-events q").startswith(b"-ERR CONFIG SET failed")


def test_keyspace_events():
    """One message by the key, one by the event."""
    wire = Wire()
    wire.say(0, "PSUBSCRIBE __key*")
    wire.say(1, "CONFIG SET notify-keyspace-events KEl\r\nRPUSH a x")
    assert (
        message(b"pmessage", b"__key*", b"__keyspace@0__:a", b"rpush")
        + message(b"pmessage", b"__key*", b"__keyevent@0__:rpush", b"a")
    ) == wire.late[0]


def test_monitor_shows_what_others_do():
    """Each command with its time, database, client and words; none of the administrator's."""
    wire = Wire()
    assert b"+OK\r\n" == wire.say(0, "MONITOR")
    wire.say(1, 'SELECT 2\r\nSET a "x\\"\\n\\xff"\r\nCONFIG GET x')
    assert (
        b'+1577836800.000000 [2 c:1] "SELECT" "2"\r\n'
        b'+1577836800.000000 [2 c:1] "SET" "a" "x\\"\\n\\xff"\r\n'
    ) == wire.late[0]


def test_monitor_shows_a_command_after_it_has_run():
    """So EXEC comes behind the commands of its transaction, and RESET is not shown to its own client."""
    wire = Wire()
    wire.say(0, "MONITOR")
    wire.say(1, "MULTI\r\nINCR a\r\nEXEC")
    shown = re.findall(rb'"([A-Za-z]{2,})"', wire.late[0])
    assert [b"MULTI", b"INCR", b"EXEC"] == shown
    wire.late[0] = b""
    assert b"+RESET\r\n" == wire.say(0, "RESET")
    assert b"" == wire.late[0]


@pytest.mark.parametrize("how", ["OFF", "SKIP"])
def test_a_silent_client_hears_what_it_subscribes_to(how):
    """CLIENT REPLY is about replies; the answers of SUBSCRIBE are messages."""
    wire = Wire()
    wire.say(0, f"CLIENT REPLY {how}")
    assert b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n" == wire.say(0, "SUBSCRIBE a")
    wire.say(1, "PUBLISH a b")
    assert b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n" == wire.late[0]


def test_exec_is_shown_after_what_it_ran():
    """MULTI, the commands, EXEC; and EXEC too if the transaction is given up."""
    wire = Wire()
    wire.say(0, "MONITOR")
    wire.say(1, "MULTI\r\nSET a 1\r\nEXEC\r\nMULTI\r\nFOO\r\nEXEC")
    shown = [line.split(b"] ")[1] for line in wire.late[0].splitlines()]

    assert [b'"MULTI"', b'"SET" "a" "1"', b'"EXEC"', b'"MULTI"', b'"EXEC"'] == shown


def test_a_script_is_shown_before_what_it_calls():
    """Each once, in a transaction too; what a script calls comes from "lua"."""
    wire = Wire()
    wire.say(0, "MONITOR")
    wire.say(1, """EVAL "return redis.call('set', 'a', 1)" 0""")
    wire.say(1, "MULTI\r\nEVAL_RO 'return 1' 0\r\nEXEC")
    shown = [line.split(b" ", 1)[1] for line in wire.late[0].splitlines()]

    assert [
        b"""[0 c:1] "EVAL" "return redis.call('set', 'a', 1)" "0\"""",
        b'[0 lua] "set" "a" "1"',
        b'[0 c:1] "MULTI"',
        b'[0 c:1] "EVAL_RO" "return 1" "0"',
        b'[0 c:1] "EXEC"',
    ] == shown
