"""The cache of scripts, and the one that runs (redis 7: eval.c and script.c)."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from cachesim.engines.redis.arguments import Arguments, text
from cachesim.engines.redis.command import OOM, RedisCommand, Table
from cachesim.engines.redis.lua_state import Function, LuaState
from cachesim.engines.redis.rand48 import Rand48
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.script import Api, RunningScript
from cachesim.engines.redis.users import ActingUser
from cachesim.errors import CommandError

WRITES_IN_RO = "ERR Can not execute a script with write flag using *_ro command."
FLAGS = ("no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys")
# What a command that a script calls costs, in keys looked at. Measured: redis-server 7.0.15 takes 0.18 µs
# for a GET in a script, and 0.033 µs for a key of MGET (least of 60 runs of 10,000, by INFO commandstats).
CALL = 5


class CachedScript(NamedTuple):
    """A script in the cache."""

    function: Function
    body: bytes
    flags: frozenset[str] | None  # of its first line "#!lua flags=..."; None: it has no such line


class Scripts:
    """The scripts of an engine, and the one that runs.

    The attributes that are None or empty are set by who serves the engine.
    """

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.by_sha: dict[str, CachedScript] = {}
        self.running: RunningScript | None = None
        self.others: Table = {}  # commands that only a connection knows: they are refused
        self.show: Callable[[RedisCommand, Arguments], None] | None = None  # for MONITOR
        self.route: Callable[[RunningScript, RedisCommand, Arguments], str | None] | None = (
            None  # of a node of a cluster: gives the error of a command whose keys are elsewhere
        )
        self.caller: ActingUser | None = None  # who runs the script, or SORT; None: may do all
        self.pause: Callable[[], None] | None = None  # lets the other clients go on
        self.random = Rand48()  # of math.random
        self.rows: dict[bytes, tuple[RedisCommand, bool]] = {}  # that scripts have called, by name
        self.calls: dict[str, int] = {}  # by script or function: the commands of its last run
        self._lua: LuaState | None = None

    @property
    def lua(self) -> LuaState:
        """The Lua of the scripts, made when the first one comes. Raises CommandError without lupa."""
        if self._lua is None:
            api = Api(self)
            self._lua = LuaState(api.functions, api.hands)
        return self._lua

    @property
    def lua_bytes(self) -> int:
        """The bytes that Lua takes."""
        return 0 if self._lua is None else self._lua.held()

    def flush(self) -> None:
        """Forget all scripts, and all that Lua keeps."""
        self.by_sha.clear()
        self.calls.clear()
        self._lua = None

    def load(self, body: bytes) -> str:
        """Put a script into the cache; return its SHA1. Raises CommandError."""
        sha = hashlib.sha1(body).hexdigest()
        if sha not in self.by_sha:
            flags, begins = shebang(body)
            self.by_sha[sha] = CachedScript(self.lua.compile(body[begins:]), body, flags)
        return sha

    def is_killed(self) -> bool:
        """Let others go on if they may; return whether the running script must end."""
        if self.pause is not None:
            self.pause()
        return self.running is not None and self.running.killed

    def run(self, sha: str, keys: Arguments, rest: Arguments, read_only: bool) -> Reply:
        """Run a cached script. Raises CommandError, OutOfMemory."""
        cached = self.by_sha[sha]
        script = self.prepared(RunningScript(self.engine, sha, self.lua), cached.flags, read_only)
        return self.play(script, cached.function, keys, rest)

    def play(
        self, script: RunningScript, function: Function, keys: Arguments, rest: Arguments
    ) -> Reply:
        """Run a script, or a function, that may run now. Raises CommandError, OutOfMemory."""
        selected = self.engine.selected
        script.keys = keys
        self.running = script
        try:
            answer = script.lua.run(function, script.name, keys, rest)
        finally:
            self.running = None
            self.calls[script.name] = script.calls
            if self.engine.selected != selected:
                self.engine.select(selected)
        reply: Reply = script.lua.reply(answer, script.name, script.resp)
        if isinstance(reply, CommandError):
            raise reply
        return reply

    def keys_of(self, name: str, body: bytes = b"") -> int:
        """Return the work of a script, in keys looked at: one, and its calls.

        SIMPLIFIED: its calls are those of its last run; before the first one, those in its text.
        """
        calls = self.calls.get(name)
        return 1 + CALL * (body.count(b"call(") if calls is None else calls)

    def prepared(
        self, script: RunningScript, flags: frozenset[str] | None, read_only: bool
    ) -> RunningScript:
        """Give a script the rights of its flags; None: it has none. Raises CommandError if it may not run."""
        script.read_only = read_only
        if flags is None:
            return script
        writes = "no-writes" not in flags
        script.read_only = read_only or not writes
        script.allow_oom = "allow-oom" in flags
        script.one_slot = "allow-cross-slot-keys" not in flags
        if script.is_full and writes and not script.allow_oom:
            raise CommandError(OOM)
        if writes and (why := self.engine.why_read_only()) is not None:
            raise CommandError(why)
        if writes and read_only:
            raise CommandError(WRITES_IN_RO)
        return script


def shebang(body: bytes) -> tuple[frozenset[str] | None, int]:
    r"""Return the flags of a script's first line, and where the script begins. Raises CommandError.

    >>> shebang(b"#!lua flags=no-writes\nreturn 1")
    (frozenset({'no-writes'}), 21)
    >>> shebang(b"return 1")
    (None, 0)
    """
    if not body.startswith(b"#!"):
        return None, 0
    end = body.find(b"\n")
    if end < 0:
        raise CommandError("ERR Invalid script shebang")
    engine, *options = text(body[:end]).split() or [""]
    if engine != "#!lua":
        raise CommandError(f"ERR Unexpected engine in script shebang: {engine}")
    flags: set[str] = set()
    for option in options:
        if not option.startswith("flags="):
            raise CommandError(f"ERR Unknown lua shebang option: {option}")
        given = option.removeprefix("flags=")
        for flag in given.split(",") if given else ():
            if flag not in FLAGS:
                raise CommandError(f"ERR Unexpected flag in script shebang: {flag}")
            flags.add(flag)
    return frozenset(flags), end
