"""A server that is missing, dies, hangs or answers nonsense is one sentence, and leaves nothing behind."""

import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from cachesim.clock import ManualClock
from cachesim.errors import BadInput, ServerFailed
from cachesim.live import preload, process
from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.redis_server import RedisServer
from tests.patience import PATIENCE


@pytest.fixture(autouse=True)
def private_folder(monkeypatch, tmp_path_factory):
    """A folder for temporary files that no other test writes to; short, as a socket's path must be."""
    tmp_path_factory.getbasetemp()  # pytest makes its own folder first, or it would lie in ours
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


def folders():
    return set(os.listdir(tempfile.gettempdir()))


def gone(pid):
    """Wait until a process is no more; return whether it is."""
    given_up = time.monotonic() + PATIENCE
    while time.monotonic() < given_up:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_a_closed_server_leaves_nothing(start, spec):
    """No process, no folder, no descriptor; the process may use all its cores again."""
    start(spec).close()  # compiles the library on a first use
    before = folders(), len(os.listdir("/proc/self/fd")), os.sched_getaffinity(0)
    engine = start(spec)
    engine.set("a", b"1")
    pid = engine.process.child.pid
    engine.close()
    engine.close()

    assert gone(pid)
    assert before == (folders(), len(os.listdir("/proc/self/fd")), os.sched_getaffinity(0))


def test_a_forgotten_server_ends(start, spec):
    """When an engine is no longer referred to, its server ends."""
    start(spec).close()
    engine = spec.build(ManualClock(), lambda: 0.5)
    pid = engine.process.child.pid
    engine._unpin()
    del engine

    assert gone(pid)


def test_the_socket_is_gone_while_the_server_runs(server):
    """The private folder is removed as soon as the connection stands."""
    assert not [name for name in folders() if Path(tempfile.gettempdir(), name, "socket").exists()]
    server.set("a", b"1")

    assert b"1" == server.get("a")


@pytest.mark.parametrize("call", [lambda e: e.get("a"), lambda e: e.set("a", b"1"), len])
def test_a_server_that_dies_is_one_sentence(server, call):
    """The name, how it ended, what to do; afterwards nothing is left."""
    os.kill(server.process.child.pid, signal.SIGKILL)

    with pytest.raises(
        ServerFailed, match=r"(redis-server|memcached) ended.*; the run is lost, start it again"
    ):
        call(server)
    assert gone(server.process.child.pid)


def test_a_server_that_dies_while_time_moves(redis, clock):
    """The wait for the timers ends too."""
    os.kill(redis.process.child.pid, signal.SIGKILL)
    clock.advance(100)

    with pytest.raises(ServerFailed, match=r"redis-server ended \(SIGKILL\)"):
        redis.get("a")


def test_a_server_that_hangs_is_given_up(start, spec, clock, monkeypatch):
    """After PATIENCE seconds without an answer it is killed: while time moves, and while it answers."""
    for silence in (0, 100):
        engine = start(spec)
        os.kill(engine.process.child.pid, signal.SIGSTOP)
        with monkeypatch.context() as hasty:  # but not while it starts
            for module in (process, sys.modules["cachesim.live.clock"]):
                hasty.setattr(module, "PATIENCE", 1.0)
            limit = struct.pack("ll", 1, 0)
            engine.process.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
            clock.advance(silence)
            with pytest.raises(ServerFailed, match="within 1 s"):
                engine.get("a")

        assert gone(engine.process.child.pid)


NONSENSE = """\
    #!{python}
    import socket, sys
    path = sys.argv[sys.argv.index({flag!r}) + 1]
    line = socket.socket(socket.AF_UNIX)
    line.bind(path)
    line.listen()
    talk, _ = line.accept()
    while talk.recv(4096):
        talk.sendall({answer!r})
"""


@pytest.mark.parametrize(
    ("kind", "flag", "answer"),
    [
        (RedisServer, "--unixsocket", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        (RedisServer, "--unixsocket", b"+OK\r\n"),
        (RedisServer, "--unixsocket", b"$-5\r\n"),
        (RedisServer, "--unixsocket", b"$5\r\nhelloworld"),
        (MemcachedServer, "-s", b"+OK\r\nMN\r\n"),
        (MemcachedServer, "-s", b"VALUE x\r\n"),
    ],
)
def test_a_server_that_answers_nonsense(kind, flag, answer, tmp_path):
    """It is named, with what it said, and ended."""
    program = tmp_path / "nonsense"
    program.write_text(
        textwrap.dedent(NONSENSE).format(python=sys.executable, flag=flag, answer=answer)
    )
    program.chmod(0o755)
    preload.library()
    with pytest.raises(ServerFailed, match=r"nonsense (broke its protocol|greeted)"):
        kind(program=str(program), clock="wall").build(ManualClock(), lambda: 0.5)


def test_a_server_that_refuses_its_options(start, tmp_path):
    """The message holds the server's own last line."""
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\necho 'no such option'; exit 3\n")
    program.chmod(0o755)

    with pytest.raises(ServerFailed, match=r'did not start \(exit code 3\).*"no such option"'):
        RedisServer(program=str(program)).build(ManualClock(), lambda: 0.5)


SIMULATION = """
import time
from cachesim.clock import ManualClock
from cachesim.live.{module} import {kind}
engine = {kind}(clock="{clock}").build(ManualClock(), lambda: 0.5)
engine.set("a", b"1")
pid = engine.process.child.pid
children = open(f"/proc/{{pid}}/task/{{pid}}/children").read().split()
print(*(children or [pid]), flush=True)
time.sleep(3600)
"""


@pytest.mark.parametrize("time_kind", ["simulated", "wall"])
@pytest.mark.parametrize(
    ("module", "kind"),
    [("redis_server", "RedisServer"), ("memcached_server", "MemcachedServer")],
)
def test_kill_9_of_the_simulation_ends_its_server(start, module, kind, time_kind):
    """The child dies with its parent and no folder stays, on simulated time and on wall time."""
    start({"RedisServer": RedisServer, "MemcachedServer": MemcachedServer}[kind]()).close()
    before = folders()
    code = SIMULATION.format(module=module, kind=kind, clock=time_kind)
    simulation = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    pids = simulation.stdout.readline().split()
    simulation.kill()
    simulation.wait()
    simulation.stdout.close()

    assert pids
    assert all(gone(int(pid)) for pid in pids)
    assert before == folders()


def test_no_server_is_one_sentence(monkeypatch, spec):
    """It names the program, how to install it and what to take instead."""
    monkeypatch.setattr(process.shutil, "which", lambda name: None)
    monkeypatch.setattr(process, "_from_wheel", lambda name: None)

    with pytest.raises(BadInput, match=r"is not installed: install it \(.*apt install .*--engine"):
        spec.build(ManualClock(), lambda: 0.5)


def test_no_compiler_is_one_sentence(monkeypatch, tmp_path):
    """It says what to install, and that wall time would do without."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(preload.shutil, "which", lambda name: None)

    with pytest.raises(BadInput, match=r"C compiler.*apt install gcc.*--clock wall"):
        preload.library()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_compiler_that_fails_is_one_sentence(monkeypatch, tmp_path):
    """It says the compiler's first line; no half a library stays."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(preload.shutil, "which", lambda name: "/bin/false")

    with pytest.raises(BadInput, match=r"could not compile.*libc6-dev"):
        preload.library()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_elsewhere_than_linux_is_one_sentence(monkeypatch):
    """It names the embedded engines and wall time."""
    monkeypatch.setattr(preload.sys, "platform", "darwin")

    with pytest.raises(BadInput, match=r"on Linux only, this is darwin: .*--clock wall"):
        preload.library()


def test_the_library_is_compiled_once(monkeypatch, tmp_path):
    """The first use compiles it into the cache folder, the second finds it there."""
    if preload.shutil.which("cc") is None and os.environ.get("CI") != "true":
        pytest.skip("no C compiler")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = preload.library()
    made = first.stat().st_mtime_ns

    assert first == preload.library()
    assert made == first.stat().st_mtime_ns
    assert [first] == [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_cache_folder_that_cannot_be_written(monkeypatch, tmp_path):
    """Another folder is taken instead."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))

    assert blocked not in preload.cache_folder().parents


def test_no_folder_at_all_is_one_sentence(monkeypatch, tmp_path):
    """It names the folders that were tried."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setattr(preload.tempfile, "gettempdir", lambda: str(blocked))

    with pytest.raises(BadInput, match="can be written: set XDG_CACHE_HOME"):
        preload.cache_folder()


def test_wall_time_warns_by_how_much_it_misleads(start, clock):
    """Closing a server on wall time warns with the factor between simulated and real seconds."""
    engine = start(RedisServer(clock="wall"))
    engine.set("a", b"1", ttl=1)
    clock.advance(1000)

    assert b"1" == engine.get("a")  # simulated time has passed; the server knows nothing of it
    with pytest.warns(UserWarning, match=r"redis-server .* ran on wall time: 1e\+03 simulated s"):
        engine.close()
