"""FUNCTION and FCALL: libraries of functions that the server keeps (redis 7: functions.c).

The replication stream has FUNCTION LOAD; a full copy has the texts of the libraries (function_file.py).
"""

import hashlib
import re
from typing import Any, NamedTuple

from cachesim.engines.redis.arguments import Arguments, text
from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.glob import glob
from cachesim.engines.redis.helptexts import FUNCTION, helper
from cachesim.engines.redis.lua_state import Function, LuaState
from cachesim.engines.redis.memory import as_integer
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.script import Api, RunningScript
from cachesim.engines.redis.script_cache import FLAGS, shebang
from cachesim.engines.redis.scripting import NOT_BUSY, READS, WRITES, check_sync, kill, rows
from cachesim.errors import CommandError

BAD_NAME = (
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one "
    "character long"
)


class Registered(NamedTuple):
    """A function of a library."""

    name: str
    function: Function
    flags: frozenset[str]
    description: bytes | None


class Library(NamedTuple):
    """What one FUNCTION LOAD brought."""

    code: bytes
    functions: dict[str, Registered]


class Functions:
    """The libraries of an engine. They have a Lua of their own, which SCRIPT FLUSH leaves alone."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.libraries: dict[str, Library] = {}
        self._lua: LuaState | None = None

    @property
    def lua(self) -> LuaState:
        """The Lua of the functions. Raises CommandError without lupa."""
        if self._lua is None:
            api = Api(self.engine.scripts)
            hands = api.hands
            hands["is_flag"] = lambda flag: text(flag) in FLAGS
            hands["problem_of_name"] = problem_of_name
            self._lua = LuaState(api.functions, hands, of_functions=True)
        return self._lua

    def flush(self) -> None:
        """Forget all libraries."""
        self.libraries.clear()
        self._lua = None

    def find(self, name: str) -> Registered | None:
        """Return a function by its name."""
        found = (each.functions.get(name) for each in self.libraries.values())
        return next((each for each in found if each is not None), None)

    def load(self, code: bytes, replace: bool) -> str:
        """Keep a library; return its name. Raises CommandError, and then nothing has changed."""
        name, begins = metadata(code)
        if name in self.libraries and not replace:
            raise CommandError(f"ERR Library '{name}' already exists")
        made = {}
        for key, function, flags, about in self.lua.load(code[begins:]):
            known = frozenset(text(flags).split(",")) if flags else frozenset()
            made[text(key)] = Registered(text(key), function, known, about or None)
        if not made:
            raise CommandError("ERR No functions registered")
        for each in made:
            old = self.find(each)
            if old is not None and each not in getattr(self.libraries.get(name), "functions", ()):
                raise CommandError(f"ERR Function {each} already exists")
        self.libraries[name] = Library(code, made)
        return name

    def join(self, new: "Functions", replace: bool) -> None:
        """Keep the libraries of others, too. Raises CommandError, and then nothing has changed."""
        # redis 7: functions.c, libraryJoin
        kept = {name: each for name, each in self.libraries.items() if name not in new.libraries}
        if not replace:
            for name in new.libraries:
                if name in self.libraries:
                    raise CommandError(f"ERR Library {name} already exists")
        names = {name for each in kept.values() for name in each.functions}
        for each in new.libraries.values():
            for name in each.functions:
                if name in names:
                    raise CommandError(f"ERR Function {name} already exists")
        self.libraries = kept
        for each in new.libraries.values():
            self.load(each.code, replace=False)


def problem_of_name(name: bytes, others: object = None) -> bytes | None:
    """Return the problem of a name of a function, None if it is right."""
    return None if re.fullmatch(rb"[A-Za-z0-9_]+", name) else BAD_NAME.encode()


def metadata(code: bytes) -> tuple[str, int]:
    r"""Return the name of a library by its first line, and where the code begins. Raises CommandError.

    >>> metadata(b"#!lua name=mine\n...")
    ('mine', 15)
    """
    end = code.find(b"\n")
    if not code.startswith(b"#!"):
        raise CommandError("ERR Missing library metadata")
    parts = text(code[2:end]).split() if end >= 0 else []
    if not parts:
        raise CommandError("ERR Invalid library metadata")
    names = [part[5:] for part in parts[1:] if part[:5].lower() == "name="]
    for part in parts[1:]:
        if part[:5].lower() != "name=":
            raise CommandError(f"ERR Invalid metadata value given: {part}")
    if len(names) > 1:
        raise CommandError("ERR Invalid metadata value, name argument was given multiple times")
    if not names:
        raise CommandError("ERR Library name was not given")
    if problem_of_name(names[0].encode()):
        raise CommandError(f"ERR {BAD_NAME}")
    if parts[0].lower() != "lua":
        raise CommandError(f"ERR Engine '{parts[0]}' not found")
    return names[0], end


def function_load(db: Any, *parts: bytes) -> Reply:
    """FUNCTION LOAD [REPLACE] code: keep a library; the reply is its name."""  # noqa: D401
    *options, code = parts
    for option in options:
        if option.upper() != b"REPLACE":
            raise CommandError(f"ERR Unknown option given: {text(option)}")
    name: str = db.functions.load(code, bool(options))
    db.pass_on()
    return name.encode()


def function_delete(db: Any, name: bytes) -> Reply:
    """FUNCTION DELETE library: forget it."""  # noqa: D401
    if db.functions.libraries.pop(text(name), None) is None:
        raise CommandError("ERR Library not found")
    db.pass_on()
    return "OK"


def function_flush(db: Any, *options: bytes) -> Reply:
    """FUNCTION FLUSH [ASYNC|SYNC]: forget all libraries."""  # noqa: D401
    check_sync("FUNCTION", options)
    db.functions.flush()
    db.pass_on()
    return "OK"


def function_list(db: Any, *options: bytes) -> Reply:
    """FUNCTION LIST [LIBRARYNAME pattern] [WITHCODE]: the libraries."""  # noqa: D401
    words, pattern, with_code = list(options), b"*", False
    while words:
        word = words.pop(0).upper()
        if word == b"WITHCODE" and not with_code:
            with_code = True
        elif word == b"LIBRARYNAME" and pattern == b"*":
            if not words:
                raise CommandError("ERR library name argument was not given")
            pattern = words.pop(0)
        else:
            raise CommandError(f"ERR Unknown argument {text(word)}")
    is_match = glob(pattern)
    libraries = db.functions.libraries.items()
    return [described(name, each, with_code) for name, each in libraries if is_match(name.encode())]


def described(name: str, library: Library, with_code: bool) -> dict[bytes, Any]:
    """Return a library as FUNCTION LIST shows it."""
    functions = [
        {
            b"name": each.name.encode(),
            b"description": each.description,
            b"flags": {flag.encode() for flag in each.flags},
        }
        for each in library.functions.values()
    ]
    shown = {b"library_name": name.encode(), b"engine": b"LUA", b"functions": functions}
    return shown | ({b"library_code": library.code} if with_code else {})


def function_stats(db: Any) -> Reply:
    """FUNCTION STATS: the function that runs, and how many there are."""  # noqa: D401
    script, libraries = db.scripts.running, db.functions.libraries.values()
    running = None
    if script is not None and script.is_function:
        running = {b"name": script.name.encode(), b"command": script.argv, b"duration_ms": 0}
    counts = {
        b"libraries_count": len(libraries),
        b"functions_count": sum(len(each.functions) for each in libraries),
    }
    return {b"running_script": running, b"engines": {b"LUA": counts}}


def function_kill(db: Any) -> Reply:
    """FUNCTION KILL: end the function that runs, if it has written nothing."""  # noqa: D401
    if db.scripts.running is None:
        raise CommandError(NOT_BUSY)
    return kill(db.scripts.running, is_function=True)


def fcall(db: Any, name: bytes, *arguments: bytes) -> Reply:
    """FCALL function numkeys [key ...] [argument ...]: run a function of a library."""
    return run_function(db, False, name, arguments)


def fcall_ro(db: Any, name: bytes, *arguments: bytes) -> Reply:
    """FCALL_RO: FCALL, and the function may not write."""
    return run_function(db, True, name, arguments)


def run_function(db: Any, read_only: bool, name: bytes, arguments: tuple[bytes, ...]) -> Reply:
    """Run a function. Raises CommandError."""
    found = db.functions.find(text(name))
    if found is None:
        raise CommandError("ERR Function not found")
    count, rest = as_integer(arguments[0]), list(arguments[1:])
    if count is None:
        raise CommandError("ERR Bad number of keys provided")
    if count > len(rest):
        raise CommandError("ERR Number of keys can't be greater than number of args")
    if count < 0:
        raise CommandError("ERR Number of keys can't be negative")
    script = RunningScript(db, found.name, db.functions.lua)
    script.is_function, script.argv = True, [b"FCALL", name, *arguments]
    db.scripts.prepared(script, found.flags, read_only)
    return db.scripts.play(script, found.function, rest[:count], rest[count:])  # type: ignore[no-any-return]


def flags_of(db: Any, name: str, argv: Arguments) -> frozenset[str] | None:
    """Return the flags of the script that a command runs; None if it has none, or there is none."""
    # redis 7: evalGetCommandFlags, fcallGetCommandFlags
    if name.startswith("FCALL"):
        found = db.functions.find(text(argv[1]))
        return None if found is None else found.flags
    is_text = name.removesuffix("_RO") == "EVAL"
    sha = hashlib.sha1(argv[1]).hexdigest() if is_text else text(argv[1]).lower()
    cached = db.scripts.by_sha.get(sha)
    if cached is not None or not is_text:
        return None if cached is None else cached.flags
    try:
        return shebang(argv[1])[0]
    except CommandError:
        return None


def function_work(db: Any, name: bytes, *arguments: bytes) -> int:
    """Return the work of FCALL, in keys looked at."""
    return int(db.scripts.keys_of(text(name)))


COMMANDS = table(
    rows("FCALL", fcall, WRITES, function_work),
    rows("FCALL_RO", fcall_ro, READS, function_work),
    container("FUNCTION"),
    RedisCommand("FUNCTION|DELETE", "argument", "write noscript", function_delete),
    RedisCommand("FUNCTION|FLUSH", "[option ...]", "write noscript", function_flush),
    helper("FUNCTION", FUNCTION),
    RedisCommand("FUNCTION|KILL", "", "noscript allow_busy", function_kill),
    RedisCommand("FUNCTION|LIST", "[option ...]", "noscript", function_list),
    RedisCommand(
        "FUNCTION|LOAD", "argument [argument ...]", "write denyoom noscript", function_load
    ),
    RedisCommand("FUNCTION|STATS", "", "noscript allow_busy", function_stats),
)
