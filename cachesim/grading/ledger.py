"""The folder of a class that was graded: one report for each submission, and lists made from all of them.

Grade a student again into the same folder, and only that report is replaced.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cachesim.errors import BadInput
from cachesim.files import replace_file
from cachesim.grading.grades import Grade, from_json, to_json

MANIFEST = "grading.json"
ROUNDS = 100_000  # of the hash: a secret is often one word
SAME = {  # what all reports of a folder must share, and what to say if a call would not
    "exercise": "another exercise",
    "seed": "another --seed",
    "secret": "another --secret",
}
LONGEST_NAME = (
    50  # characters of a file's name that had to be changed; 255 bytes is what systems allow
)
PLAIN = re.compile(r"[a-z0-9_-](?:[a-z0-9_.-]{0,108}[a-z0-9_-])?")
RESERVED = {"con", "prn", "aux", "nul"}  # names that Windows takes for devices


class Ledger:
    """The folder of `cachesim grade --out`.

    Raises
    ------
    BadInput
        The folder cannot be written, or holds the grades of another exercise, seed or secret.
    """

    def __init__(self, path: Path, exercise: str, seed: int | None, secret: str) -> None:
        self.path, self.reports = path, path / "reports"
        self.order: list[str] = []
        self.notes: list[str] = []
        self._about = {"exercise": exercise, "seed": seed, "secret": hidden(secret, exercise)}
        self._check(self._read())
        self._write_manifest()

    def _read(self) -> dict[str, Any]:
        path = self.path / MANIFEST
        try:
            told = json.loads(path.read_text("utf-8")) if path.is_file() else {}
            self.order = [str(name) for name in told.get("order", [])]
            return dict(told)
        except (OSError, ValueError, AttributeError, TypeError):
            raise BadInput(f'"{path}" is damaged; delete it, or name another folder') from None

    def _check(self, told: dict[str, Any]) -> None:
        for field, what in SAME.items():
            if told and told.get(field) != self._about[field]:
                raise BadInput(
                    f'"{self.path}" holds grades made with {what}; grades of one folder share '
                    "exercise, seed and secret: name another folder"
                )

    def _write_manifest(self) -> None:
        about = {"schema": 1, **self._about, "order": self.order}
        replace_file(self.path / MANIFEST, json.dumps(about, indent=1) + "\n")

    def keep(self, grade: Grade) -> None:
        """Write the report of one submission."""
        text = json.dumps(to_json(grade), indent=1, ensure_ascii=False) + "\n"
        replace_file(self.reports / f"{file_name(grade.id)}.json", text)

    def all(self, new: Iterable[Grade]) -> list[Grade]:
        """Return the grades of the folder, each at the place where it was first; these ones are new."""
        made = {grade.id: grade for grade in new}
        grades = {grade.id: grade for grade in self._kept()} | made
        self.order += [name for name in {**made, **grades} if name not in self.order]
        self._write_manifest()
        return [grades[name] for name in self.order if name in grades]

    def _kept(self) -> Iterable[Grade]:
        for path in sorted(self.reports.glob("*.json")):
            try:
                grade = from_json(json.loads(path.read_text("utf-8")))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                self.notes.append(f"reports/{path.name} is damaged and left out; grade it again")
                continue
            if grade.report.exercise == self._about["exercise"]:
                yield grade


def hidden(secret: str, exercise: str) -> str:
    """Return a hash that tells two secrets apart but does not reveal them.

    >>> hidden("tulip", "01") == hidden("tulip", "01") != hidden("rose", "01")
    True
    """
    salt = f"cachesim {exercise}".encode()
    return hashlib.pbkdf2_hmac("sha256", secret.encode(), salt, ROUNDS).hex()[:32] if secret else ""


def file_name(name: str) -> str:
    """Return a file's name for an id: no separators, and no two alike, also where upper case does not count.

    >>> file_name("ada"), file_name("../Ada")
    ('ada', '_Ada-4e4af216')
    """
    if is_plain(name):
        return name
    plainer = "".join(c if c.isalnum() or c in "-_." else "_" for c in name).lstrip(".")
    tail = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plainer[:LONGEST_NAME] or 'unnamed'}-{tail}"


def is_plain(name: str) -> bool:
    """Tell whether a name can be a file's name on every system.

    >>> is_plain("ada.king"), is_plain("Ada"), is_plain("nul")
    (True, False, False)
    """
    return bool(PLAIN.fullmatch(name)) and name.partition(".")[0] not in RESERVED
