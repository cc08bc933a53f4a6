"""EVAL and its kin, SCRIPT and FUNCTION: the cache of scripts (redis 7: eval.c)."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from cachesim.engines.redis.arguments import Arguments, integer, text
from cachesim.engines.redis.command import OOM, RedisCommand, Table, container, table
from cachesim.engines.redis.helptexts import SCRIPT, helper
from cachesim.engines.redis.key_places import CountedKeys
from cachesim.engines.redis.lua_state import Function, LuaState
from cachesim.engines.redis.rand48 import Rand48
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.script import Api, RunningScript
from cachesim.errors import CommandError

NO_SCRIPT = "NOSCRIPT No matching script. Please use EVAL."
NOT_BUSY = "NOTBUSY No scripts in execution right now."
UNKILLABLE = (
    "UNKILLABLE Sorry the script already executed write commands against the dataset. You can "
    "either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE "
    "command."
)
WRITES_IN_RO = "ERR Can not execute a script with write flag using *_ro command."
FLAGS = ("no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys")
SHA = 40  # hexadecimal digits


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
        self.route: Callable[[RedisCommand, Arguments], Any] | None = None  # in a cluster
        self.pause: Callable[[], None] | None = None  # lets the other clients go on
        self.random = Rand48()  # of math.random
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
        return 0 if self._lua is None else int(self._lua.used(total=True))

    def flush(self) -> None:
        """Forget all scripts, and all that Lua keeps."""
        self.by_sha.clear()
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
            if self.engine.selected != selected:
                self.engine.select(selected)
        reply: Reply = script.lua.reply(answer, script.name, script.resp)
        if isinstance(reply, CommandError):
            raise reply
        return reply

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


def divided(arguments: tuple[bytes, ...]) -> tuple[Arguments, Arguments]:
    """Return the keys and the other arguments of EVAL. Raises CommandError."""
    count, rest = integer(arguments[0]), list(arguments[1:])
    if count > len(rest):
        raise CommandError("ERR Number of keys can't be greater than number of args")
    if count < 0:
        raise CommandError("ERR Number of keys can't be negative")
    return rest[:count], rest[count:]


def run_text(db: Any, read_only: bool, body: bytes, *arguments: bytes) -> Reply:
    """Run a script that comes with its text."""
    keys, rest = divided(arguments)
    return db.scripts.run(db.scripts.load(body), keys, rest, read_only)  # type: ignore[no-any-return]


def run_cached(db: Any, read_only: bool, sha: bytes, *arguments: bytes) -> Reply:
    """Run a script that is in the cache."""
    if len(sha) != SHA:
        raise CommandError(NO_SCRIPT)
    keys, rest = divided(arguments)
    name = text(sha).lower()
    if name not in db.scripts.by_sha:
        raise CommandError(NO_SCRIPT)
    return db.scripts.run(name, keys, rest, read_only)  # type: ignore[no-any-return]


def eval_(db: Any, body: bytes, *arguments: bytes) -> Reply:
    """EVAL script numkeys [key ...] [argument ...]: run a script of Lua, with nothing in between."""
    return run_text(db, False, body, *arguments)


def eval_ro(db: Any, body: bytes, *arguments: bytes) -> Reply:
    """EVAL_RO: EVAL, and the script may not write."""
    return run_text(db, True, body, *arguments)


def evalsha(db: Any, sha: bytes, *arguments: bytes) -> Reply:
    """EVALSHA sha1 numkeys [key ...] [argument ...]: run a script of the cache."""
    return run_cached(db, False, sha, *arguments)


def evalsha_ro(db: Any, sha: bytes, *arguments: bytes) -> Reply:
    """EVALSHA_RO: EVALSHA, and the script may not write."""
    return run_cached(db, True, sha, *arguments)


def script_load(db: Any, body: bytes) -> Reply:
    """SCRIPT LOAD script: put it into the cache, and reply its SHA1."""
    return db.scripts.load(body).encode()  # type: ignore[no-any-return]


def script_exists(db: Any, *shas: bytes) -> Reply:
    """SCRIPT EXISTS sha1 [sha1 ...]: 1 for each that is in the cache, else 0."""
    return [int(text(sha).lower() in db.scripts.by_sha) for sha in shas]


def script_flush(db: Any, *options: bytes) -> Reply:
    """SCRIPT FLUSH [ASYNC|SYNC]: forget all scripts."""
    check_sync("SCRIPT", options)
    db.scripts.flush()
    return "OK"


def check_sync(name: str, options: tuple[bytes, ...]) -> None:
    """Raise CommandError for another option of a FLUSH than ASYNC or SYNC."""
    if options and (len(options) > 1 or options[0].upper() not in (b"ASYNC", b"SYNC")):
        support = "only support" if name == "SCRIPT" else "only supports"
        raise CommandError(f"ERR {name} FLUSH {support} SYNC|ASYNC option")


def script_kill(db: Any) -> Reply:
    """SCRIPT KILL: end the script that runs, if it has written nothing."""
    script = db.scripts.running
    if script is None:
        raise CommandError(NOT_BUSY)
    return kill(script, is_function=False)


def kill(script: RunningScript, is_function: bool) -> Reply:
    """End a script that runs. Raises CommandError if it has written, or is of the other kind."""
    if script.wrote:
        raise CommandError(UNKILLABLE)
    if script.is_function != is_function:
        raise CommandError(busy(script))
    script.killed = True
    return "OK"


def busy(script: RunningScript) -> str:
    """Return what other clients hear while a script runs for too long."""
    return BUSY.format("FUNCTION" if script.is_function else "SCRIPT")


def script_debug(db: Any, mode: bytes) -> Reply:
    """SCRIPT DEBUG mode: refused, except NO: there is no debugger."""
    if mode.upper() == b"NO":
        return "OK"
    if mode.upper() in (b"YES", b"SYNC"):
        raise CommandError("ERR SCRIPT DEBUG is not supported here; run the script without it")
    raise CommandError("ERR Use SCRIPT DEBUG YES/SYNC/NO")


BUSY = "BUSY Redis is busy running a script. You can only call {} KILL or SHUTDOWN NOSAVE."
RUN = "argument argument [argument ...]"
WRITES = "noscript stale skip_monitor may_replicate no_mandatory_keys movablekeys"
READS = "readonly noscript stale skip_monitor no_mandatory_keys movablekeys"
KEYS = CountedKeys(2)


def rows(kind: str, function: Callable[..., Reply], flags: str) -> RedisCommand:
    """Return the row of a command that runs a script; what it changed is written as its effects."""
    return RedisCommand(kind, RUN, flags, function, keys=KEYS, propagates=lambda *_: [])


RUNS_SCRIPTS = frozenset(("EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "FCALL", "FCALL_RO"))
OF_CACHE = "noscript"
COMMANDS = table(
    rows("EVAL", eval_, WRITES),
    rows("EVALSHA", evalsha, WRITES),
    rows("EVALSHA_RO", evalsha_ro, READS),
    rows("EVAL_RO", eval_ro, READS),
    container("SCRIPT"),
    RedisCommand("SCRIPT|DEBUG", "argument", OF_CACHE, script_debug),
    RedisCommand("SCRIPT|EXISTS", "argument [argument ...]", OF_CACHE, script_exists),
    RedisCommand("SCRIPT|FLUSH", "[option ...]", "noscript may_replicate", script_flush),
    helper("SCRIPT", SCRIPT),
    RedisCommand("SCRIPT|KILL", "", "noscript allow_busy", script_kill),
    RedisCommand("SCRIPT|LOAD", "argument", "noscript stale", script_load),
)
