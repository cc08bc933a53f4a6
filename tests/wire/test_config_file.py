"""Configuration files: what is read, what starts, and what CONFIG REWRITE writes."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.rng import uniform
from cachesim.wire.clients import Clients
from cachesim.wire.config_file import read_file, read_lines, rewrite, rewritten, start_with


@pytest.fixture
def engine():
    return Redis().build(ManualClock(), uniform(1, "files"))


def test_a_server_starts_as_its_file_says(engine, tmp_path):
    """Parameters and users of the file are there; requirepass is the default user's password."""
    path = tmp_path / "redis.conf"
    path.write_text(
        '# mine\n\nmaxmemory 5mb\nSAVE 900 1\nsave 60 9\nrequirepass "a b"\nuser ada on nopass +get ~*\n'
    )
    start_with(engine, read_file(path))
    client = Clients(engine).join()

    assert 5 << 20 == engine.maxmemory
    assert {b"save": b"900 1 60 9"} == engine.execute(("CONFIG", "GET", "save"))
    assert b"-NOAUTH Authentication required.\r\n" == client.receive(b"PING\r\n")
    assert b"+OK\r\n" == client.receive(b'AUTH "a b"\r\n')
    assert b"+OK\r\n" == client.receive(b"AUTH ada x\r\n")
    assert b"$-1\r\n" == client.receive(b"GET x\r\n")
    assert client.receive(b"SET x y\r\n").startswith(b"-NOPERM")


def test_a_file_is_written_again_with_what_has_changed(engine, tmp_path):
    """Directives keep their lines, comments too; new ones and users come at the end."""
    path = tmp_path / "redis.conf"
    path.write_text("# mine\nmaxmemory 5mb\nuser ada off\nhz 10\nhz 20\n")
    start_with(engine, read_file(path))
    engine.rewrite_file = lambda: rewrite(path, engine)
    engine.execute(
        ("CONFIG", "SET", "timeout", "7", "requirepass", "a b", "maxmemory-policy", "noeviction")
    )
    assert "OK" == engine.execute(("CONFIG", "REWRITE"))
    lines = path.read_text().splitlines()

    assert ["# mine", "maxmemory 5242880", "hz 20"] == lines[:3]
    assert 'requirepass "a b"' in lines
    assert "timeout 7" in lines
    assert "user ada off resetchannels -@all" in lines
    assert lines == rewritten(lines, engine)


def test_users_in_a_file_of_their_own(engine, tmp_path):
    """ACL SAVE writes it, ACL LOAD reads it; a wrong line changes nothing."""
    path = tmp_path / "users.acl"
    path.write_text("user ada on nopass ~* +@all\n")
    start_with(engine, read_lines([f"dir {tmp_path}", "aclfile users.acl"]))
    client = Clients(engine).join()
    assert b"*2\r\n$3\r\nada\r\n$7\r\ndefault\r\n" == client.receive(b"ACL USERS\r\n")
    client.receive(b"ACL SETUSER bob\r\n")
    assert b"+OK\r\n" == client.receive(b"ACL SAVE\r\n")
    assert "user bob off resetchannels -@all" in path.read_text().splitlines()
    path.write_text("user ada on\nuser ada off\nuser x +foo\nfoo\nuser y ((\n")
    told = client.receive(b"ACL LOAD\r\n").decode()
    for words in (
        "Duplicate user 'ada' found on line 2",
        "users.acl:3: Error in applying operation '+foo'",
    ):
        assert words in told
    assert "users.acl:4 should start with user keyword" in told
    assert b"*3" == client.receive(b"ACL USERS\r\n")[:2]
    path.unlink()
    assert b"opening file 'users.acl': No such file" in client.receive(b"ACL LOAD\r\n")


def test_a_wrong_file_is_one_sentence(engine, tmp_path):
    for lines, sentence in (
        (["hz"], 'line 1, "hz", has no value; write the value behind the name'),
        (['hz "'], "line 1 has unbalanced quotes; close them"),
        (["user"], "line 1 has a user without a name"),
        (["user a", "user a"], "line 2: Duplicate user found"),
        (["nope 1"], 'there is no parameter "nope"'),
        (["appendonly yes"], "appendonly \"yes\": cachesim can only have 'no' here"),
        (
            ["user a +foo"],
            "the user \"a\": Error in ACL SETUSER modifier '\\+foo': Unknown command",
        ),
        (["user a on", "aclfile x"], "users are given, and a file of users too"),
    ):
        with pytest.raises(BadInput, match=sentence):
            start_with(engine, read_lines(lines))
    with pytest.raises(BadInput, match=r"cannot read .*none: No such file"):
        read_file(tmp_path / "none")
