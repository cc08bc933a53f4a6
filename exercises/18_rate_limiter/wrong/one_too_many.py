# score: 90
# INCR tells the count with this request in it.
def allow(user, limit, window, replies):
    if not replies:
        return [["SET", user, 0, "EX", window, "NX"], ["INCR", user]]
    return replies[0][1] - 1 <= limit
