"""Files that are either complete or absent."""

import os
from pathlib import Path

from cachesim.errors import BadInput


def replace_file(path: Path, data: bytes | str) -> None:
    """Write a file under another name in the same folder, then rename it. Missing folders are made.

    If anything fails, the old file stays as it was, and no other file remains.

    Raises
    ------
    BadInput
        The file cannot be written; the sentence says why.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     replace_file(Path(folder) / "deep" / "a.txt", "one")
    ...     (Path(folder) / "deep" / "a.txt").read_text()
    'one'
    """
    unfinished = path.with_name(f".{path.name[:40]}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(
                data.encode("utf-8", "replace") if isinstance(data, str) else data
            )
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(
            f'"{path}" cannot be written ({error.strerror}); free some space or name another place'
        ) from None
