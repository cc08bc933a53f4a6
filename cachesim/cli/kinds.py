"""The kinds of options: how a text is read, checked, shown on the help page and completed by a shell."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from cachesim.errors import BadInput
from cachesim.spec import check, unfold
from cachesim.units import parse_size, parse_time

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
PATH = click.Path(readable=False)  # for completion only: reading the file says if it is readable


def ruled(
    flag: str,
    hint: Any,
    text: str,
    *,
    default: str | None = None,
    usual: Any = None,
    metavar: str = "",
) -> Decorator:
    """Make an option that is parsed and checked by an annotation, as a field of a spec is.

    The help page shows the rules of the annotation and the default. `default` is the text that stands for
    a missing option; `usual` is for the help page only.
    """
    kinds, rules = unfold(hint)
    is_size, is_time = ("byte" in rules[0].text, "seconds" in rules[0].text)

    def read(_context: click.Context, _option: click.Parameter, given: str | None) -> Any:
        if given is None:
            return None
        value = _parse(flag, given, kinds, is_size, is_time)
        check(flag, value, kinds, rules)
        return value

    kind = metavar or ("SIZE" if is_size else "SECONDS" if is_time else "NUMBER")
    facts = [rule.text for rule in rules]
    if default is not None or usual is not None:
        facts.append(f"default: {default if usual is None else usual}")
    help_text = f"{text}  [{'; '.join(facts)}]"
    return click.option(flag, callback=read, help=help_text, default=default, metavar=kind)


def _parse(flag: str, text: str, kinds: tuple[Any, ...], is_size: bool, is_time: bool) -> Any:
    try:
        if is_size:
            return parse_size(text)
        if is_time:
            return parse_time(text)
        return int(text) if int in kinds else float(text)
    except BadInput as error:
        raise BadInput(f"{flag}: {error}") from None
    except ValueError:
        kind = "a whole number" if int in kinds else "a number"
        raise BadInput(f'{flag} must be {kind}, got "{text}"') from None


@contextmanager
def about(flag: str) -> Iterator[None]:
    """Name the option in every refusal from inside the block."""
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{flag}: {error}") from None


def names(
    flag: str, text: str, *, among: Iterable[str] = (), metavar: str = "NAME,...", **settings: Any
) -> Decorator:
    """Make an option that takes a comma list; a shell completes names from `among`."""

    def split(
        _context: click.Context, _option: click.Parameter, given: str | None
    ) -> list[str] | None:
        if given is None:
            return None
        parts = [part.strip() for part in given.split(",")]
        if not all(parts) or len(set(parts)) < len(parts):
            raise BadInput(f'{flag} takes different names with commas between them, got "{given}"')
        return parts

    settings |= {"metavar": metavar, "shell_complete": one_of(among)}
    return click.option(flag, callback=split, help=text, **settings)


def parsed(flag: str, parse: Callable[[str], Any], text: str, metavar: str) -> Decorator:
    """Make an option whose text `parse` must accept."""

    def read(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
        if given is not None:
            parse(given)
        return given

    return click.option(flag, callback=read, help=text, metavar=metavar)


def one_of(names: Iterable[str]) -> Callable[..., list[str]]:
    """Complete names for a shell: the last one of a comma list.

    >>> one_of(["lru", "lfu", "fifo"])(None, None, "fifo,l")
    ['fifo,lru', 'fifo,lfu']
    """

    def complete(_context: Any, _option: Any, typed: str) -> list[str]:
        before, comma, last = typed.rpartition(",")
        return [f"{before}{comma}{name}" for name in names if name.startswith(last)]

    return complete


def processes(flag: str) -> Decorator:
    """Make an option for the number of processes that also takes -1, for every core."""
    return click.option(
        flag,
        "n_jobs",
        type=int,
        metavar="NUMBER",
        default=-1,
        help="Processes; -1 takes every core.  [-1 or >= 1; default: -1]",
    )


def folder(default: str, text: str = "Folder for the results.") -> Decorator:
    """Make the option --out."""
    return click.option(
        "--out", default=default, show_default=True, metavar="FOLDER", type=PATH, help=text
    )


def apply(decorators: tuple[Decorator, ...]) -> Decorator:
    """Make one decorator of several, in the order of the help page."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate
