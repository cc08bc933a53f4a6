"""Libraries of functions as bytes: DUMP and RESTORE, RDB files and full copies, beside a real server."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.rdb import dump
from cachesim.engines.redis.rdb_load import load
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.resync import load as copy_all
from cachesim.errors import BadInput, CommandError
from cachesim.rng import uniform
from tests.wire.real import RealRedis

pytest.importorskip("lupa")


def library(name, *functions):
    lines = [
        f"redis.register_function('{f}', function(k, a) return '{name}' end)" for f in functions
    ]
    return "\n".join([f"#!lua name={name}", *lines])


A, B, ALSO_F = library("a", "f", "g"), library("b", "h" * 60), library("c", "f")


def build():
    return ReplicatedEngine(Redis(), ManualClock(), uniform(1, "functions"))


def run(engine, *command):
    """The reply as RESP2 shows it."""
    try:
        reply = engine.execute(command)
    except CommandError as error:
        return f"-{error}"
    return reply


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    server = RealRedis(tmp_path_factory.mktemp("real"))
    yield server
    server.close()


def filled(real, *codes):
    """Our engine and the real one with these libraries only."""
    engine = build()
    real.ask("FUNCTION", "FLUSH")
    for code in codes:
        assert run(engine, "FUNCTION", "LOAD", code) == real.ask("FUNCTION", "LOAD", code)
    return engine


def codes_of(server):
    """The texts of all libraries, by their names, as FUNCTION LIST tells them."""
    if isinstance(server, RealRedis):
        flat = server.ask("FUNCTION", "LIST", "WITHCODE")
        listed = [dict(zip(each[::2], each[1::2], strict=True)) for each in flat]
    else:
        listed = server.execute(("FUNCTION", "LIST", "WITHCODE"))
    return {each[b"library_name"]: each[b"library_code"] for each in listed}


@pytest.mark.parametrize(
    "policy", [(), ("APPEND",), ("replace",), ("FLUSH",), ("x",), ("FLUSH", "y")]
)
@pytest.mark.parametrize("there", [(), (A,), (ALSO_F,), (B, ALSO_F)], ids=len)
def test_each_server_restores_what_the_other_dumped(real, there, policy):
    """Every policy, with libraries and functions that are there already: the same replies and libraries."""
    source = filled(real, A, B)
    payloads = real.ask("FUNCTION", "DUMP"), run(source, "FUNCTION", "DUMP")
    for payload in payloads:
        engine = filled(real, *there)
        theirs = real.ask("FUNCTION", "RESTORE", payload, *policy)
        assert theirs == run(engine, "FUNCTION", "RESTORE", payload, *policy)
        assert codes_of(real) == codes_of(engine)
        assert real.ask("FCALL", "f", 0) == run(engine, "FCALL", "f", 0)


def test_what_is_no_dump_of_libraries_is_refused(real):
    """A damaged one, the dump of a value, and one whose library fails: nothing is loaded."""
    engine = filled(real, A)
    payload = real.ask("FUNCTION", "DUMP")
    real.ask("SET", "k", "x")
    for bad in (b"", payload[:-1], payload[:-1] + b"!", real.ask("DUMP", "k")):
        assert real.ask("FUNCTION", "RESTORE", bad) == run(engine, "FUNCTION", "RESTORE", bad)
    assert [b"a"] == list(codes_of(engine))


def test_a_real_server_loads_them_from_our_file(tmp_path):
    """And a real server's file brings them into our engine."""
    engine = build()
    for code in (A, B):
        engine.execute(("FUNCTION", "LOAD", code))
    (tmp_path / "dump.rdb").write_bytes(dump(engine))
    server = RealRedis(tmp_path)
    try:
        assert codes_of(engine) == codes_of(server)
        assert b"a" == server.ask("FCALL", "f", 0)
        server.ask("SAVE")
        file = (tmp_path / "dump.rdb").read_bytes()
    finally:
        server.close()
    other = build()
    load(other, file)
    assert codes_of(engine) == codes_of(other)
    assert b"a" == other.execute(("FCALL", "f", 0))


def test_a_file_whose_library_fails_changes_nothing():
    """One sentence, and neither keys nor libraries."""
    source, other = build(), build()
    source.execute(("FUNCTION", "LOAD", A))
    source.set("k", b"1")
    file = dump(source, checksum=False).replace(b"register_function", b"register_fumction")
    with pytest.raises(BadInput, match="library of functions that fails: Error"):
        load(other, file)
    assert (0, []) == (len(other), other.execute(("FUNCTION", "LIST")))


def test_a_full_copy_has_them():
    """A replica in this process has the primary's libraries, and no others."""
    primary, replica = build(), build()
    primary.execute(("FUNCTION", "LOAD", A))
    replica.execute(("FUNCTION", "LOAD", B))
    copy_all(replica, primary)
    assert [b"a"] == list(codes_of(replica))
    assert b"a" == replica.execute(("FCALL", "f", 0))
