# score: 90
# Below the limit, not up to it.
def allow(user, limit, window, replies):
    if not replies:
        return [["SET", user, 0, "EX", window, "NX"], ["INCR", user]]
    return replies[0][1] < limit
