-- cjson of redis-server 7.0.15 (Lua CJSON 2.1.0), written anew. Returns its functions, and its constants.

local null = ...
local type, next, error, tostring, tonumber, floor = type, next, error, tostring, tonumber, math.floor
local format, byte, char, sub, find, gsub, match = string.format, string.byte, string.char, string.sub, string.find,
  string.gsub, string.match
local concat, rawget, select, ipairs = table.concat, rawget, select, ipairs
local huge = math.huge

local set = { convert = false, ratio = 2, safe = 10, encode_depth = 1000, decode_depth = 1000, encode_invalid = 0,
  decode_invalid = 1, keep_buffer = true, precision = 14 }

local function fail(text, ...)
  error(format(text, ...), 0)
end

-- Encoding

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["/"] = "\\/", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n",
  ["\r"] = "\\r", ["\t"] = "\\t", ["\127"] = "\\u007f" }
for code = 0, 31 do
  escapes[char(code)] = escapes[char(code)] or format("\\u%04x", code)
end

local function quoted(text)
  return '"' .. gsub(text, '[%c"\\/\127]', escapes) .. '"'
end

local function number(value)
  if value ~= value or value == huge or value == -huge then
    if set.encode_invalid == 0 then
      fail("Cannot serialise number: must not be NaN or Inf")
    elseif set.encode_invalid == 2 then
      return "null"
    elseif value ~= value then
      return "nan"
    end
  end
  return format("%." .. set.precision .. "g", value)
end

local function array_length(t)
  local most, items = 0, 0
  for key in next, t do
    if type(key) ~= "number" or key < 1 or floor(key) ~= key then
      return -1
    end
    most, items = key > most and key or most, items + 1
  end
  if set.ratio > 0 and most > items * set.ratio and most > set.safe then
    if not set.convert then
      fail("Cannot serialise table: excessively sparse array")
    end
    return -1
  end
  return most
end

local append

local function append_table(t, out, depth)
  if depth > set.encode_depth then
    fail("Cannot serialise, excessive nesting (%d)", depth)
  end
  local length = array_length(t)
  if length > 0 then
    out[#out + 1] = "["
    for i = 1, length do
      if i > 1 then
        out[#out + 1] = ","
      end
      append(rawget(t, i), out, depth)
    end
    out[#out + 1] = "]"
    return
  end
  out[#out + 1] = "{"
  local comma = false
  for key, value in next, t do
    if comma then
      out[#out + 1] = ","
    end
    comma = true
    if type(key) == "number" then
      out[#out + 1] = '"' .. number(key) .. '":'
    elseif type(key) == "string" then
      out[#out + 1] = quoted(key) .. ":"
    else
      fail("Cannot serialise %s: table key must be a number or string", type(key))
    end
    append(value, out, depth)
  end
  out[#out + 1] = "}"
end

function append(value, out, depth)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = quoted(value)
  elseif kind == "number" then
    out[#out + 1] = number(value)
  elseif kind == "boolean" then
    out[#out + 1] = value and "true" or "false"
  elseif kind == "table" then
    append_table(value, out, depth + 1)
  elseif value == nil or value == null then
    out[#out + 1] = "null"
  else
    fail("Cannot serialise %s: type not supported", kind)
  end
end

local function encode(...)
  if select("#", ...) ~= 1 then
    fail("bad argument #1 to 'encode' (expected 1 argument)")
  end
  local out = {}
  append((...), out, 0)
  return concat(out)
end

-- Decoding: `at` is the place of the next character

local text, at, depth, token, value, token_at

local function utf8(code)
  if code < 0x80 then
    return char(code)
  elseif code < 0x800 then
    return char(0xC0 + floor(code / 64), 0x80 + code % 64)
  elseif code < 0x10000 then
    return char(0xE0 + floor(code / 4096), 0x80 + floor(code / 64) % 64, 0x80 + code % 64)
  end
  return char(0xF0 + floor(code / 262144), 0x80 + floor(code / 4096) % 64, 0x80 + floor(code / 64) % 64, 0x80 + code % 64)
end

local function broken(why)
  token, value, token_at = "error", why, at
end

local function unicode(place) -- the code after "\u", and where it ends
  local high = tonumber(match(text, "^%x%x%x%x", place + 2) or "", 16)
  if not high or (high >= 0xDC00 and high < 0xE000) then
    return nil
  elseif high < 0xD800 or high >= 0xE000 then
    return high, place + 6
  end
  local low = tonumber(match(text, "^\\u(%x%x%x%x)", place + 6) or "", 16)
  if not low or low < 0xDC00 or low >= 0xE000 then
    return nil
  end
  return (high - 0xD800) * 1024 + (low - 0xDC00) + 0x10000, place + 12
end

local simple = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", t = "\t", n = "\n", f = "\f", r = "\r" }

local function string_token()
  local out = {}
  at = at + 1
  while true do
    local stop = find(text, '["\\%z]', at)
    if not stop or byte(text, stop) == 0 then
      at = stop or #text + 1
      return broken("unexpected end of string")
    end
    out[#out + 1] = sub(text, at, stop - 1)
    at = stop
    if byte(text, stop) == 34 then
      at = stop + 1
      token, value = "T_STRING", concat(out)
      return
    end
    local mark = sub(text, stop + 1, stop + 1)
    if mark == "u" then
      local code, behind = unicode(stop)
      if not code then
        return broken("invalid unicode escape code")
      end
      out[#out + 1], at = utf8(code), behind
    elseif simple[mark] then
      out[#out + 1], at = simple[mark], stop + 2
    else
      return broken("invalid escape code")
    end
  end
end

local function unusual(rest) -- a number that JSON has not, and C's strtod reads
  rest = rest:lower()
  local sign, word = match(rest, "^([+-]?)(%a*)")
  local minus = sign == "-"
  for _, name in ipairs({ "infinity", "inf" }) do
    if sub(word, 1, #name) == name then
      return minus and -huge or huge, #sign + #name
    end
  end
  if sub(word, 1, 3) == "nan" then
    return 0 / 0, #sign + 3
  end
  local hex = match(rest, "^[+-]?0x%x+")
  if hex then
    local number = tonumber((gsub(hex, "^[+-]", "")))
    return minus and -number or number, #hex
  end
end

local function number_token()
  local rest = sub(text, at, at + 400)
  local strange, size = unusual(rest)
  local zero = match(rest, "^[+-]?0[%dxX]") or sub(rest, 1, 1) == "+"
  if set.decode_invalid == 0 and (strange or zero) then
    return broken("invalid number")
  end
  if not strange then
    local digits = match(rest, "^[+-]?%d+%.?%d*") or match(rest, "^[+-]?%.%d+")
    if not digits then
      return broken("invalid number")
    end
    digits = digits .. (match(rest, "^[eE][+-]?%d+", #digits + 1) or "")
    strange, size = tonumber(digits), #digits
  end
  token, value, at = "T_NUMBER", strange, at + size
end

local marks = { ["{"] = "T_OBJ_BEGIN", ["}"] = "T_OBJ_END", ["["] = "T_ARR_BEGIN", ["]"] = "T_ARR_END", [","] = "T_COMMA",
  [":"] = "T_COLON" }

local function advance()
  at = find(text, "[^ \t\n\r]", at) or #text + 1
  token_at = at
  local mark = sub(text, at, at)
  if mark == "" or mark == "\0" then
    token = "T_END"
  elseif marks[mark] then
    token, at = marks[mark], at + 1
  elseif mark == '"' then
    string_token()
  elseif find(mark, "[%d-]") then
    number_token()
  elseif sub(text, at, at + 3) == "true" then
    token, value, at = "T_BOOLEAN", true, at + 4
  elseif sub(text, at, at + 4) == "false" then
    token, value, at = "T_BOOLEAN", false, at + 5
  elseif sub(text, at, at + 3) == "null" then
    token, value, at = "T_NULL", null, at + 4
  elseif set.decode_invalid == 1 and unusual(sub(text, at, at + 8)) or mark == "+" then
    number_token()
  else
    broken("invalid token")
  end
end

local function expected(what)
  fail("Expected %s but found %s at character %d", what, token == "error" and value or token, token_at)
end

local function descend()
  depth = depth + 1
  if depth > set.decode_depth then
    fail("Found too many nested data structures (%d) at character %d", depth, at - 1)
  end
end

local process

local function object()
  local t = {}
  descend()
  advance()
  while token ~= "T_OBJ_END" do
    if token ~= "T_STRING" then
      expected("object key string")
    end
    local key = value
    advance()
    if token ~= "T_COLON" then
      expected("colon")
    end
    advance()
    t[key] = process()
    advance()
    if token == "T_COMMA" then
      advance()
      if token == "T_OBJ_END" then
        expected("object key string")
      end
    elseif token ~= "T_OBJ_END" then
      expected("comma or object end")
    end
  end
  depth = depth - 1
  return t
end

local function array()
  local t, size = {}, 0
  descend()
  advance()
  while token ~= "T_ARR_END" or size > 0 do
    size = size + 1
    t[size] = process()
    advance()
    if token == "T_ARR_END" then
      break
    elseif token ~= "T_COMMA" then
      expected("comma or array end")
    end
    advance()
  end
  depth = depth - 1
  return t
end

function process()
  if token == "T_OBJ_BEGIN" then
    return object()
  elseif token == "T_ARR_BEGIN" then
    return array()
  elseif token == "T_STRING" or token == "T_NUMBER" or token == "T_BOOLEAN" or token == "T_NULL" then
    return value
  end
  expected("value")
end

local function decode(...)
  local given = ...
  if select("#", ...) ~= 1 then
    fail("bad argument #1 to 'decode' (expected 1 argument)")
  elseif type(given) ~= "string" and type(given) ~= "number" then
    fail("bad argument #1 to 'decode' (string expected, got %s)", type(given))
  end
  text, at, depth = tostring(given), 1, 0
  if #text >= 2 and find(sub(text, 1, 2), "%z") then
    fail("JSON parser does not support UTF-16 or UTF-32")
  end
  advance()
  local result = process()
  advance()
  if token ~= "T_END" then
    expected("the end")
  end
  return result
end

-- Options

local function option(name, field, least, most)
  return function(given)
    if given ~= nil then
      local wanted = tonumber(given)
      if not wanted then
        fail("bad argument #1 to '%s' (number expected, got %s)", name, type(given))
      elseif wanted < least or wanted > most then
        fail("bad argument #1 to '%s' (expected integer between %d and %d)", name, least, most)
      end
      set[field] = floor(wanted)
    end
    return set[field]
  end
end

local function choice(name, field, words, shown)
  return function(given)
    if given ~= nil then
      if words[given] == nil then
        fail("bad argument #1 to '%s' (invalid option '%s')", name, tostring(given))
      end
      set[field] = words[given]
    end
    return shown[set[field]]
  end
end

local off_on = { off = 0, on = 1, [true] = 1, [false] = 0 }
local most = 2147483647
local sparse_ratio = option("encode_sparse_array", "ratio", 0, most)
local sparse_safe = option("encode_sparse_array", "safe", 0, most)

return {
  encode = encode,
  decode = decode,
  encode_max_depth = option("encode_max_depth", "encode_depth", 1, most),
  decode_max_depth = option("decode_max_depth", "decode_depth", 1, most),
  encode_number_precision = option("encode_number_precision", "precision", 1, 14),
  encode_keep_buffer = choice("encode_keep_buffer", "keep_buffer", { off = false, on = true, [true] = true, [false] = false },
    { [true] = true, [false] = false }),
  encode_invalid_numbers = choice("encode_invalid_numbers", "encode_invalid",
    { off = 0, on = 1, null = 2, [true] = 1, [false] = 0 }, { [0] = false, [1] = true, [2] = "null" }),
  decode_invalid_numbers = choice("decode_invalid_numbers", "decode_invalid", off_on, { [0] = false, [1] = true }),
  encode_sparse_array = function(convert, ratio, safe)
    if convert ~= nil then
      set.convert = off_on[convert] == 1
    end
    return set.convert, sparse_ratio(ratio), sparse_safe(safe)
  end,
}, { null = null, _NAME = "cjson", _VERSION = "2.1.0" }
