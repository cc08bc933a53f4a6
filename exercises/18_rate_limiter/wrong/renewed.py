# score: 90
# Each request begins the window again.
def allow(user, limit, window, replies):
    if not replies:
        return [["INCR", user], ["EXPIRE", user, window]]
    return replies[0][0] <= limit
