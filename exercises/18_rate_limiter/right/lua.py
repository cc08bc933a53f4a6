# A script counts and sets the TTL; without lupa a transaction does.
try:
    import lupa
except ImportError:
    lupa = None

SCRIPT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


def allow(user, limit, window, replies):
    if replies:
        return replies[0][0] <= limit
    if lupa:
        return [["EVAL", SCRIPT, 1, user, window]]
    return [["INCR", user], ["EXPIRE", user, window, "NX"]]
