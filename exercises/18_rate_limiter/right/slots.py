# Each request takes a place of its own; the place is free again after the window.
def allow(user, limit, window, replies):
    if replies and replies[-1] == ["OK"]:
        return True
    place = len(replies)
    if place == limit:
        return False
    return [["SET", f"{user}:{place}", 1, "NX", "EX", window]]
