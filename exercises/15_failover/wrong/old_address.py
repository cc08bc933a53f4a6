# score: 20
# Sends every command to the old address again.
def react(error, command, tries):
    if error in ("CommandError", "OutOfMemory"):
        return ("fail", 0)
    if command == "GET":
        return ("again", 0) if tries == 1 else ("database", 0)
    if tries == 6 or (command == "INCR" and error in ("TimedOut", "ConnectionLost")):
        return ("fail", 0)
    return ("again", 0.05 * 2**tries)
