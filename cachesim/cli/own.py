"""Classes of the user's own on the command line: MODULE:NAME, looked for in the current folder first."""

import pkgutil
import sys
from pathlib import Path
from typing import Any

from cachesim.errors import BadInput

FORM = "MODULE:NAME"


def is_own(text: str) -> bool:
    """Whether a text has the form MODULE:NAME, which no built-in name has."""
    return ":" in text


def own_class(flag: str, text: str, family: type) -> Any:
    """Import a class that the user wrote.

    Parameters
    ----------
    flag : str
        The option that names the class, for the sentence of a refusal.
    text : str
        MODULE:NAME, such as "my_module:MyPolicy".
    family : type
        What the class must be a subclass of.

    Raises
    ------
    BadInput
        There is no such module or name, the module raises an error, or the class is of another kind.

    >>> own_class("--policy", "collections:OrderedDict", dict)
    <class 'collections.OrderedDict'>
    """
    module, _, name = text.partition(":")
    if not all(part.isidentifier() for part in [*module.split("."), name]):
        raise BadInput(f'{flag} "{text}" must be {FORM}, such as my_module:{family.__name__}')
    _look_here_first()
    found = getattr(_imported(flag, module), name, None)
    if found is None:
        raise BadInput(
            f'{flag} "{text}": the module {module} has no name "{name}"; check the spelling'
        )
    if not (isinstance(found, type) and issubclass(found, family)):
        raise BadInput(f'{flag} "{text}" must be a subclass of {family.__name__}, got {found!r}')
    return found


def _look_here_first() -> None:
    """Search the current folder for modules, as `python -m` does; worker processes inherit the path."""
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)


def _imported(flag: str, module: str) -> Any:
    try:
        return pkgutil.resolve_name(f"{module}:")
    except (Exception, SystemExit) as error:  # whatever the user's module raises
        if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            raise BadInput(
                f"{flag}: there is no module {module} in this folder or among the installed packages; "
                "run cachesim where the file is"
            ) from None
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise BadInput(f"{flag}: the module {module} fails when it is imported: {why}") from None
