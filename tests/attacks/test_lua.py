"""Hostile scripts: none reaches Python, a file or another script, and the engine goes on."""

import pytest

from cachesim.engines.redis import lua_state
from cachesim.engines.redis.engine import Redis
from cachesim.errors import CacheError
from cachesim.units import MIB

REFUSED = (  # each ends with an error
    "return redis.call.__globals__",
    "return redis.call.__class__",
    "return redis.call('get', redis.call)",
    "return cjson.null.__class__",
    "return cjson.null()",
    "return python",
    "return _G.python",
    "return io",
    "return os",
    "return package",
    "return debug",
    "return require('os')",
    "return getfenv(0)",
    "return setfenv(1, {})",
    "return newproxy(true)",
    "return dofile('/etc/passwd')",
    "return loadfile('/etc/passwd')",
    "return loadstring('return python')()",
    "return coroutine.wrap(function() return io end)()",
    "return loadstring('\\27Lua')()",
    "return loadstring(string.dump(function() return 1 end))()",
    "redis.call = nil",
    "string.rep = nil",
    "_G.string = nil",
    "rawset(_G, 'x', 1)",
    "setmetatable(_G, {})",
    "getmetatable('').__index = nil",
    "getmetatable(_G).__index = nil",
    "local function f() return 1 + f() end return f()",
    "local function g() return (('x'):gsub('x', g)) end return g()",
    "local function n(d) return coroutine.wrap(function() return d and n(d - 1) end)() end return n(1000)",
    "cjson.decode_max_depth(1e9) return cjson.decode(('['):rep(1e6))",
    "cjson.encode_max_depth(1e9) local a = {} a[1] = a return cjson.encode(a)",
    "return cmsgpack.unpack(('\\145'):rep(100000))",
    "return cmsgpack.unpack('\\219\\255\\255\\255\\255')",
    "return struct.unpack('c1000000000', 'a')",
    "return struct.pack('i' .. ('9'):rep(50), 1)",
    "return loadstring('return ' .. ('('):rep(1000) .. '1' .. (')'):rep(1000))()",
    "return unpack({}, 1, 1e8)",
    "error(setmetatable({}, {__index = function() error('y') end}))",
    "error(setmetatable({err = 'x'}, {__newindex = function() error('z') end}))",
)
TELLS = {  # script -> what it may find
    "return type(redis.call)": b"function",
    "return getmetatable(redis.call)": None,
    "return rawget(_G, 'python')": None,
    "return rawget(_G, 'io')": None,
    "local _, e = pcall(redis.call, 'nosuch') return type(e)": b"string",
    "local _, e = coroutine.resume(coroutine.create(function() redis.call('x') end)) return type(e)": b"table",
    "local _, e = xpcall(function() redis.call('x') end, function(e) return type(e) end) return e": b"table",
    "table.insert(redis, 5) return rawget(redis, 1)": None,
    "return redis[1]": None,  # what the script before it has left
    "collectgarbage('stop') return 1": 1,
}
GREEDY = (  # each asks for more memory than there is, in another place
    "return ('x'):rep(1e9)",
    "local t = {} for i = 1, 1e8 do t[i] = i end",
    "local t = {} for i = 1, 1e5 do t[i] = ('x'):rep(1000 + i) end",
    "local s = ('x'):rep(3e7) return redis.call('set', 'a', s)",
    "local t = {} pcall(function() while true do t = {t} end end) return redis.call('ping')",
)


@pytest.fixture
def engine():
    return Redis().build(lambda: 0.0, lambda: 0.5)


def goes_on(engine):
    """Whether the next script finds all as it was."""
    script = "return {redis.call('ping').ok, type(string.rep), cjson.encode({1}), #KEYS}"
    return engine.execute(("EVAL", script, 0)) == [b"PONG", b"function", b"[1]", 0]


@pytest.mark.parametrize("script", REFUSED)
def test_a_script_gets_nothing_that_it_must_not_have(engine, script):
    """It ends with an error of Lua, and never with one of Python."""
    with pytest.raises(CacheError, match=r"^ERR |^x|^$| script: "):
        engine.execute(("EVAL", script, 0))
    assert goes_on(engine)


def test_what_a_script_can_look_at_is_lua(engine):
    """No value in a script is an object of Python, errors included."""
    found = {script: engine.execute(("EVAL", script, 0)) for script in TELLS}

    assert TELLS == found
    assert goes_on(engine)


@pytest.mark.parametrize("script", GREEDY)
def test_memory_is_bounded(engine, monkeypatch, script):
    """A script that wants too much ends with an error, and leaves the memory to the next one."""
    monkeypatch.setattr(lua_state, "MEMORY", 40 * MIB)
    monkeypatch.setattr(lua_state, "ROOM", 20 * MIB)
    with pytest.raises(CacheError, match="not enough memory"):
        engine.execute(("EVAL", script, 0))
    assert goes_on(engine)


def test_a_large_argument_does_not_fit(engine, monkeypatch):
    """What comes from outside is measured before Lua gets it."""
    monkeypatch.setattr(lua_state, "MEMORY", 40 * MIB)
    monkeypatch.setattr(lua_state, "ROOM", 20 * MIB)
    for command in (("EVAL", "return 1", 0, b"x" * 30 * MIB), ("EVAL", b"--" + b"x" * 30 * MIB, 0)):
        with pytest.raises(CacheError, match="not enough memory"):
            engine.execute(command)
    assert goes_on(engine)


def test_loading_a_library_ends(engine):
    """FUNCTION LOAD runs 50 million instructions at most."""
    with pytest.raises(CacheError, match="FUNCTION LOAD timeout"):
        engine.execute(("FUNCTION", "LOAD", "#!lua name=endless\nwhile true do end"))
    assert goes_on(engine)
