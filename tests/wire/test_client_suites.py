"""Other people's programs, unchanged, against `cachesim serve`: redis-cli, redis-benchmark, and the test suites of
redis-py and pymemcache from their source packages.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

REDIS_PY = ("redis", "5.2.1", "16f2e22dff21d5125e8481515e386711a34cbec50f0e44413dd7d9c060a54e0f")
PYMEMCACHE = (
    "pymemcache",
    "4.0.0",
    "27bf9bd1bbc1e20f83633208620d56de50f14185055e49504f4f5e94e94aff94",
)
MINUTES = 60  # seconds


@pytest.fixture
def unpacked(request, tmp_path):
    """Download a source package once, check it, and unpack it."""

    def one(name, version, digest):
        kept = Path(request.config.cache.mkdir("sdists"))
        package = kept / f"{name}-{version}.tar.gz"
        if not package.exists():
            download(f"{name}=={version}", kept)
        assert digest == hashlib.sha256(package.read_bytes()).hexdigest()
        with tarfile.open(package) as archive:
            archive.extractall(tmp_path, filter="data")
        return tmp_path / f"{name}-{version}"

    return one


def download(what, folder):
    command = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *command, what], capture_output=True, text=True, check=False
    )
    if done.returncode:
        problem = f"{what} could not be downloaded: {done.stderr.strip().splitlines()[-1]}"
        pytest.fail(problem) if os.environ.get("CI") else pytest.skip(problem)


@pytest.fixture
def serve(tmp_path):
    """Start `cachesim serve` on a free port; return the port."""
    running = []

    def one(engine):
        command = [sys.executable, "-m", "cachesim", "serve", "--engine", engine, "--port", "0"]
        command += ["--dir", str(tmp_path)] if engine == "redis" else []
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return int(re.search(r"127\.0\.0\.1:(\d+)", running[-1].stdout.readline())[1])

    yield one
    for server in running:
        server.kill()
        server.wait()
        server.stdout.close()


def outcomes(folder, *options):
    """Run a suite; return the name of each test and what became of it: passed, skipped, failure or error."""
    report = folder / "report.xml"
    quiet = [
        "-q",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:warnings",
        "--override-ini",
        "addopts=",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *quiet, f"--junitxml={report}"],
        cwd=folder,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTEST_XDIST_WORKER": ""},
        capture_output=True,
        text=True,
        timeout=5 * MINUTES,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    cases = ElementTree.parse(report).getroot().iter("testcase")
    return [(case.get("name"), case[0].tag if len(case) else "passed") for case in cases]


def listed(name):
    """Read a list of names under their reasons; return the names."""
    lines = Path(__file__).with_name(name).read_text().splitlines()
    return {word for line in lines if line[:1] not in {"#", "["} for word in line.split()}


def names(results, *kinds):
    return [name for name, kind in results if kind in kinds]


def test_redis_py(unpacked, serve):
    """What our list does not excuse passes, at least 200 tests; what it excuses does not pass."""
    url = f"redis://127.0.0.1:{serve('redis')}/9"
    files = [f"tests/test_{name}.py" for name in ("commands", "scripting", "lock")]
    results = outcomes(unpacked(*REDIS_PY), *files, "--redis-url", url)
    excused = listed("redis_py_skips.txt")

    assert set() == set(names(results, "failure", "error")) - excused
    assert set() == set(names(results, "passed")) & excused
    assert len(names(results, "passed")) >= 200


def test_pymemcache(unpacked, serve):
    """All 100 that run pass, and nothing fails; the suite skips TLS itself."""
    where = ("--server", "127.0.0.1", "--port", str(serve("memcached")))
    tests = "pymemcache/test/test_integration.py"
    results = outcomes(unpacked(*PYMEMCACHE), tests, *where)

    assert [] == names(results, "failure", "error")
    assert len(names(results, "passed")) == 100


@pytest.fixture
def tool():
    """Run a program that comes with redis-server; return what it prints."""

    def one(program, *arguments):
        if shutil.which(program) is None:
            problem = f"{program} is missing: apt install redis-tools"
            pytest.fail(problem) if os.environ.get("CI") else pytest.skip(problem)
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=MINUTES, check=True
        )
        assert "" == done.stderr
        return done.stdout

    return one


def test_redis_cli(tool, serve):
    """Plain and RESP3, values and errors; `--bigkeys`, which scans, asks for types and sizes."""
    port = ("-p", str(serve("redis")))

    assert "OK\n" == tool("redis-cli", *port, "SET", "name", "Ada", "EX", "90")
    assert "Ada\n" == tool("redis-cli", *port, "GET", "name")
    assert "(integer) 90\n" == tool("redis-cli", "--no-raw", *port, "TTL", "name")
    assert "1\n" == tool("redis-cli", *port, "HSET", "h", "f", "1")
    assert '1# "f" => "1"\n' == tool("redis-cli", "-3", "--no-raw", *port, "HGETALL", "h")
    assert "WRONGTYPE" in tool("redis-cli", *port, "GET", "h")
    assert "Biggest string found" in tool("redis-cli", *port, "--bigkeys")


def test_redis_benchmark(tool, serve):
    """50 connections, pipelines too: every test it has for strings and hashes ends with a rate."""
    asked = "ping_inline,ping_mbulk,set,get,incr,hset,mset"
    port = ("-p", str(serve("redis")))
    told = tool("redis-benchmark", *port, "-q", "-n", "2000", "-P", "4", "-t", asked)

    assert 7 == len(re.findall(r"requests per second", told))
