"""Libraries of real applications against the real server and `cachesim serve`, as a table of Markdown.

    python benchmarks/applications.py           # all of benchmarks/applications.toml, some minutes
    python benchmarks/applications.py celery node    # those with one of these words in their name

Each set of packages gets a throw-away environment, because their pins clash. It needs the network,
redis-server and memcached, and npm for the packages of Node. It fails if one works with the real
server only.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LIMIT = 60  # seconds for one script, and for the start of a server
PASSWORDS = "ada:secret\n"
REAL = {
    "redis": ["redis-server", "--save", "", "--bind", "127.0.0.1", "--port"],
    "memcached": ["memcached", "-u", "nobody", "-U", "0", "-l", "127.0.0.1", "-p"],
}
OURS = [sys.executable, "-m", "cachesim", "serve", "--engine"]
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
Row = dict[str, Any]


def environment(row: Row, folder: Path) -> list[str]:
    """Install the packages of a row into a folder, once; return the program that runs a script."""
    if row.get("installer") == "npm":
        if not folder.exists():
            folder.mkdir()
            run(
                [
                    "npm",
                    "install",
                    "--silent",
                    "--no-audit",
                    "--prefix",
                    str(folder),
                    *row["packages"],
                ]
            )
        return ["node", "-e"]
    python = str(folder / "bin/python")
    if not folder.exists():
        run([sys.executable, "-m", "venv", str(folder)])
        run([python, "-m", "pip", "install", "--quiet", *row["packages"]])
    return [python, "-W", "ignore", "-c"]


def run(command: list[str]) -> None:
    """Run a program; stop with what it said if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr[-500:]}")


def versions(row: Row, folder: Path) -> str:
    """Name the packages of a row with the versions that are installed."""
    if row.get("installer") == "npm":
        places = {name: folder / "node_modules" / name / "package.json" for name in row["packages"]}
        found = {
            name: re.search(r'"version": "(.+?)"', it.read_text()) for name, it in places.items()
        }
        return ", ".join(f"{name} {match[1]}" for name, match in found.items() if match)
    names = [name.partition("[")[0] for name in row["packages"]]
    shown = subprocess.run(
        [folder / "bin/python", "-m", "pip", "show", *names],
        capture_output=True,
        text=True,
        check=True,
    )
    return ", ".join(
        f"{name} {number}"
        for name, number in re.findall(r"Name: (\S+)\nVersion: (\S+)", shown.stdout)
    )


def free_port() -> int:
    """Find a port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def outcome(program: list[str], row: Row, server: list[str], folder: Path) -> str:
    """Run the script of a row against a new server; return "works", or the last line of its error."""
    port = free_port()
    with ExitStack() as held:
        child = subprocess.Popen([*server, str(port)], **SILENT)  # type: ignore[call-overload]
        held.callback(child.wait)
        held.callback(child.terminate)
        wait_for(port)
        try:
            done = subprocess.run(
                [*program, row["script"]], capture_output=True, text=True, timeout=LIMIT, cwd=folder,
                env={**os.environ, "PORT": str(port), "NODE_PATH": str(folder / "node_modules")},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"hangs for {LIMIT} s"
    if not done.returncode:
        return "works"
    lines = done.stderr.splitlines()
    errors = [
        line for line in lines if re.search(r"unknown command|ERR |^\S*(Error|Exception)\b", line)
    ]
    return "fails: " + " ".join((errors or lines or ["?"])[-1].split())[:100].replace("|", "/")


def wait_for(port: int) -> None:
    """Wait until a server listens."""
    given_up = time.monotonic() + LIMIT
    while time.monotonic() < given_up:
        with socket.socket() as one:
            if not one.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    sys.exit("a server does not start")


def main(words: list[str]) -> bool:
    """Print the table; return whether all that works with the real server works with ours."""
    rows = tomllib.loads((HERE / "applications.toml").read_text())["application"]
    chosen = [row for row in rows if any(it.lower() in row["name"].lower() for it in words or [""])]
    print("| application | packages | real server | cachesim serve |\n|---|---|---|---|")
    good = True
    with tempfile.TemporaryDirectory() as home:
        passwords = Path(home, "passwords")
        passwords.write_text(PASSWORDS)
        for row in chosen:
            folder = Path(
                home, re.sub(r"\W+", "-", " ".join(row["packages"]) + row.get("installer", ""))
            )
            program = environment(row, folder)
            options = [str(passwords) if it == "PASSWORDS" else it for it in row.get("options", [])]
            ours = outcome(program, row, [*OURS, row["engine"], *options, "--port"], folder)
            real = "–" if options else outcome(program, row, REAL[row["engine"]], folder)
            good &= ours == "works" or real.startswith(("fails", "hangs"))
            told = f"| {row['name']} | {versions(row, folder)} | {real} | {ours} |"
            print(told, flush=True)
    return good


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
