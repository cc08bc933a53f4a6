"""docs/howto/serve.md: every line about streams, a cluster and a replica runs, and prints what stands beside it."""

import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.wire.real import free_ports, needed, wait_until
from tests.wire.test_client_suites import REDIS_PY, unpacked  # noqa: F401  a fixture

PAGE = Path(__file__).parents[2] / "docs/howto/serve.md"
PORTS = 6  # the page's ports are 7000 to 7005


def section(title):
    """The text below a heading."""
    return re.search(
        rf"^## {title}\n(.*?)(?=^## )", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )[1]


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def answers(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def shell(tmp_path):
    """Run a line of the page at other ports; a server goes on until the test ends."""
    needed("redis-server", "redis-cli", "redis-check-rdb")
    first, servers = free_ports(PORTS)[0], []

    def here(text):
        return re.sub(r"\b700([0-5])\b", lambda m: str(first + int(m[1])), text)

    def one(line):
        program, *arguments = shlex.split(here(line))
        if program in ("redis-cli", "redis-check-rdb"):
            done = subprocess.run(
                [program, *arguments],
                cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
            return done.stdout + done.stderr
        program = [sys.executable, "-m", "cachesim"] if program == "cachesim" else [program]
        servers.append(
            subprocess.Popen([*program, *arguments], cwd=tmp_path, stdout=subprocess.DEVNULL)
        )
        port = int(here("7001" if "redis-server" in program else "7000"))
        wait_until(lambda: answers(port), line)
        return ""

    yield one, here
    for server in servers:
        server.kill()
        server.wait()


@pytest.mark.parametrize(
    ("title", "lines"),
    [("A chat by streams", 11), ("A cluster", 9), ("A real server as a replica", 10)],
)
def test_each_line_runs(shell, title, lines):
    """What stands behind # is in what the line prints."""
    run, here = shell
    (block,) = blocks(section(title), "sh")
    ran = 0
    for line in block.splitlines():
        command, _, says = line.partition("#")
        printed = run(command)
        assert command.startswith("cachesim") or here(says.strip()) in printed, line
        ran += 1

    assert lines == ran


def test_the_client_of_the_page(shell, unpacked):  # noqa: F811
    """The Python block, with redis-py's source package."""
    run, here = shell
    run(blocks(section("A cluster"), "sh")[0].splitlines()[0].partition("#")[0])
    (block,) = blocks(section("A cluster"), "py")
    done = subprocess.run(
        [sys.executable, "-c", here(block)],
        cwd=unpacked(*REDIS_PY), capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip

    assert "b'Ada'\n" == done.stdout, done.stderr
