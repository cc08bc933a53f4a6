# The windows follow the clock; each has a key of its own, so its TTL may be set again.
def allow(user, limit, window, replies):
    if not replies:
        return [["TIME"]]
    if len(replies) == 1:
        number = int(replies[0][0][0]) // window
        key = f"{user}:{number}"
        return [["INCR", key], ["EXPIRE", key, 2 * window]]
    return replies[1][0] <= limit
