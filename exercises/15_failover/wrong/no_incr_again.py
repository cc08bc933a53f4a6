# score: 35
# Never sends an INCR again, even if it was not executed.
def react(error, command, tries):
    if error in ("CommandError", "OutOfMemory"):
        return ("fail", 0)
    if command == "GET":
        return ("address", 0) if tries == 1 else ("database", 0)
    if tries == 6 or command == "INCR":
        return ("fail", 0)
    return ("address", 0.05 * 2**tries)
