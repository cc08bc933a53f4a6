# A script reads, decides and sells; without lupa DECRBY and giving back do.
try:
    import lupa
except ImportError:
    lupa = None

SCRIPT = """
local left = tonumber(redis.call('GET', KEYS[1]) or '0') - tonumber(ARGV[1])
if left >= 0 then redis.call('SET', KEYS[1], left) end
return left
"""


def buy(count, replies):
    if not replies:
        if lupa:
            return [["EVAL", SCRIPT, 1, "stock", count]]
        return [["DECRBY", "stock", count]]
    [left] = replies[0]
    if lupa or left >= 0 or len(replies) > 1:
        return left >= 0
    return [["INCRBY", "stock", count]]
