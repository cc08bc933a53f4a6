-- cmsgpack of redis-server 7.0.15 (lua-cmsgpack 0.4.0), written anew. Returns its functions, and its constants.

local null, double_bytes, float_bytes, double_of, float_of = ...
local type, next, error, select, tonumber, floor = type, next, error, select, tonumber, math.floor
local byte, char, sub, concat, format = string.byte, string.char, string.sub, table.concat, string.format
local unpack = unpack

local DEEPEST = 16 -- a table deeper than this is packed as nil

local function fail(text, ...)
  error(format(text, ...), 0)
end

local function big_endian(n, size)
  local bytes = {}
  for i = size, 1, -1 do
    bytes[i] = char(n % 256)
    n = floor(n / 256)
  end
  return concat(bytes)
end

local function int64(n) -- in two halves, since a double holds 53 bits
  local low = n % 4294967296
  return big_endian((n - low) / 4294967296 % 4294967296, 4) .. big_endian(low, 4)
end

local function integer(n)
  if n >= 0 then
    if n <= 127 then
      return char(n)
    elseif n <= 0xff then
      return "\204" .. char(n)
    elseif n <= 0xffff then
      return "\205" .. big_endian(n, 2)
    elseif n <= 0xffffffff then
      return "\206" .. big_endian(n, 4)
    end
    return "\207" .. int64(n)
  elseif n >= -32 then
    return char(256 + n)
  elseif n >= -128 then
    return "\208" .. char(256 + n)
  elseif n >= -32768 then
    return "\209" .. big_endian(65536 + n, 2)
  elseif n >= -2147483648 then
    return "\210" .. big_endian(4294967296 + n, 4)
  end
  return "\211" .. int64(n)
end

local function number(n)
  if floor(n) == n and n >= -9223372036854775808 and n < 9223372036854775808 then
    return integer(n)
  end
  local float = float_bytes(n)
  return float and "\202" .. float or "\203" .. double_bytes(n)
end

local function header(size, small, most, middle, long)
  if size <= most then
    return char(small + size)
  elseif size <= 0xffff then
    return char(middle) .. big_endian(size, 2)
  end
  return char(long) .. big_endian(size, 4)
end

local function text(value)
  local size = #value
  if size < 32 then
    return char(0xa0 + size) .. value
  elseif size <= 0xff then
    return "\217" .. char(size) .. value
  end
  return header(size, 0, -1, 0xda, 0xdb) .. value
end

local function is_array(t)
  local count, most = 0, 0
  for key in next, t do
    if type(key) ~= "number" or key <= 0 or floor(key) ~= key or key > 2147483647 then
      return false
    end
    count, most = count + 1, key > most and key or most
  end
  return count == most
end

local put

local function put_table(t, out, level)
  if is_array(t) then
    out[#out + 1] = header(#t, 0x90, 15, 0xdc, 0xdd)
    for i = 1, #t do
      put(t[i], out, level + 1)
    end
    return
  end
  local size = 0
  for _ in next, t do
    size = size + 1
  end
  out[#out + 1] = header(size, 0x80, 15, 0xde, 0xdf)
  for key, value in next, t do
    put(key, out, level + 1)
    put(value, out, level + 1)
  end
end

function put(value, out, level)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = text(value)
  elseif kind == "boolean" then
    out[#out + 1] = value and "\195" or "\194"
  elseif kind == "number" then
    out[#out + 1] = number(value)
  elseif kind == "table" and level ~= DEEPEST then
    put_table(value, out, level)
  else
    out[#out + 1] = "\192"
  end
end

local function pack(...)
  local count = select("#", ...)
  if count == 0 then
    fail("bad argument #0 to 'pack' (MessagePack pack needs input.)")
  end
  local out = {}
  for i = 1, count do
    put((select(i, ...)), out, 0)
  end
  return concat(out)
end

-- Unpacking: `at` is the place of the next byte

local data, at

local function need(size)
  if at + size - 1 > #data then
    fail("Missing bytes in input.")
  end
end

local function take(size)
  need(size)
  at = at + size
  return sub(data, at - size, at - 1)
end

local function unsigned(size)
  local n = 0
  local bytes = take(size)
  for i = 1, size do
    n = n * 256 + byte(bytes, i)
  end
  return n
end

local function signed(size)
  local n = unsigned(size)
  local limit = 256 ^ size
  return n >= limit / 2 and n - limit or n
end

local one

local function list(size)
  local t = {}
  for i = 1, size do
    t[i] = one()
  end
  return t
end

local function map(size)
  local t = {}
  for _ = 1, size do
    local key = one()
    if key == nil or key ~= key then
      fail("table index is %s", key == nil and "nil" or "NaN")
    end
    t[key] = one()
  end
  return t
end

local by_mark = {
  [0xc0] = function() return nil end,
  [0xc2] = function() return false end,
  [0xc3] = function() return true end,
  [0xca] = function() return float_of(take(4)) end,
  [0xcb] = function() return double_of(take(8)) end,
  [0xcc] = function() return unsigned(1) end,
  [0xcd] = function() return unsigned(2) end,
  [0xce] = function() return unsigned(4) end,
  [0xcf] = function() return unsigned(8) end,
  [0xd0] = function() return signed(1) end,
  [0xd1] = function() return signed(2) end,
  [0xd2] = function() return signed(4) end,
  [0xd3] = function() return signed(8) end,
  [0xd9] = function() return take(unsigned(1)) end,
  [0xda] = function() return take(unsigned(2)) end,
  [0xdb] = function() return take(unsigned(4)) end,
  [0xdc] = function() return list(unsigned(2)) end,
  [0xdd] = function() return list(unsigned(4)) end,
  [0xde] = function() return map(unsigned(2)) end,
  [0xdf] = function() return map(unsigned(4)) end,
}

function one()
  need(1)
  local mark = byte(data, at)
  at = at + 1
  if by_mark[mark] then
    return by_mark[mark]()
  elseif mark < 0x80 then
    return mark
  elseif mark >= 0xe0 then
    return mark - 256
  elseif mark >= 0xa0 and mark < 0xc0 then
    return take(mark - 0xa0)
  elseif mark >= 0x90 and mark < 0xa0 then
    return list(mark - 0x90)
  elseif mark < 0x90 then
    return map(mark - 0x80)
  end
  fail("Bad data format in input.")
end

local function check(name, given, limit, offset)
  if type(given) ~= "string" and type(given) ~= "number" then
    fail("bad argument #1 to '%s' (string expected, got %s)", name, given == nil and "no value" or type(given))
  end
  data = given .. ""
  if offset < 0 or limit < 0 then
    fail("Invalid request to unpack with offset of %d and limit of %d.", offset, #data)
  elseif offset > #data then
    fail("Start offset %d greater than input length %d.", offset, #data)
  end
  at = offset + 1
end

local function several(limit)
  local found, count = {}, 0
  while at <= #data and count < limit do
    count = count + 1
    found[count] = one()
  end
  return count, found
end

local function some(name, given, limit, offset)
  check(name, given, limit, offset)
  local count, found = several(limit == 0 and offset == 0 and 2147483647 or limit)
  return at > #data and -1 or at - 1, unpack(found, 1, count)
end

local function whole(value, default)
  return floor(tonumber(value) or default)
end

return {
  pack = pack,
  unpack = function(given)
    check("unpack", given, 0, 0)
    local count, found = several(2147483647)
    return unpack(found, 1, count)
  end,
  unpack_one = function(given, offset)
    return some("unpack_one", given, 1, whole(offset, 0))
  end,
  unpack_limit = function(given, limit, offset)
    return some("unpack_limit", given, whole(limit, 0), whole(offset, 0))
  end,
}, {
  _NAME = "cmsgpack",
  _VERSION = "lua-cmsgpack 0.4.0",
  _COPYRIGHT = "Copyright (C) 2012, Salvatore Sanfilippo",
  _DESCRIPTION = "MessagePack C implementation for Lua",
}
