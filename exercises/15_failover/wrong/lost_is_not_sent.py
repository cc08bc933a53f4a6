# score: 80
# Takes a lost connection for one that never was.
def react(error, command, tries):
    if error in ("CommandError", "OutOfMemory"):
        return ("fail", 0)
    if command == "GET":
        return ("address", 0) if tries == 1 else ("database", 0)
    if tries == 6 or (command == "INCR" and error == "TimedOut"):
        return ("fail", 0)
    return ("address", 0.05 * 2**tries)
