"""The commands, and the one place where errors become a sentence on stderr and an exit code."""

import sys
from typing import Any

import click

from cachesim.cli.commands import COMMANDS
from cachesim.errors import CachesimError

BAD_INPUT, INTERRUPTED = 2, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(package_name="cachesim-lab", message="cachesim %(version)s")
def cachesim() -> None:
    """Compare caching strategies and engines on a simulated cache tier and database."""


for command in COMMANDS:
    cachesim.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 bad input (one sentence on stderr), 130 interrupted."""
    sys.exit(_status(arguments))


def _status(arguments: list[str] | None) -> int:
    try:
        words = sys.argv[1:] if arguments is None else arguments
        code: Any = cachesim.main(
            words, prog_name="cachesim", standalone_mode=False, obj={"words": words}
        )
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as help_text:
        click.echo(help_text.format_message(), err=True)
    except click.UsageError as error:
        click.echo(f"cachesim: {_sentence(error)}", err=True)
    except CachesimError as error:
        click.echo(f"cachesim: {error}", err=True)
    except (KeyboardInterrupt, click.Abort):
        click.echo("cachesim: interrupted; nothing was half-written", err=True)
        return INTERRUPTED
    return BAD_INPUT


def _sentence(error: click.UsageError) -> str:
    where = error.ctx.command_path if error.ctx else "cachesim"
    return f"{error.format_message().rstrip('.')}; see {where} --help"
