"""A class, laid out as each system gives it: folders that tests fill, and zip."""

import io
import zipfile
from typing import NamedTuple

METADATA = """{folder}:
  :submitters:
  - :name: {name}
    :sid: '{number}'
    :email: {id}@uni.edu
  :created_at: 2026-11-30 22:10:00.123456000 Z
  :score: 0.0
  :history:
  - :id: 1
    :created_at: 2026-11-29 20:00:00.000000000 Z
"""


class Student(NamedTuple):
    """One student, and the file that was handed in."""

    id: str
    name: str
    number: int
    file: str
    content: bytes

    @property
    def sortable(self):
        """The name as Canvas squeezes it."""
        first, _, last = self.name.lower().partition(" ")
        return f"{last}{first}"


def canvas(students):
    """Files side by side."""
    return {f"{s.sortable}_{s.number}_{s.number + 500}_{s.file}": s.content for s in students}


def moodle(students):
    """One folder for each student."""
    return {f"{s.name}_{s.number}_assignsubmission_file_/{s.file}": s.content for s in students}


def moodle_flat(students):
    """The same without folders."""
    return {f"{s.name}_{s.number}_assignsubmission_file_{s.file}": s.content for s in students}


def nbgrader(students):
    """The exchange, with its time stamps."""
    found = {f"submitted/{s.id}/01_lru/{s.file}": s.content for s in students}
    stamps = {
        f"submitted/{s.id}/01_lru/timestamp.txt": b"2026-11-30 22:10:00.5 UTC" for s in students
    }
    return found | stamps


def gradescope(students):
    """An export, in the folder that its archive has."""
    listed = "---\n" + "".join(
        METADATA.format(folder=f"submission_{s.number}", **s._asdict()) for s in students
    )
    found = {f"assignment_77_export/submission_{s.number}/{s.file}": s.content for s in students}
    return {"assignment_77_export/submission_metadata.yml": listed.encode(), **found}


def github(students):
    """Clones, each with its .git."""
    found = {}
    for s in students:
        found[f"lab-01-lru-submissions/lab-01-lru-{s.id}/{s.file}"] = s.content
        found[f"lab-01-lru-submissions/lab-01-lru-{s.id}/.git/HEAD"] = b"ref: refs/heads/main\n"
    return found


LAYOUTS = {f.__name__: f for f in (canvas, moodle, moodle_flat, nbgrader, gradescope, github)}


def in_folder(files, folder):
    """Write files below a folder; return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def in_zip(files, path):
    """Write files into an archive; return its path."""
    path.write_bytes(zipped(files))
    return path


def zipped(files):
    """Return an archive of these files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()
