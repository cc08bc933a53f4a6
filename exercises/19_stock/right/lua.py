# A script reads, decides and sells. The engine needs lupa for it.
SCRIPT = """
local left = tonumber(redis.call('GET', KEYS[1]) or '0') - tonumber(ARGV[1])
if left >= 0 then redis.call('SET', KEYS[1], left) end
return left
"""


def buy(count, replies):
    if not replies:
        return [["EVAL", SCRIPT, 1, "stock", count]]
    return replies[0][0] >= 0
