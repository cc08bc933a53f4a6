# score: 75
# A crash between the two trips leaves a counter without a TTL.
def allow(user, limit, window, replies):
    if not replies:
        return [["INCR", user]]
    if len(replies) == 1 and replies[0][0] == 1:
        return [["EXPIRE", user, window]]
    return replies[0][0] <= limit
