"""The command line: the one place where an error becomes a sentence on stderr and an exit code."""

import errno
import os
import re
import sys
from contextlib import suppress
from typing import Any

import click

from cachesim.cli.commands import COMMANDS
from cachesim.cli.plugins import Commands
from cachesim.errors import BadInput, CachesimError
from cachesim.startup import INTERRUPTED, SENTENCE
from cachesim.units import visible

BAD_INPUT = 2
FIELD = re.compile(r"\b[A-Z]\w*\.([a-z_]+)\b")  # as sentences name it: Scenario.warmup
# Workers that Ctrl-C ends may leave a semaphore. Joblib's tracker, a process of its own, removes it, and says so.
QUIET_TRACKER = "ignore:::joblib.externals.loky.backend.resource_tracker"
NO_READER = "the output was closed before all of it was printed"
FEWER = "use fewer processes (--n-jobs)"
NO_MEMORY = f"there is not enough memory; lower the keys, the size of the values or the requests, or {FEWER}"
USED_UP = {  # errno -> what a machine has no more of
    errno.ENOMEM: NO_MEMORY,
    errno.EMFILE: f'this process has too many files open; raise its limit ("ulimit -n"), or {FEWER}',
    errno.ENFILE: "this machine has too many files open; end other programs",
    errno.EAGAIN: f"this machine starts no more processes; end other programs, or {FEWER}",
}


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
@click.version_option(package_name="cachesim-lab", message="cachesim %(version)s")
def cachesim() -> None:
    """Compare caching strategies and engines on a simulated cache tier and database."""


for command in COMMANDS:
    cachesim.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 bad input (one sentence on stderr), 130 interrupted."""
    wanted = os.environ.get("PYTHONWARNINGS", "").removesuffix(QUIET_TRACKER).rstrip(",")
    os.environ["PYTHONWARNINGS"] = f"{wanted},{QUIET_TRACKER}".lstrip(",")
    sys.exit(_status(sys.argv[1:] if arguments is None else arguments))


def _status(words: list[str]) -> int:
    try:
        return _run(words)
    except click.exceptions.NoArgsIsHelpError as help_text:
        click.echo(help_text.format_message(), err=True)
    except click.UsageError as error:
        click.echo(visible(f"cachesim: {_sentence(error)}"), err=True)
    except CachesimError as error:
        click.echo(visible(f"cachesim: {by_option(str(error), words)}", keep="\n"), err=True)
    except (OSError, MemoryError) as error:
        _let_go()
        click.echo(visible(f"cachesim: {_refused(error)}"), err=True)
    except (KeyboardInterrupt, click.Abort):
        click.echo(SENTENCE, err=True)
        return INTERRUPTED
    return BAD_INPUT


def _run(words: list[str]) -> int:
    if sys.stdout is None:
        raise BadInput("the standard output is closed; leave it open, or send it to a file")
    streams = sys.stdout, sys.stderr
    try:
        code: Any = cachesim.main(
            words, prog_name="cachesim", standalone_mode=False, obj={"words": words}
        )
        sys.stdout.flush()
    except SystemExit as end:
        if sys.stdout is streams[0]:
            raise
        sys.stdout, sys.stderr = streams  # click replaces them, and exits, when nobody reads
        raise BrokenPipeError from end
    return code if isinstance(code, int) else 0


def _let_go() -> None:
    """Forget the output that could not be printed: at its end Python would try again, and complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused(error: OSError | MemoryError) -> str:
    if isinstance(error, BrokenPipeError):
        return NO_READER
    if isinstance(error, MemoryError):
        return NO_MEMORY
    if error.errno in USED_UP:
        return USED_UP[error.errno]
    what = f'"{error.filename}"' if error.filename else "the output"
    return f"{what} cannot be used ({error.strerror or error})"


def by_option(sentence: str, words: list[str]) -> str:
    """Replace a field in a sentence by the option that sets it, if the command has such an option.

    >>> by_option("Scenario.warmup must be shorter than the duration", ["compare"])
    '--warmup must be shorter than the duration'
    """
    command = cachesim.commands.get(words[0] if words else "")
    flags = {flag for option in command.params for flag in option.opts} if command else set()

    def named(field: re.Match[str]) -> str:
        flag = f"--{field[1].replace('_', '-')}"
        return flag if flag in flags else field[0]

    return FIELD.sub(named, sentence)


def _sentence(error: click.UsageError) -> str:
    where = error.ctx.command_path if error.ctx else "cachesim"
    return f"{error.format_message().rstrip('.')}; see {where} --help"
