"""The extras of `compare`, `run` and `sweep`: a page (--report) and a ranking (--rank)."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, Self

import click

from cachesim.cli.output import scenario_file
from cachesim.errors import BadInput
from cachesim.experiments.report import page
from cachesim.experiments.results import Results
from cachesim.experiments.toml import Experiment
from cachesim.files import replace_file
from cachesim.measure.metrics import METRICS


class Extras(NamedTuple):
    """The options --report, --rank and --worth."""

    report: str | None
    rank: str | None
    worth: float | None

    @classmethod
    def of(cls, options: dict[str, Any]) -> Self:
        """Take them from all options of a command."""
        return cls(options["report"], options["rank"], options["worth"])

    def check(self, replications: int) -> None:
        """Refuse, before anything runs, what could not be done afterwards."""
        if self.rank is not None and self.rank not in METRICS:
            raise BadInput(f'--rank "{self.rank}" is unknown; choose from {", ".join(METRICS)}')
        if self.rank is not None and replications < 2:
            raise BadInput("--rank takes 2 replications or more; give --replications 5")
        if self.worth is not None and self.rank is None:
            raise BadInput("--worth belongs to --rank METRIC; give that too")
        if self.report is not None:
            _check_writable(self.report)

    def write(self, experiment: Experiment, results: Results) -> list[Path]:
        """Write the page, if one was asked for; return the files."""
        if self.report is None:
            return []
        text = page(
            results,
            version=version("cachesim-lab"),
            scenario=scenario_file(experiment),
            command=_command_line(),
        )
        replace_file(Path(self.report), text)
        return [Path(self.report)]

    def text(self, results: Results) -> Iterator[str]:
        """Yield the ranking, if one was asked for."""
        if self.rank is not None:
            yield str(results.ranking(self.rank, worth=self.worth))

    def as_json(self, results: Results) -> dict[str, Any]:
        """Return the ranking as JSON, if one was asked for."""
        if self.rank is None:
            return {}
        found = results.ranking(self.rank, worth=self.worth)
        places = [{**p._asdict(), "ahead": p.ahead._asdict()} for p in found.places]
        return {"ranking": {**found._asdict(), "places": places, "sentence": found.sentence}}


def _check_writable(path: str) -> None:
    folder = Path(path).parent
    if Path(path).is_dir() or not Path(path).name:
        raise BadInput(f'--report "{path}" must name a file, such as report.html; give a name')
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(
            f'--report "{path}" cannot be written ({error.strerror}); name another file'
        ) from None


def _command_line() -> str:
    """Return the command as the user typed it, quoted for a shell."""
    context = click.get_current_context()
    words: list[str] = (context.find_root().obj or {}).get("words", [])
    return shlex.join(["cachesim", *words])
