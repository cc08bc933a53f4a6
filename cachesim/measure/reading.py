"""Tables from elsewhere: a CSV or Parquet file as columns of cells; each cell's row and line are known."""

from __future__ import annotations

import csv
import os
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple

from cachesim.errors import BadInput

DELIMITERS = ",;\t|"
PACKED = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}  # ending -> the module that opens it


class HistoryTable(NamedTuple):
    """The cells of a file: texts in a CSV; in Parquet any objects, None where it has no value."""

    path: Path
    columns: dict[str, list[Any]]  # header -> one cell per row
    lines: array[int]  # row -> line of the file, from 1; empty: the file has no lines

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def at(self, row: int, column: str, problem: str) -> BadInput:
        """Return the error for one cell; `row` counts from 0, the sentence from 1."""
        line = f" (line {self.lines[row]})" if self.lines else ""
        return BadInput(
            f'the history "{self.path}", row {row + 1}{line}, column "{column}": {problem}'
        )

    def read(self, column: str, meaning: Callable[[Any], Any], rule: str) -> list[Any]:
        """Return the meaning of each cell of a column.

        Raises
        ------
        BadInput
            `meaning` does not understand a cell; the sentence names its row, its column and the `rule`.
        """
        found = []
        try:
            for cell in self.columns[column]:
                found.append(meaning(cell))
        except (ValueError, TypeError, OverflowError, KeyError):
            raise self.at(len(found), column, f'{rule}, got "{cell}"') from None
        return found


def read_table(path: str | os.PathLike[str]) -> HistoryTable:
    """Return the cells of a .parquet file, or of a CSV file, which may be packed (.gz, .bz2, .xz).

    Raises
    ------
    BadInput
        The file cannot be read, or is no table.
    """
    path = Path(path)
    try:
        return _parquet(path) if path.suffix == ".parquet" else _csv(path)
    except ImportError:
        raise BadInput(f'"{path}" needs pyarrow: pip install pyarrow, or use .csv') from None
    except BadInput:
        raise
    except (ValueError, UnicodeDecodeError, EOFError, csv.Error) as error:
        raise _no_table(path, (str(error).splitlines() or ["it ends too early"])[0]) from None
    except OSError as error:
        raise BadInput(
            f'the history "{path}" cannot be read ({error.strerror or error}); check the path'
        ) from None


def _no_table(path: Path, why: str) -> BadInput:
    return BadInput(f'the history "{path}" is no table ({why}); give a CSV')


def _parquet(path: Path) -> HistoryTable:
    import pandas as pd

    frame = pd.read_parquet(path)
    plain = {
        str(name): column.astype(object).where(column.notna(), None).tolist()
        for name, column in frame.items()
    }
    return HistoryTable(path, plain, array("q"))


def _csv(path: Path) -> HistoryTable:
    with _opened(path) as file:
        first = file.readline()  # a pipe cannot be read twice
        delimiter = max(DELIMITERS, key=first.count)
        reader = csv.reader(chain([first], file), delimiter=delimiter, strict=True)
        header = next((row for row in reader if row), None)
        if header is None:
            raise _no_table(path, "it is empty")
        lines, rows = array("q"), list[list[str]]()
        for line, row in _numbered(reader):
            if len(row) != len(header):
                where = f"row {len(rows) + 1} (line {line}) has {_fields(len(row))}"
                raise _no_table(path, f"{where}, and the header {len(header)}")
            lines.append(line)
            rows.append(row)
    return HistoryTable(path, _columns(path, header, rows), lines)


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the line where it begins."""
    line = reader.line_num + 1
    for row in reader:
        if any(cell.strip() for cell in row):
            yield line, row
        line = reader.line_num + 1


def _columns(path: Path, header: list[str], rows: list[list[str]]) -> dict[str, list[Any]]:
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f'the history "{path}" has two columns "{twice}"; rename one of them')
    cells = zip(*rows, strict=True) if rows else ((),) * len(header)
    return dict(zip(header, map(list, cells), strict=True))


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    from importlib import import_module

    opener: Any = import_module(PACKED[path.suffix]).open if path.suffix in PACKED else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        yield file
