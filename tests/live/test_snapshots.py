"""Snapshots beside a real redis-server: the count of changes, and files that go there and back."""

import random
import subprocess

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis import persistence
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.watched import LoneEngine
from cachesim.live.redis_server import RedisServer
from cachesim.rng import uniform
from cachesim.units import MIB
from cachesim.wire.folder import Folder
from cachesim.wire.server import wall_clock
from tests.engines.redis.random_commands import RANDOM, random_command
from tests.engines.redis.test_rdb_real import filled, state, without_encodings
from tests.engines.redis.unspecified import is_unspecified
from tests.live.conftest import started
from tests.live.test_differential import reply
from tests.patience import PATIENCE
from tests.wire.real import RealRedis, needed

COMMANDS = 10_000
LEFT_OUT = {"CONFIG", "RANDOMKEY", *RANDOM}


def changes(engine):
    """The changes since the last snapshot, as INFO shows them."""
    shown = engine.execute(("INFO", "persistence"))
    shown = shown if isinstance(shown, str) else shown.decode()
    return int(shown.partition("rdb_changes_since_last_save:")[2].split("\r\n")[0])


def test_changes_are_counted_as_by_the_server():
    """After each of 10,000 random commands the two counts have grown by the same."""
    clock, draw = ManualClock(1000.0), random.Random(5)
    spec = Redis(memory=256 * MIB, policy="noeviction")
    ours = LoneEngine(spec, clock, draw.random)
    real = started(RedisServer(memory=256 * MIB, policy="noeviction"), clock)
    try:
        before = [changes(engine) for engine in (ours, real)]
        for _ in range(COMMANDS):
            command = random_command(draw)
            if str(command[0]).upper() in LEFT_OUT or is_unspecified(ours, command):
                continue
            clock.advance(draw.choice([0.0, 0.0, 0.0, 0.05, 1.0]))
            for engine in (ours, real):
                reply(engine, command)
            now = [changes(engine) for engine in (ours, real)]
            assert now[0] - before[0] == now[1] - before[1], command
            before = now
    finally:
        real.close()


@pytest.mark.parametrize("compression", ["yes", "no"])
def test_files_go_there_and_back(tmp_path, compression):
    """A server's file is loaded here, saved here, checked by its tool, and loaded by a server: nothing is lost."""
    needed("redis-check-rdb")
    (tmp_path / "dump.rdb").write_bytes(persistence.snapshot_of(filled("noeviction")))
    real = RealRedis(tmp_path, "--rdbcompression", compression)
    theirs = [state(real.ask, database) for database in (0, 1, 9)]
    assert "OK" == real.ask("SAVE")
    real.close()

    ours = LoneEngine(Redis(policy="noeviction"), wall_clock(1), uniform(1, "draws"))
    ours.execute(("CONFIG", "SET", "rdbcompression", compression))
    assert 600 < persistence.keep_in(ours, Folder(str(tmp_path)), ())
    assert theirs == [state(lambda *argv: ours.execute(argv), database) for database in (0, 1, 9)]
    assert "OK" == ours.execute(("SAVE",))

    checked = subprocess.run(
        ["redis-check-rdb", tmp_path / "dump.rdb"], capture_output=True, text=True, timeout=PATIENCE
    )
    assert "\\o/ RDB looks OK! \\o/" in checked.stdout
    again = RealRedis(tmp_path)
    found = [state(again.ask, database) for database in (0, 1, 9)]
    again.close()
    assert [*map(without_encodings, theirs)] == [*map(without_encodings, found)]
