"""The Lua of a Redis: it compiles scripts and runs them, and gives them nothing of Python.

lupa is the binding; it is an extra, so it is imported here and only when a script needs it. A
script's way out is a handful of Python functions, which sandbox.lua hides behind functions of C.
None of them lets an exception through but LuaFailure: of that the script sees only the text.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cachesim.engines.redis import lua_libraries, lua_struct
from cachesim.engines.redis.arguments import text
from cachesim.engines.redis.lua_libraries import LuaFailure
from cachesim.engines.redis.lua_values import built, error_text, from_lua
from cachesim.engines.redis.reply import Reply
from cachesim.errors import CommandError, OutOfMemory
from cachesim.units import MIB

MEMORY = 256 * MIB  # bytes: the most that all scripts of an engine take
ROOM = (
    64 * MIB
)  # bytes of it that only Lua itself may fill: an argument that did not fit would end the program
MISSING = (
    "ERR scripts need the package lupa, which is not installed; install it with: "
    'pip install "cachesim-lab[lua]"'
)
FILES = Path(__file__).parent / "lua"
FULL = "not enough memory"
MANY = 1000  # keys and arguments that go into Lua one by one, which is faster; its stack has an end

Function = Any  # a function of Lua
Hands = dict[str, Callable[..., Any]]


def runtime() -> tuple[Any, tuple[type[Exception], ...]]:
    """Return a new Lua 5.1 without a way into Python, and its errors. Raises CommandError without lupa."""
    try:
        from lupa import lua51
    except ImportError:
        raise CommandError(MISSING) from None
    lua = lua51.LuaRuntime(
        encoding=None,
        source_encoding="latin-1",
        attribute_filter=nothing,
        register_eval=False,
        register_builtins=False,
        unpack_returned_tuples=True,
        max_memory=MEMORY,
    )
    return lua, (lua51.LuaError, lua51.LuaMemoryError)


def nothing(thing: object, name: object, is_setting: bool) -> str:
    """Refuse every attribute of every object."""
    raise AttributeError("a script has no access to Python")


class LuaState:
    """One Lua with the globals of a Redis script.

    Parameters
    ----------
    api : dict
        The functions of `redis.*` that are Python's; they raise CommandError or LuaFailure.
    hands : dict
        What sandbox.lua itself asks: `interrupt`, `random` and `randomseed`.
    of_functions : bool
        Whether this is the Lua of FUNCTION LOAD: then `hands` has `is_flag` and `problem_of_name`.
    """

    def __init__(self, api: dict[str, Any], hands: Hands, of_functions: bool = False) -> None:
        self.lua, self.errors = runtime()
        self.table = self.lua.table_from
        self.used = self.lua.get_memory_used
        self.crash: BaseException | None = None  # what ends the script, and is raised behind it
        self._problem: tuple[bytes, bool | None] | None = (
            None  # text of a failure; None: a plain text
        )
        self.where: Callable[[], bytes] = lambda: b""
        hands["take_error"] = self._take_error
        hands["interrupt"] = self._looked(hands["interrupt"])
        hands["null"] = self.lua.eval("newproxy()")
        libraries = {name: self._made(part) for name, part in self._libraries(hands).items()}
        source = (FILES / "sandbox.lua").read_text(encoding="latin-1")
        tables = self._made(api), self._plain(libraries), self._plain(hands)
        made = self.lua.execute(source, *tables, of_functions, name="=cachesim")
        self._run, self._run_with, self._compile, self.where, self._load = made
        self.lua.gccollect()
        self._own = int(self.used())  # bytes, before the first script

    def _libraries(self, hands: Hands) -> dict[str, dict[str, Any]]:
        json, json_rest = self._file("cjson", hands["null"])
        parts = lua_libraries
        floats = (parts.double_bytes, parts.float_bytes, parts.double_of, parts.float_of)
        packs, packs_rest = self._file("cmsgpack", hands["null"], *floats)
        return {
            "bit": dict(parts.BIT),
            "struct": dict(lua_struct.STRUCT),
            "cjson": self._named(json) | self._named(json_rest),
            "cmsgpack": self._named(packs) | self._named(packs_rest),
        }

    def _file(self, name: str, *arguments: Any) -> Any:
        source = (FILES / f"{name}.lua").read_text(encoding="latin-1")
        return self.lua.execute(source, *arguments, name=f"={name}")

    def _named(self, table: Any) -> dict[str, Any]:
        return {name.decode(): value for name, value in table.items()}

    def _plain(self, functions: dict[str, Any]) -> Any:
        return self.table({name.encode(): f for name, f in functions.items()})

    def _made(self, functions: dict[str, Any]) -> Any:
        """Return a table of functions that can be called from Lua, each with its guard."""
        guarded = {
            name: self._guarded(value) if callable(value) and name != "null" else value
            for name, value in functions.items()
        }
        return self._plain(guarded)

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a guard: of what it raises, the script sees a text."""

        def guard(*arguments: Any) -> Any:
            try:
                if self.used() > MEMORY - ROOM and not self.has_room(0):
                    raise LuaFailure(FULL, place=False)
                return function(*arguments)
            except BaseException as error:
                self._note(error)
            raise LuaFailure("")

        return guard

    def _note(self, error: BaseException) -> None:
        """Keep what a function raised: `_take_error` gives it to the script, or `run` raises it."""
        is_counted = getattr(error, "is_counted", False)
        if isinstance(error, LuaFailure):
            before = self.where() if error.place else b""
            self._problem = before + str(error).encode("utf-8", "surrogateescape"), None
        elif isinstance(error, CommandError | OutOfMemory):
            self._problem = error_text(error), is_counted
        elif isinstance(error, self.errors):
            self._problem = self.where() + str(error).encode("latin-1", "replace"), None
        else:
            self.crash, self._problem = error, (b"ERR " + type(error).__name__.encode(), False)

    def _take_error(self) -> Any:
        """Give the last failure to sandbox.lua: its text, and whether it counted."""
        problem, self._problem = self._problem, None
        return problem

    def _looked(self, interrupt: Callable[..., bool]) -> Callable[[], bool]:
        def look() -> bool:
            try:
                return self.crash is not None or interrupt()
            except BaseException as error:
                self.crash = error
            return True

        return look

    def has_room(self, size: int) -> bool:
        """Whether so many bytes may go into Lua; unused memory is collected first if need be."""
        if self.used() + 2 * size < MEMORY - ROOM:
            return True
        self.lua.gccollect()
        return bool(self.used() + 2 * size < MEMORY - ROOM)

    def held(self) -> int:
        """Return the bytes that scripts take, without the libraries: those are C in the server."""
        self.lua.gccollect()
        return max(0, int(self.used()) - self._own)

    def _asked(self, function: Function, *arguments: Any) -> Any:
        """Call a function of sandbox.lua. Raises CommandError if Lua itself fails: no memory, too deep."""
        try:
            return function(*arguments)
        except self.errors as error:
            raise CommandError(f"ERR {str(error) or FULL}") from None

    def compile(self, source: bytes) -> Function:
        """Return a script as a function. Raises CommandError."""
        if not self.has_room(20 * len(source)):
            raise CommandError(f"ERR Error compiling script (new function): {FULL}")
        function, problem = self._asked(self._compile, source, b"@user_script")
        if function is None:
            shown = problem.decode("utf-8", "surrogateescape")
            raise CommandError(f"ERR Error compiling script (new function): {shown}")
        return function

    def load(self, source: bytes) -> list[tuple[bytes, Function, bytes, Any]]:
        """Run a library; return its functions: name, function, flags, description. Raises CommandError."""
        if not self.has_room(20 * len(source)):
            raise CommandError(f"ERR Error compiling function: {FULL}")
        answer = self._asked(self._load, source)
        if self.crash is not None:
            crash, self.crash = self.crash, None
            raise crash
        if type(answer) is bytes:
            raise CommandError(f"ERR {text(answer)}")
        return list(zip(*(list(part.values()) for part in answer[1:]), strict=True))

    def run(self, function: Function, name: str, keys: list[bytes], rest: list[bytes]) -> Any:
        """Run a script; return the letter of its reply and the reply. Raises CommandError."""
        count = len(keys) + len(rest)
        if not self.has_room(sum(map(len, keys)) + sum(map(len, rest)) + 64 * count):
            raise CommandError(f"ERR Error running script {name}, {FULL}")
        if count > MANY:
            tables = self.table(keys), self.table(rest)
            answer = self._asked(self._run_with, function, *tables)
        else:
            answer = self._asked(self._run, function, len(keys), *keys, *rest)
        if self.crash is not None:
            crash, self.crash = self.crash, None
            raise crash
        return answer

    def reply(self, answer: Any, name: str, resp: int) -> Reply:
        """Return the reply that a script's answer stands for. Raises CommandError."""
        kind, value, *more = answer if type(answer) is tuple else (answer, None)
        if kind == b"*":
            return built(value, list(more[0].values()), resp)
        if kind == b"E":
            raise failure(name, value, *more)
        if kind == b"!":
            shown = value[:100] if isinstance(value, bytes) else b"execution failure"
            raise CommandError(f"ERR Error running script {name}, {shown.decode('latin-1')}")
        return from_lua(kind, value, resp)


def failure(
    name: str, said: bytes, source: bytes | None, line: int | None, is_counted: bool
) -> CommandError:
    """Return the error of a script that failed, with the place where it did."""
    shown = text(said)
    if source is not None and line is not None:
        shown += f" script: {name}, on {source.decode('latin-1')}:{line}."
    error = CommandError(shown.replace("\r", " ").replace("\n", " "))
    error.is_counted = is_counted
    return error
