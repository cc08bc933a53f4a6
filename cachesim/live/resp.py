"""RESP3, the client's half (redis.io/docs: reference/protocol-spec): requests out, replies in."""

from collections.abc import Callable, Iterable
from typing import Any

from cachesim.errors import CommandError, OutOfMemory
from cachesim.live.process import ServerProcess


def as_request(argv: Iterable[bytes]) -> bytes:
    r"""Write a command as an array of bulk strings.

    >>> as_request([b"GET", b"a"])
    b'*2\r\n$3\r\nGET\r\n$1\r\na\r\n'
    """
    parts = [b"$%d\r\n%b\r\n" % (len(part), part) for part in argv]
    return b"*%d\r\n%b" % (len(parts), b"".join(parts))


def version_in(hello: dict[bytes, Any]) -> str:
    """Give the name and the version of a server from its reply to HELLO.

    >>> version_in({b"server": b"redis", b"version": b"7.0.15"})
    'redis-server 7.0.15'
    """
    name, version = hello.get(b"server", b"server"), hello.get(b"version", b"?")
    return f"{name.decode()}-server {version.decode()}"


class RespReader:
    """Reads the replies of a server process."""

    process: ServerProcess

    def reply(self) -> Any:
        """Read one reply: bytes, str for a status, int, float, bool, None, list, dict or set."""
        line = self.process.line()
        read = READERS.get(line[:1])
        if read is None:
            raise self.process.failed(f"broke its protocol: a reply began with {line[:20]!r}")
        return read(self, line[1:])

    def _size(self, text: bytes) -> int:
        if not text.isdigit():
            raise self.process.failed(f"broke its protocol: {text[:20]!r} is no size")
        return int(text)

    def _bulk(self, text: bytes) -> bytes | None:
        return None if text == b"-1" else self.process.block(self._size(text))

    def _verbatim(self, text: bytes) -> bytes:
        return self.process.block(self._size(text))[4:]  # after "txt:"

    def _error(self, text: bytes) -> Any:
        said = text.decode("utf-8", "surrogateescape")
        raise OutOfMemory(said) if said.startswith("OOM ") else CommandError(said)

    def _list(self, text: bytes) -> list[Any] | None:
        return None if text == b"-1" else [self._part() for _ in range(self._size(text))]

    def _part(self) -> Any:
        """Read a part of a list. An error in a list (as in the reply of EXEC) is a value."""
        try:
            return self.reply()
        except (CommandError, OutOfMemory) as error:
            return error

    def _map(self, text: bytes) -> dict[Any, Any]:
        return {self._part(): self._part() for _ in range(self._size(text))}

    def _number(self, text: bytes) -> int:
        return int(text)


Reader = Callable[[RespReader, bytes], Any]
READERS: dict[bytes, Reader] = {
    b"$": RespReader._bulk,
    b"_": lambda reader, text: None,
    b":": RespReader._number,
    b"+": lambda reader, text: text.decode("utf-8", "surrogateescape"),
    b"-": RespReader._error,
    b"*": RespReader._list,
    b"%": RespReader._map,
    b"~": lambda reader, text: set(reader._list(text) or ()),
    b">": RespReader._list,
    b",": lambda reader, text: float(text),
    b"#": lambda reader, text: text == b"t",
    b"=": RespReader._verbatim,
    b"(": RespReader._number,
}
