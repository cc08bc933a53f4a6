"""A script that runs: what its `redis.*` functions do (redis 7: script.c, script_lua.c)."""

import hashlib
from collections.abc import Callable
from typing import Any

from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.command import OOM, RedisCommand, find
from cachesim.engines.redis.info import VERSION
from cachesim.engines.redis.lua_libraries import LuaFailure
from cachesim.engines.redis.lua_values import error_text, to_lua
from cachesim.engines.redis.users import ActingUser
from cachesim.engines.redis.work import bulk
from cachesim.errors import CommandError, OutOfMemory

NOT_STRINGS = "ERR Lua redis lib command arguments must be strings or integers"
NO_ARGUMENTS = "ERR Please specify at least one argument for this redis lib call"
CHECKED = {"write", "may_replicate", "denyoom"}
MOST_NAMES = 1000  # of commands, as scripts write them, whose rows are kept
NOT_RUNNING = "ERR {} can only be called inside a script invocation"
DENIED = {
    "command": "can't run this command or subcommand",
    "key": "can't access at least one of the keys mentioned in the command arguments",
    "channel": "can't publish to the channel mentioned in the command",
}
READ_ONLY = "ERR Write commands are not allowed from read-only scripts."
LEVELS = {"DEBUG": 0, "VERBOSE": 1, "NOTICE": 2, "WARNING": 3}
AOF, REPLICAS = 1, 2  # redis 7: server.h, PROPAGATE_AOF and PROPAGATE_REPL
ALL = AOF | REPLICAS


def as_argument(part: Any) -> bytes:
    """Return an argument of a script as bytes: a number as C's %.17g. Raises CommandError."""
    if type(part) is bytes:
        return part
    if type(part) in (int, float):
        return b"%.17g" % part
    raise CommandError(NOT_STRINGS)


class RunningScript:
    """One run of a script: what it may do, and what it has done.

    Parameters
    ----------
    engine : RedisEngine
        The engine whose commands it calls.
    name : str
        The SHA1 of its text, or the name of the function.
    lua : LuaState
        Where it runs.
    """

    read_only = False  # EVAL_RO, or the flag no-writes
    allow_oom = False
    one_slot = False  # it has flags: all its keys must be in one slot
    slot: int | None = None  # of its keys, in a cluster
    keys: Arguments  # that its caller named
    argv: Arguments  # the command that runs it, if it is a function
    is_function = False  # FCALL runs it, not EVAL
    called = b""  # the command that it has called last, as it names it
    wrote = False  # a command that writes has been called
    killed = False  # by SCRIPT KILL
    is_busy = False  # it has run for longer than busy-reply-threshold
    resp = 2
    propagates = ALL
    calls = 0  # commands that it has called

    def __init__(self, engine: Any, name: str, lua: Any) -> None:
        self.engine, self.name, self.lua = engine, name, lua
        self.is_full = engine.memory > engine.limit  # its commands may store nothing

    def command(self, argv: Arguments) -> Any:
        """Run a command; return its reply. Raises CommandError, OutOfMemory."""
        engine = self.engine
        known = engine.scripts.rows.get(argv[0])
        if known is None or not known[0].least <= len(argv) <= known[0].most:
            known = self._row(argv)
        row, may_be_refused = known
        if engine.scripts.caller is not None:
            self._check_user(engine.scripts.caller, row, argv)
        if may_be_refused:
            self._check(row)
        if engine.scripts.route is not None:
            why = engine.scripts.route(self, row, argv)
            if why is not None:
                raise self.refused(why, row)
        if engine.scripts.show is not None:
            engine.scripts.show(row, argv)
        self.calls += 1
        self.called = argv[0]
        call = engine.call if self.propagates & REPLICAS else engine.call_unseen
        try:
            return call(row, argv)
        except (CommandError, OutOfMemory) as error:
            error.is_counted = True
            raise

    def _row(self, argv: Arguments) -> tuple[RedisCommand, bool]:
        """Find a command that a script may call, and whether `_check` may refuse it. Raises CommandError."""
        scripts = self.engine.scripts
        try:
            row = find(self.engine.commands, argv)
        except CommandError:
            try:
                row = find(scripts.others, argv)
            except CommandError:
                raise self.refused("ERR Unknown Redis command called from script") from None
        if len(argv) != row.arity if row.arity > 0 else len(argv) < -row.arity:
            raise self.refused("ERR Wrong number of args calling Redis command from script", row)
        if "noscript" in row.flags or row.name not in self.engine.commands:
            raise self.refused("ERR This Redis command is not allowed from script", row)
        found = row, not CHECKED.isdisjoint(row.flags.split())
        if not row.has_subcommands and len(scripts.rows) < MOST_NAMES:
            scripts.rows[argv[0]] = found
        return found

    def _check_user(self, caller: ActingUser, row: RedisCommand, argv: Arguments) -> None:
        """Raise CommandError for a command that the user who runs the script may not run."""
        # redis 7: script.c, scriptVerifyACL
        refusal = self.engine.users.refusal(caller.user, row, argv)
        if refusal is not None:
            caller.note(refusal)
            why = f"ERR The user executing the script {DENIED[refusal.reason]}"
            raise self.refused(why, row)

    def _check(self, row: RedisCommand) -> None:
        """Raise CommandError for a command that may not write now."""
        if self.read_only and ("write" in row.flags or "may_replicate" in row.flags):
            raise self.refused(READ_ONLY, row)
        if self.wrote:
            return
        if "write" in row.flags and (why := self.engine.why_read_only()) is not None:
            raise self.refused(why, row)
        if self.is_full and not self.allow_oom and "denyoom" in row.flags:
            raise self.refused(OOM, row)
        self.wrote = "write" in row.flags

    def refused(self, why: str, row: RedisCommand | None = None) -> CommandError:
        """Return the error of a command that does not run, and count it."""
        self.engine.tally.note_error(why)
        if row is not None:
            self.engine.tally.rejected[row.name] += 1
        error = CommandError(why)
        error.is_counted = True
        return error


class Api:
    """The functions of `redis.*`; each is of the script that runs."""

    def __init__(self, scripts: Any) -> None:
        self.scripts, self.engine = scripts, scripts.engine

    @property
    def functions(self) -> dict[str, Any]:
        """Every entry of the table `redis` that Python gives, by name."""
        named = ("call", "pcall", "sha1hex", "log", "setresp", "set_repl", "acl_check_cmd")
        levels = {f"LOG_{name}": value for name, value in LEVELS.items()}
        kinds = {"REPL_NONE": 0, "REPL_AOF": AOF, "REPL_SLAVE": REPLICAS, "REPL_REPLICA": REPLICAS}
        numbers = [int(part) for part in VERSION.split(".")]
        version = {
            "REDIS_VERSION": VERSION.encode(),
            "REDIS_VERSION_NUM": numbers[0] << 16 | numbers[1] << 8 | numbers[2],
        }
        return (
            {name: getattr(self, name) for name in named}
            | levels
            | kinds
            | version
            | {"REPL_ALL": ALL}
        )

    @property
    def hands(self) -> dict[str, Callable[..., Any]]:
        """What the sandbox asks for itself."""
        return {
            "interrupt": self.scripts.is_killed,
            "random": self.scripts.random.fraction,
            "randomseed": self.scripts.random.seed,
        }

    def call(self, *parts: Any) -> Any:
        """redis.call(command, ...): an error ends the script."""
        if not parts:
            raise CommandError(NO_ARGUMENTS)
        script = self.scripts.running
        if script is None:
            raise CommandError(NOT_RUNNING.format("redis.call/pcall"))
        lua = script.lua
        reply = script.command([p if type(p) is bytes else as_argument(p) for p in parts])
        kind = type(reply)
        if kind is int:
            return reply
        size = len(reply) if kind is bytes else bulk(reply)
        if size > 1000 and not lua.has_room(size):
            raise LuaFailure("not enough memory", place=False)
        return reply if kind is bytes else to_lua(reply, script.resp, lua.table)

    def pcall(self, *parts: Any) -> Any:
        """redis.pcall(command, ...): an error is a table."""
        try:
            return self.call(*parts)
        except (CommandError, OutOfMemory) as error:
            return self._as_table(error_text(error), getattr(error, "is_counted", False))

    def _as_table(self, err: bytes, is_counted: bool) -> Any:
        fields: dict[bytes, Any] = {b"err": err}
        if is_counted:
            fields[b"ignore_error_stats_update"] = True
        return self.scripts.running.lua.table(fields)

    def sha1hex(self, *parts: Any) -> bytes:
        """redis.sha1hex(text)."""
        if len(parts) != 1:
            raise CommandError("ERR wrong number of arguments")
        data = as_text(parts[0])
        return hashlib.sha1(data or b"").hexdigest().encode()

    def log(self, *parts: Any) -> None:
        """redis.log(level, text, ...): checked, and kept nowhere."""
        if len(parts) < 2:
            raise CommandError("ERR redis.log() requires two arguments or more.")
        level = as_number(parts[0])
        if level is None:
            raise CommandError("ERR First argument must be a number (log level).")
        if not LEVELS["DEBUG"] <= int(level) <= LEVELS["WARNING"]:
            raise CommandError("ERR Invalid debug level.")

    def setresp(self, *parts: Any) -> None:
        """redis.setresp(2 or 3)."""
        if len(parts) != 1:
            raise CommandError("ERR redis.setresp() requires one argument.")
        version = int(as_number(parts[0]) or 0)
        if version not in (2, 3):
            raise CommandError("ERR RESP version must be 2 or 3.")
        self.scripts.running.resp = version

    def set_repl(self, *parts: Any) -> None:
        """redis.set_repl(flags): whether the replicas run the commands that follow."""
        if len(parts) != 1:
            raise CommandError("ERR redis.set_repl() requires two arguments.")
        flags = int(as_number(parts[0]) or 0)
        if flags & ~ALL:
            raise CommandError(
                "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE."
            )
        self.scripts.running.propagates = flags

    def acl_check_cmd(self, *parts: Any) -> bool:
        """redis.acl_check_cmd(command, ...): whether the user who runs the script may run it."""
        if self.scripts.running is None:
            raise CommandError(NOT_RUNNING.format("redis.acl_check_cmd"))
        if not parts:
            raise CommandError(NO_ARGUMENTS)
        argv = [as_argument(part) for part in parts]
        caller = self.scripts.caller
        row = self._any_row(argv)
        return caller is None or self.engine.users.refusal(caller.user, row, argv) is None

    def _any_row(self, argv: Arguments) -> RedisCommand:
        """Find a command, of the engine or of a connection. Raises CommandError."""
        for table in (self.engine.commands, self.scripts.others):
            try:
                return find(table, argv)
            except CommandError:
                continue
        raise CommandError("ERR Invalid command passed to redis.acl_check_cmd()")


def as_number(value: Any) -> float | None:
    """Return a number, or a text that is one, as C's lua_tonumber does."""
    try:
        return float(value) if isinstance(value, bytes | int | float) else None
    except ValueError:
        return None


def as_text(value: Any) -> bytes | None:
    """Return a text, or a number as Lua writes it."""
    if isinstance(value, bytes):
        return value
    return b"%.14g" % value if type(value) in (int, float) else None
