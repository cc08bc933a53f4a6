"""A real redis-server is the replica of `cachesim serve`: every value and TTL, the offset, a break of the link."""

import re
import signal
import subprocess
import sys
from random import Random

import pytest

from cachesim.engines.redis.arguments import argument
from tests.engines.redis.questions import value_of
from tests.engines.redis.random_commands import random_command
from tests.engines.redis.unspecified import is_lexical
from tests.wire.real import Client, RealRedis, wait_until

DATABASES = 16
HOUR = 3_600_000  # milliseconds
LEFT_OUT = {"CONFIG", "INFO", "FLUSHALL"}  # they change the settings, or leave nothing to compare


@pytest.fixture
def primary():
    """A client of `cachesim serve`."""
    command = [sys.executable, "-m", "cachesim", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    client = Client(int(re.search(r"127\.0\.0\.1:(\d+)", server.stdout.readline())[1]))
    yield client
    client.close()
    server.kill()
    server.wait()
    server.stdout.close()


@pytest.fixture
def replica(primary, tmp_path):
    """Make a real server follow the primary, when it is called; end it after the test."""
    started = []

    def one():
        port = primary.socket.getpeername()[1]
        started.append(RealRedis(tmp_path, "--replicaof", f"127.0.0.1 {port}"))
        return started[-1]

    yield one
    for server in started:
        server.close()


def same_offset(primary, real):
    """Whether the link is up, and the replica's ACK is the primary's offset."""
    told = primary.ask("INFO", "replication").decode()
    offset = re.search(r"master_repl_offset:(\d+)", told)[1]
    acked = re.search(r"slave0:.*offset=(\d+)", told)
    theirs = real.info("replication")
    return (
        theirs["master_link_status"] == "up"
        and acked
        and acked[1] == offset == theirs["slave_repl_offset"]
    )


def caught_up(primary, real):
    wait_until(lambda: same_offset(primary, real), "the replica")


def write_at_random(primary, draw, number):
    """Send random commands in all databases; then no key expires within the next hour."""
    for _ in range(number):
        command = random_command(draw)
        if command[0].upper() not in LEFT_OUT and not is_lexical(command):
            primary.send(*map(argument, command))
            primary.reply()
    for database in range(DATABASES):
        primary.ask("SELECT", database)
        for key in primary.ask("KEYS", "*"):
            if 0 <= primary.ask("PTTL", key) < HOUR:
                primary.ask("PEXPIRE", key, HOUR + len(key))
    primary.ask("SELECT", 0)


def state(client, database):
    """Every key of a database with its type, the moment of its end and its value."""
    client.ask("SELECT", database)
    found = {}
    for key in client.ask("KEYS", "*"):
        kind = client.ask("TYPE", key)
        value = value_of(client.ask, kind, key)
        found[key] = (kind, client.ask("PEXPIRETIME", key), value)
    return found, client.ask("DBSIZE")


def compare(primary, real):
    """Every database is equal; give the number of keys."""
    caught_up(primary, real)
    keys = 0
    for database in range(DATABASES):
        ours, theirs = state(primary, database), state(real.client, database)
        assert ours == theirs, database
        keys += len(ours[0])
    return keys


def syncs(folder):
    """How many full and partial resyncs the replica's log tells of."""
    log = (folder / "log").read_text()
    return log.count("Full resync from master"), log.count(
        "Master accepted a Partial Resynchronization"
    )


def test_a_copy_and_then_every_command(primary, replica, tmp_path):
    """3,000 random commands before the copy and 6,000 after it: values, TTLs, DBSIZE and offsets are equal."""
    draw = Random(18)
    write_at_random(primary, draw, 3000)
    primary.ask("SET", b"\xff\r\n", b"x" * 8_000_000)
    primary.ask("HSET", "large", *(part for n in range(600) for part in (f"f{n}", "v" * n)))
    real = replica()

    assert compare(primary, real) > 10
    write_at_random(primary, draw, 6000)
    assert compare(primary, real) > 10
    primary.ask("FLUSHALL")
    assert 0 == compare(primary, real)
    write_at_random(primary, draw, 300)
    assert compare(primary, real) > 0
    assert (1, 0) == syncs(tmp_path)


def test_a_short_break_and_a_long_one(primary, replica, tmp_path):
    """The replica stands still while its link ends: 100 writes are sent again, 1.5 MiB are too many."""
    real = replica()
    caught_up(primary, real)
    for size, expected in ((100, (1, 1)), (15_000, (2, 1))):
        real.process.send_signal(signal.SIGSTOP)
        assert 1 == primary.ask("CLIENT", "KILL", "TYPE", "replica")
        for number in range(100):
            primary.ask("SET", f"{size} {number}", "x" * size)
        real.process.send_signal(signal.SIGCONT)
        assert compare(primary, real) >= 100
        assert expected == syncs(tmp_path)


def test_wait_asks_the_replica(primary, replica):
    """WAIT 1 is answered by the replica's ACK; for a second replica it waits in vain."""
    real = replica()
    caught_up(primary, real)
    for number in range(20):
        primary.ask("SET", "a", number)
        assert 1 == primary.ask("WAIT", 1, 0)
        assert b"%d" % number == real.ask("GET", "a")
    assert 1 == primary.ask("WAIT", 2, 50)
    assert ["slave", "connected"] == [
        part if isinstance(part, str) else part.decode() for part in real.ask("ROLE")[::3][:2]
    ]


def test_what_expires_and_what_is_evicted_is_deleted(primary, replica):
    """The replica removes nothing by itself, so both have the same number of keys in the end."""
    real = replica()
    caught_up(primary, real)
    primary.ask("CONFIG", "SET", "maxmemory", "130kb")
    for number in range(2000):
        options = ("PX", 1) if number % 3 else ()
        primary.ask("SET", number, "x" * 100, *options)
    wait_until(
        lambda: primary.ask("INFO", "keyspace").endswith(b"expires=0,avg_ttl=0\r\n"), "the expiry"
    )

    assert compare(primary, real) > 100
    evicted = re.search(rb"evicted_keys:(\d+)", primary.ask("INFO", "stats"))
    assert int(evicted[1]) > 0


def test_libraries_are_copied(primary, replica):
    """A full copy has the libraries of functions, and later ones come with the stream."""
    pytest.importorskip("lupa")
    code = "#!lua name={0}\nredis.register_function('{0}', function() return '{0}' end)"
    primary.ask("FUNCTION", "LOAD", code.format("before"))
    real = replica()
    caught_up(primary, real)
    primary.ask("FUNCTION", "LOAD", code.format("after"))
    caught_up(primary, real)

    assert [b"after", b"before"] == sorted(each[1] for each in real.ask("FUNCTION", "LIST"))


def test_what_a_stopped_replica_has_not_read_evicts_nothing(primary, replica):
    """Its bytes are in used_memory, but do not count for eviction; killed, it takes none."""
    real = replica()
    for number in range(100):
        primary.ask("SETRANGE", f"key:{number}", 20_000, "x")
    caught_up(primary, real)
    before = memory_of(primary)
    primary.ask("CONFIG", "SET", "maxmemory", before["used_memory"] + 32 * 1024)
    real.process.send_signal(signal.SIGSTOP)
    try:
        for _ in range(1500):
            primary.ask("SETRANGE", "key:0", 0, "y" * 20_000)
        now = memory_of(primary)
        unread = now["mem_not_counted_for_evict"]

        assert unread == now["mem_clients_slaves"] > 2 * 1024 * 1024
        assert abs(now["used_memory"] - unread - before["used_memory"]) < 32 * 1024
        assert 100 == primary.ask("DBSIZE")
        primary.ask("CLIENT", "KILL", "TYPE", "replica")
        wait_until(lambda: not memory_of(primary)["mem_clients_slaves"], "the end of the link")
    finally:
        real.process.send_signal(signal.SIGCONT)


def memory_of(client):
    """INFO memory, as numbers."""
    lines = client.ask("INFO", "memory").decode().split()
    return {n: int(v) for n, _, v in (each.partition(":") for each in lines) if v.isdigit()}
