# score: 90
# If the key expires between the two trips, INCR makes one without a TTL.
def allow(user, limit, window, replies):
    if not replies:
        return [["SET", user, 0, "EX", window, "NX"]]
    if len(replies) == 1:
        return [["INCR", user]]
    return replies[1][0] <= limit
