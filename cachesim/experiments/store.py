"""Finished runs on disk: one small Parquet file per run, found again by scenario, seed and the code's version.

A run is written when it ends, so a sweep that was interrupted goes on where it stopped. A file is named
`KEY-DIGEST.parquet`: KEY says which run it holds, DIGEST is the hash of the file's bytes, which is checked when
the file is read. A file is written under another name and then renamed, so it is there whole or not at all. Two
sweeps at once in one folder at worst do the same run twice.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

from cachesim.errors import BadInput
from cachesim.experiments.fingerprint import fingerprint
from cachesim.measure.metrics import Metric
from cachesim.scenario import Scenario

RunRow = dict[str, Any]  # one run: seed, engine, failure, and every metric by name
PACKAGE = Path(__file__).parents[1]
ABOVE = ("cli", "grading", "plots")  # rooms above the runs: no run depends on them


class Store:
    """A folder of finished runs; needs pyarrow.

    Parameters
    ----------
    folder : str or path
        It is made if it does not exist.

    Raises
    ------
    BadInput
        The folder cannot be written, or pyarrow is missing.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> store = Store(mkdtemp())
    >>> store.put("0a", {"seed": 1, "hit_ratio": 0.5})
    >>> store.get("0a"), store.get("0b")
    ({'seed': 1, 'hit_ratio': 0.5}, None)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            import pyarrow.parquet as parquet
        except ImportError:
            raise BadInput(
                'keeping runs needs pyarrow: pip install "cachesim-lab[parquet]", or leave the store out'
            ) from None
        self.folder = Path(folder)
        self.found = 0  # runs that were read
        self.damaged: list[str] = []  # names of files whose content does not fit their name
        self._parquet = parquet
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._paths = {path.name.partition("-")[0]: path for path in self._files()}
        except OSError as error:
            raise self._unusable(error) from None

    def get(self, key: str) -> RunRow | None:
        """Return the run with this key; None if there is none, or if its file is damaged, which is then deleted."""
        path = self._paths.get(key)
        if path is None:
            return None
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # another sweep found it damaged and deleted it
            return None
        except OSError as error:
            raise self._unusable(error) from None
        if path.name != _file_name(key, content):
            self.damaged.append(path.name)
            path.unlink(missing_ok=True)
            return None
        rows: list[RunRow] = self._parquet.ParquetFile(io.BytesIO(content)).read().to_pylist()
        self.found += 1
        return rows[0]

    def put(self, key: str, row: RunRow) -> None:
        """Write a run to the folder: numbers and texts by name."""
        import pyarrow

        buffer = io.BytesIO()
        self._parquet.write_table(pyarrow.Table.from_pylist([row]), buffer, compression="none")
        path = self.folder / _file_name(key, buffer.getvalue())
        unfinished = self.folder / f".{path.name}.{uuid4().hex}.part"
        try:
            unfinished.write_bytes(buffer.getvalue())
            unfinished.replace(path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise self._unusable(error) from None
        self._paths[key] = path

    def _files(self) -> Iterator[Path]:
        return self.folder.glob("[0-9a-f]*-*.parquet")

    def _unusable(self, error: OSError) -> BadInput:
        return BadInput(
            f'the store "{self.folder}" cannot be used ({error.strerror or error}); name another folder'
        )


def _file_name(key: str, content: bytes) -> str:
    return f"{key}-{hashlib.sha256(content).hexdigest()[:16]}.parquet"


def case_key(scenario: Scenario, metrics: tuple[Metric, ...] = ()) -> str:
    """Return a key for a scenario with any seed, for the code that runs it and for the user's own metrics.

    Raises
    ------
    BadInput
        A run depends on something that the key cannot cover; the sentence names it.
    """
    return fingerprint((code_version(), scenario.replace(seed=0), *(m.function for m in metrics)))


def run_key(case: str, seed: int) -> str:
    """Return the key of one run of a case: 32 hexadecimal digits."""
    return hashlib.sha256(f"{case} {seed}".encode()).hexdigest()[:32]


@lru_cache(maxsize=1)  # reading the source takes 10 ms: once per process
def code_version() -> str:
    """Name everything else that a run's numbers depend on: our source, the libraries, the machine."""
    source = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        inside = path.relative_to(PACKAGE)
        if path.suffix in (".py", ".csv", ".c", ".h") and inside.parts[0] not in ABOVE:
            source.update(
                f"{inside.as_posix()} {path.stat().st_size} ".encode() + path.read_bytes()
            )
    libraries = (f"{name} {version(name)}" for name in ("numpy", "pandas", "simpy"))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    parts = [f"cachesim {source.hexdigest()[:16]}", python, *libraries, platform.machine()]
    return ", ".join(parts)
