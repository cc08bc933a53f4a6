# A script counts and sets the TTL. The engine needs lupa for it.
SCRIPT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


def allow(user, limit, window, replies):
    if replies:
        return replies[0][0] <= limit
    return [["EVAL", SCRIPT, 1, user, window]]
