"""The Python face of the meta commands mg, ms and md: tuples in, and the answer taken apart.

("mg", key, flag, ...) gives (value, flags), or None for a miss; the value is None without the flag "v".
("ms", key, flag, ..., value) and ("md", key, flag, ...) give the server's word: "HD", "NS", "EX" or "NF".
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cachesim.engines.base import Command, Work
from cachesim.engines.memcached import proto_meta
from cachesim.engines.memcached.commands import to_key
from cachesim.engines.memcached.meta_flags import decoded
from cachesim.errors import CommandError

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

Found = tuple[bytes | None, dict[str, str]]
REFUSED = (b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")


def words(command: Command) -> tuple[list[bytes], bytes | None]:
    """Return the words of a command's line, and the data that follows it.

    >>> words(("ms", "a", "T60", b"xyz"))
    ([b'ms', b'a', b'3', b'T60'], b'xyz')
    """
    line = [part if isinstance(part, bytes) else str(part).encode() for part in command]
    if line[0] != b"ms":
        return line, None
    *line, data = line
    return [*line[:2], b"%d" % len(data), *line[2:]], data


def shaped(name: bytes, answer: bytes) -> Found | str | None:
    r"""Return the value that stands for an answer.

    >>> shaped(b"mg", b"VA 3 c7 W\r\nxyz\r\n"), shaped(b"mg", b"EN\r\n"), shaped(b"md", b"HD\r\n")
    ((b'xyz', {'c': '7', 'W': ''}), None, 'HD')
    """
    head, _, rest = answer.partition(b"\r\n")
    if answer.startswith(REFUSED):
        raise CommandError(head.decode())
    if name != b"mg":
        return head.decode()
    kind, *told = head.decode().split()
    if kind == "EN":
        return None
    value = rest[: int(told.pop(0))] if kind == "VA" else None
    return value, {word[0]: word[1:] for word in told}


def execute(engine: "MemcachedEngine", command: Command) -> Any:
    """Run a meta command on an engine; return its reply."""
    line, data = words(command)
    if len(line) < 2 or not line[1]:
        raise CommandError("ERROR")
    answer = RUN[str(command[0])](engine, line)
    if isinstance(answer, proto_meta.MetaBlock):
        answer = answer.refusal or answer.finish(engine, (data or b"") + b"\r\n")
    return shaped(line[0], answer)


def work(engine: "MemcachedEngine", command: Command) -> Work:
    """Return the work that a command would ask of its node now.

    mg replies the value if it has the flag "v", ms stores its data.
    """
    line, data = words(command)
    letters = {word[:1] for word in line[2:]}
    if line[0] != b"mg" or b"v" not in letters:
        return Work(bytes=len(data or b""))
    key = decoded(line[1]) if b"b" in letters else line[1]
    return Work(bytes=engine.held_bytes(to_key(key)))


RUN: dict[str, Callable[["MemcachedEngine", list[bytes]], bytes | proto_meta.MetaBlock]] = {
    "mg": proto_meta.get,
    "ms": proto_meta.store,
    "md": proto_meta.delete,
}
