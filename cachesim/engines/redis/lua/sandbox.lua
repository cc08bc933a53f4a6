-- What a script sees: the globals of redis-server 7.0.15, and no way to anything else.
--
-- Takes Python's functions: of redis.*, of the libraries (a table each), and what this file itself asks of Python.
-- Lua 5.1 as it is has no read-only tables: here a protected table is an empty one, a shield, in front of the real one.
-- Returns what Python calls: run, run_with, compile, where, load.

local api, libraries, hands, of_functions = ... -- of_functions: this is the Lua of FUNCTION, not of EVAL
local dbg, G, as_function = debug, getfenv(0), python.as_function
local type, error, next, select, tostring, rawequal = type, error, next, select, tostring, rawequal
local raw_getmetatable, raw_setmetatable, raw_rawset, raw_rawget = getmetatable, setmetatable, rawset, rawget
local raw_pcall, raw_xpcall, raw_loadstring, raw_setfenv = pcall, xpcall, loadstring, setfenv
local raw_collect = collectgarbage
local format, byte, gsub, concat = string.format, string.byte, string.gsub, table.concat
local create, resume, status = coroutine.create, coroutine.resume, coroutine.status
local traceback_level = dbg.getinfo
local sethook = dbg.sethook
local tonumber, floor, ceil, ipairs, lower = tonumber, math.floor, math.ceil, ipairs, string.lower
local interrupt, take_error = hands.interrupt, hands.take_error

local READONLY = "Attempt to modify a readonly table"
local OURS = traceback_level(1, "S").source
local EVERY = 100000 -- instructions between two looks at the clock (redis 7: script_lua.c, luaCallFunction)
local DEEPEST = 7994 -- arrays in each other in a reply: the server's Lua stack has no room for more

-- Shields

local behind = {} -- shield -> the table behind it
local shields = {}

local function refuse()
  error(READONLY, 2)
end

local function shield(real)
  local front = {}
  behind[front] = real
  shields[#shields + 1] = front
  return raw_setmetatable(front, { __index = real, __newindex = refuse })
end

local function must_be_table(value, name, ...)
  if type(value) ~= "table" then
    local got = select("#", ...) == 0 and "no value" or type(value)
    error(format("bad argument #1 to '%s' (table expected, got %s)", name, got), 3)
  end
end

local function sweep()
  for i = 1, #shields do
    local front = shields[i]
    local key = next(front)
    while key ~= nil do -- table.insert reached the shield itself
      front[key] = nil
      raw_rawset(front, key, nil)
      key = next(front)
    end
  end
end

-- Errors of Python's functions arrive as an object of Python: a script gets the table that it stands for.

local function translated(problem)
  if type(problem) == "userdata" then
    local text, was_counted = take_error()
    if text then
      return was_counted == nil and text or { err = text, ignore_error_stats_update = was_counted or nil }
    end
  end
  return problem
end

local function handler(problem)
  problem = translated(problem)
  local level, info = 2, nil
  repeat
    info = traceback_level(level, "Sl")
    level = level + 1
  until not info or (info.what ~= "C" and info.what ~= "tail" and info.source ~= OURS)
  if type(problem) ~= "table" then
    problem = { err = "ERR " .. tostring(problem) }
  end
  if info then
    problem.source = info.source
    problem.line = info.currentline
  end
  return problem
end

-- Killing: once it is decided, every line of the script raises the error again.

local killed, inside = false, false -- inside: a script runs, and not this file for Python
local registered, looks = nil, 0 -- while a library is loaded: its functions, and looks at the clock so far
local LONGEST = 500 -- looks until loading takes too long: 50 million instructions, the server's half a second

local function die()
  error({ err = registered and "ERR FUNCTION LOAD timeout" or "ERR Script killed by user with SCRIPT KILL..." }, 0)
end

local function takes_too_long()
  looks = looks + 1
  return looks > LONGEST
end

local function kill()
  if inside and (killed or interrupt() or registered and takes_too_long()) then
    killed = true
    sethook(kill, "l", 0)
    die()
  end
end

local function watch(thread)
  sethook(thread, kill, "", EVERY)
  return thread
end

-- Globals

local values = {}
local globals = shield(values)

local function protected_index(_, name)
  if type(name) ~= "string" and type(name) ~= "number" then
    error("Second argument to luaProtectedTableError must be a string or number", 2)
  end
  error(format("Script attempted to access nonexistent global variable '%s'", name), 2)
end

raw_setmetatable(values, { __index = protected_index })
local of_globals = shield({ __index = protected_index })
local of_strings = shield({ __index = 0 })

local function caught(ok, ...)
  if killed then
    die()
  elseif ok then
    return true, ...
  end
  return false, translated((...))
end

local function caught_text(ok, ...)
  if ok then
    return true, ...
  end
  local problem = translated((...))
  if type(problem) == "table" then
    local text = problem.err
    if type(text) == "string" or type(text) == "number" then
      problem = text
    end
  end
  return false, problem
end

function values.pcall(...)
  return caught_text(raw_pcall(...))
end

function values.xpcall(f, after)
  return raw_xpcall(f, function(problem)
    return after(translated(problem))
  end)
end

function values.setmetatable(t, new)
  if behind[t] then
    error(READONLY, 0)
  end
  return raw_setmetatable(t, new)
end

function values.getmetatable(value)
  if rawequal(value, globals) then
    return of_globals
  end
  if behind[value] then
    return nil
  end
  return type(value) == "string" and of_strings or raw_getmetatable(value)
end

function values.rawset(t, key, value)
  if behind[t] then
    error(READONLY, 0)
  end
  return raw_rawset(t, key, value)
end

function values.rawget(t, key)
  return raw_rawget(behind[t] or t, key)
end

function values.next(t, key)
  must_be_table(t, "next", t)
  return next(behind[t] or t, key)
end

function values.pairs(...)
  local t = ...
  must_be_table(t, "pairs", ...)
  return values.next, t, nil
end

local function compile(text, name)
  if byte(text, 1) == 27 then -- compiled code is refused, as a text that begins with a strange letter is
    local _, problem = raw_loadstring("\1", name)
    return nil, (gsub(problem, "char%(1%)", "char(27)"))
  end
  local f, problem = raw_loadstring(text, name)
  return f and raw_setfenv(f, globals), problem
end

function values.loadstring(text, name)
  return compile(text, name or text)
end

function values.load(read, name)
  local parts = {}
  for part in read do
    if type(part) ~= "string" then
      return nil, "reader function must return a string"
    end
    if part == "" then
      break
    end
    parts[#parts + 1] = part
  end
  return compile(concat(parts), name or "=(load)")
end

function values.collectgarbage(what, how)
  if what == nil or what == "collect" or what == "count" or what == "step" then
    return raw_collect(what or "collect", how)
  end
  return 0
end

for _, name in ipairs({ "tostring", "next", "assert", "tonumber", "rawequal", "type", "select", "unpack", "gcinfo",
  "ipairs", "_VERSION", "error" }) do
  values[name] = raw_rawget(values, name) or G[name]
end
values._G = globals

-- Coroutines: each has a hook of its own

local threads = {}

local function passed_on(co, ok, ...)
  if killed then
    die()
  elseif ok then
    return ...
  end
  local problem = translated((...))
  error(problem, type(problem) == "string" and 3 or 0)
end

for name, f in next, coroutine do
  threads[name] = f
end

function threads.create(f)
  return watch(create(f))
end

function threads.resume(co, ...)
  return caught(resume(co, ...))
end

function threads.wrap(f)
  local co = watch(create(f))
  return function(...)
    return passed_on(co, resume(co, ...))
  end
end

values.coroutine = shield(threads)

-- Libraries

local maths = {}
for name, f in next, math do
  maths[name] = f
end

local function integer(value, n, name)
  local number = tonumber(value)
  if not number then
    local got = value == nil and "no value" or type(value)
    error(format("bad argument #%d to '%s' (number expected, got %s)", n, name, got), 3)
  end
  return number < 0 and ceil(number) or floor(number)
end

function maths.random(...)
  local r, count = hands.random(), select("#", ...)
  if count == 0 then
    return r
  elseif count > 2 then
    error("wrong number of arguments", 2)
  end
  local low, high = 1, nil
  if count == 1 then
    high = integer(..., 1, "random")
  else
    local first, second = ...
    low, high = integer(first, 1, "random"), integer(second, 2, "random")
  end
  if low > high then
    error(format("bad argument #%d to 'random' (interval is empty)", count), 2)
  end
  return floor(r * (high - low + 1)) + low
end

function maths.randomseed(seed)
  hands.randomseed(integer(seed, 1, "randomseed"))
end

values.math = shield(maths)
values.table = shield(table)
values.string = shield(string)
behind[of_strings].__index = values.string

-- A function of Python as one of C: `return redis.call(...)` then keeps the line of the script for the error.
local function made_c(functions)
  local made = {}
  for name, f in next, functions do
    made[name] = type(f) == "userdata" and f ~= hands.null and as_function(f) or f
  end
  return made
end

for name, library in next, libraries do
  values[name] = shield(made_c(library))
end

local redis = made_c(api)

function redis.error_reply(...)
  local text = ...
  if select("#", ...) ~= 1 or type(text) ~= "string" then
    return { err = "ERR wrong number or type of arguments" }
  end
  text = text:match("^%-?([^%z]*)")
  local code, rest = text:match("^([^ ]*) (.*)$")
  if not code then
    code, rest = "ERR", text
  end
  return { err = code .. " " .. rest:match("^[\r\n]*(.-)[\r\n]*$") }
end

function redis.status_reply(...)
  local text = ...
  if select("#", ...) ~= 1 or type(text) ~= "string" then
    return { err = "ERR wrong number or type of arguments" }
  end
  return { ok = text }
end

function redis.replicate_commands()
  return true
end

function redis.breakpoint()
  return false
end

function redis.debug() end

-- Functions: redis.register_function, while FUNCTION LOAD runs a library

local function misused(text)
  error({ err = "ERR " .. text }, 0)
end

local function named(given)
  if type(given) ~= "table" then
    misused("calling redis.register_function with a single argument is only applicable to Lua table "
      .. "(representing named arguments).")
  end
  local found = { flags = {} }
  for key, value in next, given do
    key = type(key) == "string" and lower(key) or key
    if type(key) ~= "string" and type(key) ~= "number" then
      misused("named argument key given to redis.register_function is not a string")
    elseif key == "function_name" or key == "description" then
      if type(value) ~= "string" and type(value) ~= "number" then
        misused(key .. " argument given to redis.register_function must be a string")
      end
    elseif key == "callback" then
      if type(value) ~= "function" then
        misused("callback argument given to redis.register_function must be a function")
      end
    elseif key ~= "flags" then
      misused("unknown argument given to redis.register_function")
    elseif type(value) ~= "table" then
      misused("flags argument to redis.register_function must be a table representing function flags")
    end
    found[key] = value
  end
  if not found.function_name then
    misused("redis.register_function must get a function name argument")
  elseif not found.callback then
    misused("redis.register_function must get a callback argument")
  end
  return found
end

local function placed(name, callback)
  if type(name) ~= "string" and type(name) ~= "number" then
    misused("first argument to redis.register_function must be a string")
  elseif type(callback) ~= "function" then
    misused("second argument to redis.register_function must be a function")
  end
  return { function_name = name, callback = callback, flags = {} }
end

local function register(...)
  local count = select("#", ...)
  if not registered then
    misused("redis.register_function can only be called on FUNCTION LOAD command")
  elseif count < 1 or count > 2 then
    misused("wrong number of arguments to redis.register_function")
  end
  local found = count == 1 and named(...) or placed(...)
  for i, flag in ipairs(found.flags) do
    if type(flag) ~= "string" or not hands.is_flag(lower(flag)) then
      misused("unknown flag given")
    end
    found.flags[i] = lower(flag)
  end
  local problem = hands.problem_of_name(tostring(found.function_name), #registered)
  for _, other in ipairs(registered) do
    problem = problem or (other.function_name == found.function_name and "Function already exists in the library")
  end
  if problem then
    misused(problem)
  end
  registered[#registered + 1] = found
end

if of_functions then
  redis.register_function = register
end

values.redis = shield(redis)
values.__redis__err__handler = handler

-- A script's reply as a string of kinds, a letter each, and the list of what they hold

local kinds, held, count

local function put(kind, value)
  count = count + 1
  kinds[count], held[count] = kind, value
  return count
end

local emit

local function emit_members(kind, t, is_map, depth)
  local at, size = put(kind, 0), 0
  for key, value in next, t do
    emit(key, depth + 80) -- a map takes more room than an array
    if is_map then
      emit(value, depth + 80)
    end
    size = size + 1
  end
  held[at] = size
end

local function emit_table(t, depth)
  local err, get = raw_rawget(t, "err"), raw_rawget
  if type(err) == "string" then
    return put(get(t, "ignore_error_stats_update") == true and "E" or "e", err)
  end
  local ok = get(t, "ok")
  if type(ok) == "string" then
    return put("o", ok)
  end
  local double = get(t, "double")
  if type(double) == "number" then
    return put("d", double)
  end
  local big = get(t, "big_number")
  if type(big) == "string" then
    return put("b", big)
  end
  local verbatim = get(t, "verbatim_string")
  if type(verbatim) == "table" then
    local form, text = get(verbatim, "format"), get(verbatim, "string")
    if type(form) == "string" and type(text) == "string" then
      return put("v", form:sub(1, 3) .. text)
    end
  end
  if type(get(t, "map")) == "table" then
    return emit_members("%", get(t, "map"), true, depth)
  end
  if type(get(t, "set")) == "table" then
    return emit_members("~", get(t, "set"), false, depth)
  end
  local at, size = put("*", 0), 0
  local item = get(t, 1)
  while item ~= nil do
    emit(item, depth + 1)
    size = size + 1
    item = get(t, size + 1)
  end
  held[at] = size
end

local plain = { string = "s", number = "i", boolean = "t" }

function emit(value, depth)
  local kind = plain[type(value)]
  if kind then
    put(kind, value)
  elseif type(value) ~= "table" then
    put("n", 0)
  elseif depth > DEEPEST then
    put("e", "ERR reached lua stack limit")
  else
    emit_table(value, depth)
  end
end

local function flatten(t)
  kinds, held, count = {}, {}, 0
  emit_table(t, 0)
  return concat(kinds), held
end

-- What Python calls

local function where() -- the place in the script from which a function of Python was called, for its error's text
  local level, info = 2, nil
  repeat
    info = traceback_level(level, "Sl")
    level = level + 1
  until not info or (info.what ~= "C" and info.source ~= OURS)
  return info and info.currentline > 0 and format("%s:%d: ", info.short_src, info.currentline) or ""
end

local function protected(work)
  inside = true -- from here on the hook may end the script; the next line ends that, as one line
  local ok, reply = raw_xpcall(work, handler) inside = false
  for i = 1, #shields do
    if next(shields[i]) ~= nil then
      sweep()
    end
  end
  if killed then
    killed = false
    sethook(kill, "", EVERY)
  end
  return ok, reply
end

local function load_library(text)
  local f, problem = compile(text, "@user_function")
  if not f then
    return "Error compiling function: " .. problem
  end
  registered, looks = {}, 0
  local ok, reply = protected(f)
  local found = registered
  registered = nil
  if not ok then
    local err = type(reply) == "table" and reply.err or reply
    return "Error registering functions: " .. tostring(err)
  end
  local names, callbacks, flags, texts = {}, {}, {}, {}
  for i, each in ipairs(found) do
    names[i], callbacks[i], flags[i] = tostring(each.function_name), each.callback, concat(each.flags, ",")
    texts[i] = each.description and tostring(each.description) or false
  end
  return nil, names, callbacks, flags, texts
end

local function run_with(f, keys, rest)
  local work = f
  if of_functions then
    work = function()
      return f(keys, rest)
    end
  else
    values.KEYS, values.ARGV = keys, rest
  end
  local ok, reply = protected(work)
  if ok then
    if type(reply) == "table" then
      return "*", flatten(reply)
    end
    return plain[type(reply)] or "n", reply
  elseif type(reply) ~= "table" then
    return "!", reply
  end
  local err = reply.err
  return "E", type(err) == "string" and err or "", reply.source, reply.line, reply.ignore_error_stats_update == true
end

local function run(f, n, ...)
  local size = select("#", ...)
  local keys, rest = {}, {}
  if n == 0 then
    rest = { ... }
  elseif n == size then
    keys = { ... }
  else
    keys, rest = { ... }, { select(n + 1, ...) }
    for i = size, n + 1, -1 do
      keys[i] = nil
    end
  end
  return run_with(f, keys, rest)
end

sethook(kill, "", EVERY)
for name in next, G do
  G[name] = nil
end
return run, run_with, compile, where, load_library
