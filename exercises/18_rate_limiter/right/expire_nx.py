# EXPIRE with NX leaves a TTL that is there.
def allow(user, limit, window, replies):
    key = "count:" + user
    if not replies:
        return [["INCR", key], ["EXPIRE", key, window, "NX"]]
    [[count, _]] = replies
    return count <= limit
