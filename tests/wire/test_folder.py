"""`serve --dir`: what is loaded at the start, kept at the end, and never half written.

A server is killed at random moments of SAVE and BGSAVE: KILLS=50 is the long form.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.patience import PATIENCE
from tests.wire.real import Client, wait_until

KILLS = int(os.environ.get("KILLS", "3"))
KEYS = 300  # of 1,000 bytes each: writing them takes some 50 ms


class Served:
    """`cachesim serve --dir` in a process of its own."""

    def __init__(self, folder, *options):
        command = [sys.executable, "-m", "cachesim", "serve", "--port", "0", "--dir", str(folder)]
        self.process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said = ""
        while (found := re.search(r"listens at 127\.0\.0\.1:(\d+)", self.said)) is None:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            self.said += line
        self.client = Client(int(found[1]))

    def ask(self, *parts):
        return self.client.ask(*parts)

    def fact(self, name):
        return re.search(rb"%b:(\S+)" % name.encode(), self.ask("INFO", "persistence"))[1]

    def end(self, number):
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def close(self):
        self.process.kill()
        self.process.wait()
        for each in (self.client, self.process.stdout, self.process.stderr):
            each.close()


@pytest.fixture
def serve(tmp_path):
    """Start servers in one folder; whatever happens, they end with the test."""
    running = []

    def one(*options):
        running.append(Served(tmp_path, *options))
        return running[-1]

    yield one
    for each in running:
        each.close()


def test_a_signal_saves_and_a_start_loads(serve, tmp_path):
    """SIGTERM writes the file; the next server has the keys and the TTL; SHUTDOWN NOSAVE writes nothing."""
    first = serve()
    first.ask("SET", "a", "1", "EX", 1000)
    assert 0 == first.end(signal.SIGTERM)
    second = serve()
    assert f"1 keys were loaded from {tmp_path / 'dump.rdb'}" in second.said
    assert b"1" == second.fact("rdb_last_load_keys_loaded")
    assert 900 < second.ask("TTL", "a") <= 1000
    second.ask("SET", "b", 2)
    second.client.send("SHUTDOWN", "NOSAVE")
    assert 0 == second.process.wait(PATIENCE)
    third = serve()
    assert 1 == third.ask("DBSIZE")
    third.client.send("SHUTDOWN")
    assert 0 == third.process.wait(PATIENCE)
    assert ["dump.rdb"] == [path.name for path in tmp_path.iterdir()]


def test_bgsave_is_written_by_a_child(serve, tmp_path):
    """It has the keys of its start; the server answers meanwhile, and tells the pages that were copied."""
    one = serve()
    one.ask("SET", "a", 1)
    one.ask("SET", "large", b"x" * 1_000_000)
    assert "Background saving started" == one.ask("BGSAVE")
    assert "OK" == one.ask("SET", "b", 2)
    wait_until(lambda: one.fact("rdb_bgsave_in_progress") == b"0", "the child")
    assert b"ok" == one.fact("rdb_last_bgsave_status")
    assert b"1" == one.fact("rdb_changes_since_last_save")
    if sys.platform == "linux":
        assert 0 < int(one.fact("rdb_last_cow_size"))
    one.end(signal.SIGKILL)
    assert [b"1", None] == serve().ask("MGET", "a", "b")


def test_save_points_on_the_served_clock(serve, tmp_path):
    """A thousand simulated seconds a second: 3600 s and one change are over after four."""
    one = serve("--speed", "1000")
    one.ask("CONFIG", "SET", "save", "100 1")
    one.ask("SET", "a", 1)
    wait_until((tmp_path / "dump.rdb").exists, "a snapshot")


def test_a_damaged_file_is_refused(tmp_path):
    """One sentence, exit code 2; no server starts."""
    (tmp_path / "dump.rdb").write_bytes(b"REDIS0010\xff")
    command = [sys.executable, "-m", "cachesim", "serve", "--port", "0", "--dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)

    assert 2 == done.returncode
    assert "" == done.stdout
    assert 1 == done.stderr.count("\n")
    assert "dump.rdb cannot be loaded: the RDB file is damaged or cut off" in done.stderr


def test_no_kill_leaves_half_a_state(serve):
    """Each pair is written by one command: a restart finds both or neither, and all that SAVE had confirmed."""
    draw, confirmed, last = random.Random(1), 0, 0
    one = serve()
    for _ in range(KILLS):
        for _ in range(draw.randrange(1, 4)):
            last += 1
            pairs = [part for n in range(KEYS) for part in (f"k{n}", f"{last}".ljust(1000))]
            assert "OK" == one.ask("MSET", "first", last, *pairs, "last", last)
        if draw.random() < 0.3:
            assert "OK" == one.ask("SAVE")
            confirmed = last
        one.client.send(draw.choice(["SAVE", "BGSAVE"]))
        time.sleep(draw.random() * 0.1)  # any moment will do
        one.end(signal.SIGKILL)
        one = serve()
        found = [
            int(value or 0) for value in one.ask("MGET", "first", "last", "k0", f"k{KEYS - 1}")
        ]
        assert confirmed <= found[0] <= last
        assert [found[0]] * 4 == found
        confirmed = found[0]
