# score: 95
# All users share a counter.
def allow(user, limit, window, replies):
    if not replies:
        return [["SET", "rate", 0, "EX", window, "NX"], ["INCR", "rate"]]
    return replies[0][1] <= limit
