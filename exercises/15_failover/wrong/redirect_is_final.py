# score: 35
# Gives up when a node says that it is a replica.
def react(error, command, tries):
    if error in ("CommandError", "OutOfMemory"):
        return ("fail", 0)
    if command == "GET":
        return ("address", 0) if tries == 1 else ("database", 0)
    if (
        tries == 6
        or error == "Redirected"
        or (command == "INCR" and error in ("TimedOut", "ConnectionLost"))
    ):
        return ("fail", 0)
    return ("address", 0.05 * 2**tries)
