"""The long proofs, with what each of them printed, as a page: docs/background/proofs.md.

`make proofs` runs this. It takes half an hour, and it needs redis-server, memcached and npm. It fails if a proof fails.
"""

import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/background/proofs.md"
BEGIN, END = "<!-- made by benchmarks/proofs.py -->", "<!-- end -->"


class Proof(NamedTuple):
    """A command, and what it shows."""

    shows: str
    command: str
    settings: tuple[tuple[str, str], ...] = ()  # of its environment: names and values
    is_markdown: bool = False  # whether it prints a table of Markdown


PROOFS = (
    Proof(
        "No acknowledged write vanishes silently, under 500 random schedules of faults",
        "python -m pytest -q tests/model/fleet/test_no_write_vanishes.py",
        (("SCHEDULES", "500"),),
    ),
    Proof(
        "A server that is killed during SAVE and BGSAVE comes back with a consistent state, 50 times",
        "python -m pytest -q tests/wire/test_folder.py -k no_kill",
        (("KILLS", "50"),),
    ),
    Proof(
        "A plan keeps its limits in the simulator, and every smaller fleet breaks one",
        "python benchmarks/plan_runs.py",
        is_markdown=True,
    ),
    Proof(
        "Redis's own tests, each with a server of its own, pass on cachesim",
        "python benchmarks/own_server.py",
        is_markdown=True,
    ),
    Proof(
        "Real Redis fleets do what the model does",
        "python -m cachesim fidelity --fleet --markdown",
        is_markdown=True,
    ),
    Proof(
        "A million random and broken messages crash no server",
        "python -m pytest -q -s tests/wire/test_fuzz.py",
        (("FUZZ", "1000000"),),
    ),
    Proof(
        "Libraries of real applications work with ours as with the real server, or need what it lacks",
        "python benchmarks/applications.py",
        is_markdown=True,
    ),
)


def section(proof: Proof) -> tuple[str, bool]:
    """Run a proof; return its part of the page, and whether it holds."""
    print(f"{proof.command} ...", file=sys.stderr)
    _, *arguments = proof.command.split()
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **dict(proof.settings)},
        capture_output=True, text=True,
    )  # fmt: skip
    printed = "\n".join(line.rstrip() for line in done.stdout.splitlines() if line.strip() != BEGIN)
    if not proof.is_markdown:
        printed = f"```text\n{printed.strip()}\n```"
    settings = "".join(f"{name}={value} " for name, value in proof.settings)
    holds = "It holds" if not done.returncode else f"It FAILS (exit code {done.returncode})"
    text = (
        f"## {proof.shows}\n\n`{settings}{proof.command}`\n\n{holds}; it took "
        f"{time.monotonic() - began:.0f} s.\n\n{printed.strip()}"
    )
    return text, not done.returncode


def server() -> str:
    """Name the version of the redis-server of this machine."""
    words = subprocess.run(
        ["redis-server", "--version"], capture_output=True, text=True, check=True
    )
    return f"redis {words.stdout.partition('v=')[2].split()[0]}"


def renewed(page: str) -> tuple[str, bool]:
    """Run all proofs; return the page with what they printed, and whether all hold."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    by = (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {server()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    )
    sections, held = zip(*map(section, PROOFS), strict=True)
    text = "\n\n".join([by, *sections])
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", all(held)


if __name__ == "__main__":
    text, holds = renewed(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8")
    sys.exit(0 if holds else "a proof fails: see docs/background/proofs.md")
