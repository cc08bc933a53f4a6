"""The long proofs, with what each of them printed, as a page: docs/background/proofs.md.

    python benchmarks/proofs.py             # all of them, as `make proofs` does: an hour
    python benchmarks/proofs.py own fuzz    # those with one of these words in their command

It needs redis-server, memcached, npm, tclsh and the network. It fails if a proof fails. A section
of the page has the day on which its proof ran.
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

    @property
    def begins(self) -> str:
        """The first lines of its section."""
        settings = "".join(f"{name}={value} " for name, value in self.settings)
        return f"## {self.shows}\n\n`{settings}{self.command}`"


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
        "Most of Redis's own tests, each with a server of its own, pass on cachesim",
        "python benchmarks/own_server.py",
        is_markdown=True,
    ),
    Proof(
        "1,500,000 other random commands have the same replies from the embedded and the real Redis",
        "python -m pytest tests/live/test_differential.py -k replies",
        (("DIFFERENTIAL", "1500000"), ("FIRST_SEED", "20000")),
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
        "Libraries of real applications work with ours as with the real server",
        "python benchmarks/applications.py",
        is_markdown=True,
    ),
)


def section(proof: Proof) -> tuple[str, bool]:
    """Run a proof; return its section of the page, and whether it holds."""
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
    holds = "It holds" if not done.returncode else f"It FAILS (exit code {done.returncode})"
    took = f"{datetime.now(UTC):%Y-%m-%d}: {holds}; it took {time.monotonic() - began:.0f} s."
    return f"{proof.begins}\n\n{took}\n\n{printed.strip()}", not done.returncode


def server() -> str:
    """Name the version of the redis-server of this machine."""
    words = subprocess.run(
        ["redis-server", "--version"], capture_output=True, text=True, check=True
    )
    return f"redis {words.stdout.partition('v=')[2].split()[0]}"


def sections_of(page: str) -> dict[str, str]:
    """Find the sections that a page has, by their first lines."""
    made = page.partition(BEGIN)[2].partition(END)[0]
    texts = [f"## {part.strip()}" for part in made.split("\n## ")[1:]]
    return {proof.begins: text for proof in PROOFS for text in texts if proof.begins in text}


def with_section(page: str, proof: Proof, text: str) -> str:
    """Put the section of a proof into the page, in place of what it had."""
    texts = sections_of(page) | {proof.begins: text}
    by = (
        f"Python {platform.python_version()}, {server()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    )
    made = "\n\n".join([by, *(texts[it.begins] for it in PROOFS if it.begins in texts)])
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def main(words: list[str]) -> bool:
    """Run the proofs with one of the words, and write each section; return whether all hold."""
    good = True
    for proof in PROOFS:
        if any(word in proof.command for word in words or [""]):
            text, holds = section(proof)
            page = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(with_section(page, proof, text), encoding="utf-8")
            good &= holds
    return good


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else "a proof fails: see docs/background/proofs.md")
