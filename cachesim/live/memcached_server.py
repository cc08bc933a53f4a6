"""A real memcached behind the Engine contract. It uses the text protocol over a unix socket."""

import getpass
import math
import os
from collections.abc import Iterator
from typing import Any

from cachesim.clock import Clock
from cachesim.engines.base import START, Command, Random
from cachesim.engines.memcached.engine import Factor, Memcached, Pages
from cachesim.engines.memcached.meta import RUN as META
from cachesim.engines.memcached.meta import shaped
from cachesim.engines.memcached.meta import words as meta_words
from cachesim.errors import BadInput, CommandError, OutOfMemory
from cachesim.live.clock import SECOND, nanoseconds
from cachesim.live.process import find_program
from cachesim.live.server import ServerEngine, ServerSpec
from cachesim.spec import Bytes, Count
from cachesim.units import MIB

PACKAGE = "Debian, Ubuntu: apt install memcached"
MONTH = 60 * 60 * 24 * 30  # seconds: a larger expiration time is a Unix time
STORAGE = (b"set", b"add", b"replace", b"append", b"prepend", b"cas")  # a data block follows
UNIQUE = (b"gets", b"gats")  # these reply the CAS number too
REFUSED = (b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")


class MemcachedServer(ServerSpec):
    """A real memcached. Its fields are those of `Memcached`.

    >>> MemcachedServer(memory=4 * MIB)
    MemcachedServer(memory=4194304)
    """

    speaks = "memcached"
    embedded = Memcached()
    memory: Pages = 64 * MIB  # -m: whole MiB
    threads: Count = 4  # -t
    growth_factor: Factor = 1.25  # -f
    item_size_max: Bytes = MIB  # -I
    segmented: bool = True  # False: flat LRU, -o no_lru_maintainer
    use_cas: bool = True  # False: -C
    automove: bool = True  # False: -o slab_automove=0
    program: str = "memcached"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.item_size_max > self.memory // 2:
            raise BadInput(
                f"MemcachedServer.memory must be at least twice item_size_max ({self.item_size_max} bytes), "
                f"as memcached itself demands, got {self.memory}; give --memory 2mb or more"
            )

    @property
    def workers(self) -> int:
        """The threads: they serve commands in parallel."""
        return self.threads

    def command(self, path: str) -> list[str]:
        """Return the program and its arguments."""
        argv = [find_program(self.program, PACKAGE), "-s", path, "-a", "0700", "-U", "0"]
        argv += ["-m", str(self.memory // MIB), "-t", str(self.threads)]
        argv += ["-f", str(self.growth_factor), "-I", str(self.item_size_max)]
        argv += [] if self.use_cas else ["-C"]
        if os.geteuid() == 0:
            argv += ["-u", getpass.getuser()]  # without it memcached refuses to run as root
        if not self.segmented:
            return [*argv, "-o", "no_lru_maintainer,no_lru_crawler"]
        return argv if self.automove else [*argv, "-o", "slab_automove=0"]

    def build(self, clock: Clock, random: Random) -> "MemcachedServerEngine":
        """Start a server and return its engine."""
        return MemcachedServerEngine(self, clock, random)


class MemcachedServerEngine(ServerEngine):
    """A running memcached. Every command goes to it; its one-second timer runs at simulated time."""

    spec: MemcachedServer

    def __init__(self, spec: MemcachedServer, clock: Clock, random: Random) -> None:
        super().__init__(spec, clock, random)
        self._next_second = 0  # nanoseconds of Unix time: the first is not over
        answer = self.request(b"version")
        if not answer.startswith(b"VERSION "):
            raise self.process.failed(f"broke its protocol: to version it said {answer[:40]!r}")
        self.version = f"memcached {answer.split()[1].decode()}"

    def _tell_time(self) -> None:
        """Set the server's time to the simulation's, with a stop at the last whole second.

        Its timer fires once per second, counted from its last run. A stop anywhere else would shift
        the timer, and with it every expiration.
        """
        time = self.process.clock
        if time is None:
            return
        now = nanoseconds(self.clock())
        if now >= self._next_second:
            self._next_second = now // SECOND * SECOND
            self.process.move(self._next_second)
            self._next_second += SECOND
        time.store(now)

    # --- what the model calls

    def get(self, key: str) -> bytes | None:
        """Return the value, or None."""
        self._tell_time()
        self.send(b"get %b\r\n" % name_of(key))
        line = self.process.line()
        if line == b"END":
            return None
        value = self._value(line)
        if (end := self.process.line()) != b"END":
            raise self.process.failed(f"broke its protocol: END expected, got {end[:40]!r}")
        return value

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value. A TTL is rounded up to whole seconds. Raises OutOfMemory."""
        if not ttl > 0:
            raise BadInput(f"ttl must be > 0 seconds (inf for no limit), got {ttl}")
        seconds = 0 if ttl == math.inf else math.ceil(ttl)
        if seconds > MONTH:
            seconds += START + math.floor(self.clock())
        self._tell_time()
        self.send(b"set %b 0 %d %d\r\n%b\r\n" % (name_of(key), seconds, len(value), value))
        if (line := self.process.line()) != b"STORED":
            raise refusal(line)

    def delete(self, key: str) -> bool:
        """Remove a key. True if it was there and alive."""
        self._tell_time()
        self.send(b"delete %b\r\n" % name_of(key))
        return self.process.line() == b"DELETED"

    def execute(self, command: Command) -> Any:
        """Run a command. Command and reply have the same shapes as in the embedded engine."""
        if not command:
            raise CommandError("ERROR")
        if command[0] in META:
            words, data = meta_words(command)
            return shaped(words[0], self.request(b" ".join(words), data))
        words = [part if isinstance(part, bytes) else str(part).encode() for part in command]
        words[0] = words[0].lower()
        data = words.pop() if words[0] in STORAGE and len(words) > 1 else None
        if data is not None:
            words.insert(4, b"%d" % len(data))
        return self._shaped(words, self.request(b" ".join(words), data))

    def _shaped(self, words: list[bytes], answer: bytes) -> Any:
        """Convert the bytes of an answer to a Python value."""
        if answer.startswith(REFUSED):
            raise refusal(answer.removesuffix(b"\r\n"))
        if words[0] in (b"get", b"gets", b"gat", b"gats"):
            keys = words[2:] if words[0].startswith(b"gat") else words[1:]
            found = values_in(answer, words[0] in UNIQUE)
            return found.get(keys[0]) if len(keys) == 1 else [found.get(key) for key in keys]
        if words[0] == b"stats":
            rows = (line.split(b" ", 2) for line in answer.split(b"\r\n") if line[:5] == b"STAT ")
            return {row[1].decode(): as_number(row[2]) for row in rows}
        text = answer.removesuffix(b"\r\n").removeprefix(b"VERSION ").decode("latin-1")
        return int(text) if text.strip().isdigit() else text

    def request(self, line: bytes, data: bytes | None = None) -> bytes:
        """Send a request unchanged and return every byte of the answer.

        A `mn` follows it. The server answers this with MN, which shows where the answer ends.
        """
        self._tell_time()
        block = b"" if data is None else data + b"\r\n"
        self.send(b"%b\r\n%bmn\r\n" % (line, block))
        answer = []
        while (part := self.process.line()) != b"MN":
            answer.append(part + b"\r\n")
            if part.startswith(b"VALUE "):
                answer.append(self._value(part) + b"\r\n")
            elif part.startswith(b"VA "):
                answer.append(self.process.block(int(part.split()[1])) + b"\r\n")
        return b"".join(answer)

    def _value(self, line: bytes) -> bytes:
        words = line.split()
        if len(words) < 4 or words[0] != b"VALUE" or not words[3].isdigit():
            raise self.process.failed(f"broke its protocol: VALUE expected, got {line[:40]!r}")
        return self.process.block(int(words[3]))

    def flush(self) -> None:
        """Lose everything."""
        self.request(b"flush_all")

    # --- counters

    def counters(self) -> dict[str, float]:
        """Return every number of `stats` by its name."""
        stats = self.execute(("stats",))
        return {name: value for name, value in stats.items() if not isinstance(value, str)}

    def keys(self) -> Iterator[str]:
        """Refuse: the crawler, which alone can list all keys, naps while simulated time stands still."""
        raise BadInput(
            "a real memcached cannot list its keys while simulated time stands still; "
            "take the embedded Memcached, or RedisServer"
        )

    def __len__(self) -> int:
        """Return the number of items, with dead ones that are not yet removed."""
        return int(self.counters()["curr_items"])

    @property
    def memory(self) -> int:  # type: ignore[override]
        """Bytes of the pages in use."""
        return int(self.execute(("stats", "slabs"))["total_malloced"])

    @property
    def evictions(self) -> int:  # type: ignore[override]
        """Items evicted since the start."""
        return int(self.counters()["evictions"])

    @property
    def expirations(self) -> int:  # type: ignore[override]
        """Items removed because their TTL had run out: by a read, at a tail, or by the crawler."""
        found = self.counters()
        return int(found["get_expired"] + found["reclaimed"] + found.get("crawler_reclaimed", 0))


def name_of(key: str) -> bytes:
    """Return a key as the bytes that are sent."""
    return key.encode("utf-8", "surrogateescape")


def refusal(line: bytes) -> CommandError | OutOfMemory:
    """Return the error for a line with which the server refuses a command."""
    text = line.decode("latin-1")
    out = "out of memory" in text or "too large for cache" in text
    return OutOfMemory(text) if out else CommandError(text)


def values_in(answer: bytes, unique: bool) -> dict[bytes, Any]:
    """Read the VALUE blocks of an answer: key -> value, or key -> (value, CAS number)."""
    found: dict[bytes, Any] = {}
    while answer.startswith(b"VALUE "):
        head, _, rest = answer.partition(b"\r\n")
        words = head.split()
        size = int(words[3])
        value = rest[:size]
        found[words[1]] = (value, int(words[4])) if unique else value
        answer = rest[size + 2 :]
    return found


def as_number(text: bytes) -> int | float | str:
    """Convert a counter to a number; it stays a text if it is none."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.decode("latin-1")
