"""One student's progress: first guesses, hints seen and results, kept in a file that survives crashes.

A notebook and a shell may write it at the same time, so every change reads the file again, under a lock.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cachesim.errors import BadInput
from cachesim.files import replace_file

FILE = Path(".cachesim") / "exercises.json"
FACTS = {"started": bool, "predicted": str, "hints": int, "passed": bool}
Facts = dict[str, Any]


class Progress:
    """The state of one student's exercises; every change is on disk before the method returns.

    Raises
    ------
    BadInput
        The file cannot be read or written.
    """

    def __init__(self, path: Path = FILE) -> None:
        self.path = path

    def of(self, exercise: str) -> Facts:
        """Return the known facts about an exercise."""
        return self.known.get(exercise, {})

    @property
    def known(self) -> dict[str, Facts]:
        """What is known of each exercise, as the file says now."""
        return self._read() or {}

    def note(self, exercise: str, **facts: Any) -> Facts:
        """Add facts about an exercise; return all facts about it."""
        return self.change(exercise, lambda known: known | facts)

    def change(self, exercise: str, changed: Callable[[Facts], Facts]) -> Facts:
        """Replace what is known of an exercise by what `changed` makes of it, and return that."""
        with self._locked():
            known = self._sound()
            known[exercise] = changed(known.get(exercise, {}))
            self._write(known)
        return known[exercise]

    def forget(self, exercise: str) -> None:
        """Forget an exercise."""
        with self._locked():
            known = self._sound()
            if known.pop(exercise, None) is not None:
                self._write(known)

    def _read(self) -> dict[str, Facts] | None:
        """Read the file; {} if there is none, None if it is damaged."""
        try:
            known = json.loads(self.path.read_text("utf-8-sig"))
            return {str(name): _facts(about) for name, about in known.items()}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise BadInput(f'"{self.path}" cannot be read ({error.strerror}); move it') from None
        except (ValueError, AttributeError, TypeError, RecursionError):
            return None

    def _sound(self) -> dict[str, Facts]:
        """Read the file; a damaged one is set aside, and everything begins again."""
        known = self._read()
        if known is None:
            with _said(self.path):
                os.replace(self.path, self.path.with_name(f"{self.path.name}.damaged"))
        return known or {}

    def _write(self, known: dict[str, Facts]) -> None:
        replace_file(self.path, json.dumps(known, indent=1) + "\n")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Wait until no other process changes the file; the lock ends with its process, however that ends."""
        with _said(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with suppress(
                OSError
            ):  # a network file system without locks: the change is made without
                _lock(lock)
            yield
        finally:
            os.close(lock)


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Say in a sentence what the file system refuses."""
    try:
        yield
    except OSError as error:
        raise BadInput(
            f'"{path}" cannot be written ({error.strerror}); it keeps what you have done: '
            f'make the folder "{path.parent}" writable, or work in another folder'
        ) from None


def _facts(about: Any) -> Facts:
    """Return the facts that make sense: somebody may have edited the file by hand."""
    return {
        name: value for name, value in about.items() if isinstance(value, FACTS.get(name, object))
    }


def _lock(file: int) -> None:
    """Take the lock on an open file, once everybody before has closed theirs."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
