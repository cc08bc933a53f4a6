# score: 50
# The counter never ends.
def allow(user, limit, window, replies):
    if not replies:
        return [["INCR", user]]
    return replies[0][0] <= limit
