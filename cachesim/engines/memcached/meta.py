"""The meta commands as tuples: mg, ms and md are turned into request lines, and their replies into values.

("mg", key, flag, ...) gives (value, flags), or None for a miss; the value is None without the flag "v".
("ms", key, flag, ..., value) and ("md", key, flag, ...) give the server's code: "HD", "NS", "EX" or "NF".
"""

from collections.abc import Callable
from typing import Any

from cachesim.engines.base import Command, Work
from cachesim.engines.memcached import proto_meta
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.meta_flags import decoded
from cachesim.engines.memcached.protocol import END_OF_LINE, ERROR, Tokens, to_key
from cachesim.errors import CommandError

Found = tuple[bytes | None, dict[str, str]]
REFUSED = (b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")


def words(command: Command) -> tuple[list[bytes], bytes | None]:
    """Return the words of a command's request line, and the data that follows the line.

    >>> words(("ms", "a", "T60", b"xyz"))
    ([b'ms', b'a', b'3', b'T60'], b'xyz')
    """
    line = [part if isinstance(part, bytes) else str(part).encode() for part in command]
    line[0] = line[0].lower()
    if line[0] != b"ms":
        return line, None
    *line, data = line
    return [*line[:2], b"%d" % len(data), *line[2:]], data


def shaped(name: bytes, answer: bytes) -> Found | str | None:
    r"""Return a reply as a Python value. Raises CommandError, if the server refused.

    >>> shaped(b"mg", b"VA 3 c7 W\r\nxyz\r\n"), shaped(b"mg", b"EN\r\n"), shaped(b"md", b"HD\r\n")
    ((b'xyz', {'c': '7', 'W': ''}), None, 'HD')
    """
    head, _, rest = answer.partition(b"\r\n")
    if answer.startswith(REFUSED):
        raise CommandError(head.decode())
    if name != b"mg":
        return head.decode()
    code, *flags = head.decode().split()
    if code == "EN":
        return None
    value = rest[: int(flags.pop(0))] if code == "VA" else None
    return value, {word[0]: word[1:] for word in flags}


def calling(name: str) -> Callable[..., Any]:
    """Return a function that runs the command with the arguments of a tuple."""

    def call(daemon: Daemon, *arguments: Any) -> Any:
        line, data = words((name, *arguments))
        if len(line) < 2 or not line[1]:
            raise CommandError(ERROR)
        answer = RUN[name](daemon, line)
        if isinstance(answer, proto_meta.MetaBlock):
            answer = answer.refusal or answer.finish(daemon, (data or b"") + END_OF_LINE)
        return shaped(line[0], answer)

    return call


def work(daemon: Daemon, command: Command) -> Work:
    """Return the work that a command would ask of its node now.

    mg replies with the value if it has the flag "v"; ms stores its data.
    """
    line, data = words(command)
    letters = {word[:1] for word in line[2:]}
    if line[0] != b"mg" or b"v" not in letters:
        return Work(bytes=len(data or b""))
    key = decoded(line[1]) if b"b" in letters else line[1]
    return Work(bytes=daemon.held_bytes(to_key(key)))


# The commands that a tuple can name.
RUN: dict[str, Callable[[Daemon, Tokens], bytes | proto_meta.MetaBlock]] = {
    "mg": proto_meta.get,
    "ms": proto_meta.store,
    "md": proto_meta.delete,
}
