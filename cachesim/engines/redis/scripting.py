"""EVAL and its kin, SCRIPT and FUNCTION: the cache of scripts (redis 7: eval.c)."""

import hashlib
from collections.abc import Callable
from typing import Any

from cachesim.engines.redis.arguments import Arguments, integer, text
from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.helptexts import SCRIPT, helper
from cachesim.engines.redis.key_places import CountedKeys
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.script import RunningScript
from cachesim.errors import CommandError

NO_SCRIPT = "NOSCRIPT No matching script. Please use EVAL."
NOT_BUSY = "NOTBUSY No scripts in execution right now."
UNKILLABLE = (
    "UNKILLABLE Sorry the script already executed write commands against the dataset. You can "
    "either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE "
    "command."
)
SHA = 40  # hexadecimal digits


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


def text_work(db: Any, body: bytes, *arguments: bytes) -> int:
    """Return the work of EVAL, in keys looked at."""
    return int(db.scripts.keys_of(hashlib.sha1(body).hexdigest(), body))


def cached_work(db: Any, sha: bytes, *arguments: bytes) -> int:
    """Return the work of EVALSHA, in keys looked at."""
    name = text(sha).lower()
    cached = db.scripts.by_sha.get(name)
    return int(db.scripts.keys_of(name, b"" if cached is None else cached.body))


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
    """Return the error that other clients hear while a script runs for too long."""
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


def rows(
    kind: str, function: Callable[..., Reply], flags: str, walks: Callable[..., int]
) -> RedisCommand:
    """Return the row of a command that runs a script; what it changed is written as its effects."""
    return RedisCommand(
        kind, RUN, flags, function, walks=walks, keys=KEYS, propagates=lambda *_: []
    )


RUNS_SCRIPTS = frozenset(("EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "FCALL", "FCALL_RO"))
OF_CACHE = "noscript"
COMMANDS = table(
    rows("EVAL", eval_, WRITES, text_work),
    rows("EVALSHA", evalsha, WRITES, cached_work),
    rows("EVALSHA_RO", evalsha_ro, READS, cached_work),
    rows("EVAL_RO", eval_ro, READS, text_work),
    container("SCRIPT"),
    RedisCommand("SCRIPT|DEBUG", "argument", OF_CACHE, script_debug),
    RedisCommand("SCRIPT|EXISTS", "argument [argument ...]", OF_CACHE, script_exists),
    RedisCommand("SCRIPT|FLUSH", "[option ...]", "noscript may_replicate", script_flush),
    helper("SCRIPT", SCRIPT),
    RedisCommand("SCRIPT|KILL", "", "noscript allow_busy", script_kill),
    RedisCommand("SCRIPT|LOAD", "argument", "noscript stale", script_load),
)
