"""`cachesim formats`: the formats of trace files, one row each."""

import click

from cachesim.cli.options import JSON
from cachesim.cli.output import print_json
from cachesim.measure.tables import text_table
from cachesim.traces import FORMATS


@click.command()
@JSON
def formats(as_json: bool) -> None:
    """List the formats of trace files. Each has its columns, an example, and its source."""
    rows = [
        {
            "format": name,
            "a line or a record": about.what,
            "tells": about.columns,
            "example": _shown(about.example, about.is_binary),
            "source": about.source,
        }
        for name, about in FORMATS.items()
    ]
    if as_json:
        print_json({"rows": rows})
        return
    click.echo(text_table(list(rows[0]), [list(row.values()) for row in rows], left=True))
    click.echo(
        "\nPlain, or packed as gz, xz, bz2, zstd or a zip with one file; from a pipe with the name -.\n"
        "A disk's trace is split into blocks by --block 4096; a csv's columns are named by --columns."
    )


def _shown(example: bytes, is_binary: bool) -> str:
    """Show the lines of an example, or its bytes."""
    return example.hex(" ", 4) if is_binary else " / ".join(example.decode().splitlines())
