# score: 75
# All who read the same count write the same sum.
def allow(user, limit, window, replies):
    if not replies:
        return [["GET", user]]
    count = int(replies[0][0] or 0)
    if count >= limit:
        return False
    if len(replies) == 1:
        keep = ["KEEPTTL"] if count else ["EX", window]
        return [["SET", user, count + 1, *keep]]
    return True
