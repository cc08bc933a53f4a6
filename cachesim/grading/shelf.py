"""Where the files of a class are put, so that each submission can be read by itself."""

import errno
from pathlib import Path

from cachesim.errors import BadInput
from cachesim.grading.arrivals import Arrival
from cachesim.grading.layouts import HandedIn, typed
from cachesim.grading.tree import MIB, MOST_BYTES, MOST_FILES, File, Tree, fitting, unpacked

LONGEST_TYPED = 1 << 18  # bytes of HTML
FULL = {errno.ENOSPC, errno.EDQUOT}


class Shelf:
    """A folder for what must be unpacked; what lies on disk by itself is read where it is."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self._folders = 0

    def folder(self) -> Path:
        """Return the path of a folder that is not there yet."""
        self._folders += 1
        return self.work / str(self._folders)

    def with_room(self, tree: Tree, groups: dict[str, list[HandedIn]]) -> set[str]:
        """Return the submissions that can be unpacked; what lies on disk needs no room."""
        packed = {
            name: [tree.files[part.name] for part in files if tree.files[part.name].archive]
            for name, files in groups.items()
        }
        bytes_of = {name: sum(file.size for file in files) for name, files in packed.items()}
        few = fitting({name: len(files) for name, files in packed.items()}, MOST_FILES)
        return few & fitting({name: bytes_of[name] for name in few}, MOST_BYTES)

    def placed(
        self, arrival: Arrival, tree: Tree, parts: list[HandedIn], *, has_room: bool
    ) -> Arrival:
        """Return an arrival with the path from which it can be read."""
        first = tree.files[parts[0].name]
        if not has_room:
            limit = f"{MOST_BYTES // MIB} MiB and {MOST_FILES:,} files"
            return arrival._replace(
                trouble=f"its files are too large: an archive has room for {limit} in all"
            )
        if first.path and len(parts) == 1 and not parts[0].is_typed:
            return arrival._replace(path=first.path)
        if first.path and (folder := _folder_of(parts, tree)):
            return arrival._replace(path=folder)
        try:
            files = {_name(part): _plainer(part, tree.files[part.name]) for part in parts}
            folder = unpacked(files, self.folder())
        except BadInput as error:
            return arrival._replace(trouble=str(error))
        except OSError as error:
            if error.errno in FULL:
                raise
            return arrival._replace(trouble=f"its files cannot be unpacked ({error.strerror})")
        return arrival._replace(path=folder / next(iter(files)) if len(files) == 1 else folder)


def _name(part: HandedIn) -> str:
    return "typed.py" if part.is_typed else part.file


def _plainer(part: HandedIn, file: File) -> File:
    return File(file.size, data=typed(file.read(LONGEST_TYPED))) if part.is_typed else file


def _folder_of(parts: list[HandedIn], tree: Tree) -> Path | None:
    """Return the folder on disk that holds these files and, but for junk, no others."""
    folders = set()
    for part in parts:
        path = tree.files[part.name].path
        if path is None or part.is_typed or not part.name.endswith(f"/{part.file}"):
            return None
        folders.add(path.parents[part.file.count("/")])
    return folders.pop() if len(folders) == 1 else None
