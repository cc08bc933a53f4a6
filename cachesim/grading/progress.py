"""What one student has done: predictions, hints seen and results, kept in a file that survives."""

import json
import os
from pathlib import Path
from typing import Any

FILE = Path(".cachesim") / "exercises.json"


class Progress:
    """The state of one student's exercises; every change is on disk before the method returns.

    A file that is damaged is set aside as exercises.json.damaged, and everything begins anew.
    """

    def __init__(self, path: Path = FILE) -> None:
        self.path = path
        self.known: dict[str, dict[str, Any]] = self._read()

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self.path.is_file():
            return {}
        try:
            known = json.loads(self.path.read_text("utf-8"))
            return {str(name): dict(about) for name, about in known.items()}
        except (ValueError, AttributeError, TypeError):
            os.replace(self.path, self.path.with_name(f"{self.path.name}.damaged"))
            return {}

    def of(self, exercise: str) -> dict[str, Any]:
        """Return what is known of an exercise."""
        return self.known.get(exercise, {})

    def note(self, exercise: str, **facts: Any) -> None:
        """Add facts about an exercise."""
        self.known[exercise] = {**self.of(exercise), **facts}
        self._write()

    def forget(self, exercise: str) -> None:
        """Forget an exercise."""
        self.known.pop(exercise, None)
        self._write()

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        part.write_text(json.dumps(self.known, indent=1) + "\n", "utf-8")
        os.replace(part, self.path)
