"""Commands from outside: an installed package adds some by the entry points `cachesim.commands`."""

from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from cachesim.errors import BadInput

GROUP = "cachesim.commands"


class Commands(click.Group):
    """The commands of the package, and those that other packages add.

    In the other package's pyproject.toml:

        [project.entry-points."cachesim.commands"]
        hello = "my_package:hello"

    where `hello` is a click command. A name of the package itself is never replaced.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands: those of the package first."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in sorted(_added()) if name not in own)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command by its name; other packages are looked at only if ours has none."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in _added():
            return own
        return _loaded(_added()[cmd_name])


def _added() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _loaded(entry: EntryPoint) -> click.Command:
    """Load a command; one that cannot be loaded says so when it is called, and not on every help page."""
    try:
        found = entry.load()
    except Exception as error:  # whatever the other package raises
        return _failing(entry, " ".join(f"{type(error).__name__}: {error}".split()))
    return (
        found
        if isinstance(found, click.Command)
        else _failing(entry, f"{found!r} is no click command")
    )


def _failing(entry: EntryPoint, why: str) -> click.Command:
    anything: dict[str, Any] = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(
        entry.name,
        callback=partial(_refuse, f'the command "{entry.name}" ({entry.value}) fails: {why}'),
        context_settings=anything,
        short_help="(cannot be loaded)",
    )


def _refuse(sentence: str) -> None:
    raise BadInput(sentence)
