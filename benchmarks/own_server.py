"""Redis's own test suite in own-server mode: its harness starts each server by a configuration file.

    python benchmarks/own_server.py [--source DIR] [--limit SECONDS] [unit ...]

It runs the units once with redis-server and once with `cachesim serve --config`, and prints a table
of Markdown. DIR is an unpacked source tree of redis 7.0.15 (or REDIS_SRC; else Debian's source
package is fetched). The unit tls needs tclsh's package tls. A unit that has no test is left out.

Run by the harness, as src/redis-server FILE, this program is the server.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple, TextIO

UNITS = ("auth", "acl", "acl-v2", "maxmemory", "tls", "introspection", "limits", "querybuf")
LEAST = {"auth": 0.8, "acl": 0.8, "maxmemory": 0.9, "tls": 0.8}  # of what the real server passes
# Tests in which a server becomes a replica. Ours cannot, and then the harness loses its place; so they
# are not run with ours, and count as failed.
SKIPPED = {
    "tls": ["TLS: Verify tls-cert-file is also used as a client cert if none specified"],
    "maxmemory": ["slave buffer are counted correctly", "replica buffer don't induce eviction"],
}
LIMIT = 600  # seconds for a unit
CERTIFICATES = "utils/gen-test-certs.sh"


class Ready:
    """Standard output of the server: it says what the harness waits for."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, words: str) -> int:
        """Write, and add redis-server's own words once the server listens."""
        self.stream.write(words)
        if "listens at" in words:
            self.stream.write("\n* Ready to accept connections\n")
        self.stream.flush()
        return len(words)

    def flush(self) -> None:
        """Flush."""
        self.stream.flush()


def be_the_server(arguments: list[str]) -> None:
    """Run `cachesim serve` with a configuration file and more lines of it, until it ends."""
    from cachesim.cli import main

    file, options = (arguments[0], arguments[1:]) if arguments[0][0] != "-" else ("", arguments)
    if options:
        lines = " ".join(options).replace("--", "\n").strip()
        before = Path(file).read_text() if file else "port 0\nunixsocket socket"
        file = tempfile.NamedTemporaryFile(suffix=".conf", delete=False).name  # noqa: SIM115
        Path(file).write_text(f"{before}\n{lines}\n")
    print(f"# oO0OoO0OoO0Oo cachesim PID: {os.getpid()}", flush=True)
    sys.stdout = Ready(sys.stdout)
    sys.argv = ["cachesim", "serve", "--config", file]
    main()


class Outcome(NamedTuple):
    """What a unit came to with one server."""

    passed: list[str]
    failed: list[str]
    note: str

    @property
    def shown(self) -> str:
        """The number that passed, of all that ran."""
        return f"{len(self.passed)} of {len(self.passed) + len(self.failed)}{self.note}"


def tree(source: Path, work: Path, is_real: bool) -> Path:
    """Copy the source tree, with one server or the other in src."""
    folder = work / ("real" if is_real else "ours")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    for name in ("redis-cli", "redis-benchmark", "redis-server", "redis-check-aof"):
        link = folder / "src" / name
        link.unlink(missing_ok=True)
        if (found := shutil.which(name)) is not None:
            link.symlink_to(found)
    if not is_real:
        link = folder / "src/redis-server"
        link.unlink()
        link.write_text(
            f'#!/bin/sh\nBE_THE_SERVER=1 exec "{sys.executable}" "{Path(__file__).resolve()}" "$@"\n'
        )
        link.chmod(0o755)
    return folder


def fetched(work: Path) -> Path:
    """Fetch Debian's source package of redis, whether or not this machine lists sources."""
    lists = work / "lists"
    (lists / "partial").mkdir(parents=True)
    for file in Path("/etc/apt/sources.list.d").glob("*.sources"):
        text = re.sub("(?m)^Types:.*", "Types: deb-src", file.read_text())
        (work / file.name).write_text(text)
    places = {"Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": work}
    places |= {"Dir::State::Lists": lists, "APT::Sandbox::User": "root"}
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in places.items())]
    for words in (["update"], ["source", "--download-only", "redis"]):
        subprocess.run([*apt, *words], cwd=work, check=True)
    (archive,) = work.glob("redis_*.orig.tar.*")
    folder = work / "source"
    folder.mkdir()
    subprocess.run(["tar", "xf", archive, "-C", folder, "--strip-components=1"], check=True)
    return folder


def run(folder: Path, unit: str, limit: float, skipped: list[str]) -> Outcome:
    """Run a unit without some tests, for so many seconds at most."""
    port = 22_000 + os.getpid() % 90 * 100  # another suite may run beside this one
    options = ["--single", f"unit/{unit}", "--clients", "1", "--durable", "--tags", "-slow"]
    options += ["--baseport", str(port), "--portcount", "90"]
    options += [word for name in skipped for word in ("--skiptest", name)]
    if unit == "tls":
        options.append("--tls")
        if not (folder / "tests/tls/server.crt").exists():
            subprocess.run(["bash", CERTIFICATES], cwd=folder, check=True, capture_output=True)
    child = subprocess.Popen(
        ["./runtest", *options], cwd=folder, stdin=subprocess.DEVNULL, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    note = ""
    try:
        printed, _ = child.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        printed, note = child.communicate()[0], f", cut off after {limit:g} s"
    (folder.parent / f"{folder.name}_{unit}.log").write_text(printed)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    passed = re.findall(r"^\[ok\]: (.*?)(?: \(\d+ ms\))?$", plain, re.MULTILINE)
    failed = re.findall(r"^\[err\]: (.*?)(?: in tests/.*)?$", plain, re.MULTILINE)
    if re.search(r"^\[exception\]", plain, re.MULTILINE):
        note += ", stopped by an exception"
    return Outcome(passed, failed, note)


def main() -> int:
    """Run the units; return 1 if one passes less than it should."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=Path, default=os.environ.get("REDIS_SRC"))
    parser.add_argument("--limit", type=float, default=LIMIT)
    parser.add_argument("--work", type=Path, help="a folder for trees and logs, kept")
    parser.add_argument("units", nargs="*", default=UNITS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = asked.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        source = Path(asked.source) if asked.source else fetched(work)
        theirs, ours = (tree(source, work, is_real) for is_real in (True, False))
        print("| unit | redis-server | cachesim | share | first failure |\n|---|---|---|---|---|")
        is_enough = True
        for unit in asked.units:
            one = run(theirs, unit, asked.limit, [])
            other = run(ours, unit, asked.limit, SKIPPED.get(unit, []))
            if not one.passed:
                continue
            share = len(set(one.passed) & set(other.passed)) / len(set(one.passed))
            is_enough = is_enough and share >= LEAST.get(unit, 0)
            first = next(iter(other.failed), "")
            print(f"| {unit} | {one.shown} | {other.shown} | {share:.0%} | {first} |", flush=True)
    return int(not is_enough)


if __name__ == "__main__":
    if os.environ.get("BE_THE_SERVER"):
        be_the_server(sys.argv[1:])
    else:
        sys.exit(main())
