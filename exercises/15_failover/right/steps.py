# Each wait is a little longer than the one before; a read tries the cache three times.
def react(error, command, tries):
    if error in {"CommandError", "OutOfMemory"}:
        return ["database", 0] if command == "GET" else ["fail", 0]
    if command == "GET":
        return ["address", 0.02] if tries < 3 else ["database", 0]
    if tries >= 7:
        return ["fail", 0]
    if command == "INCR" and error in {"TimedOut", "ConnectionLost"}:
        return ["fail", 0]
    return ["address", 0.1 * tries]
