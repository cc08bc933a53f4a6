# score: 85
# A read asks eight times, as fast as it can.
def react(error, command, tries):
    if error in ("CommandError", "OutOfMemory"):
        return ("fail", 0)
    if command == "GET":
        return ("address", 0) if tries < 8 else ("database", 0)
    if tries == 6 or (command == "INCR" and error in ("TimedOut", "ConnectionLost")):
        return ("fail", 0)
    return ("address", 0.05 * 2**tries)
