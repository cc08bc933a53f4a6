# score: 85
# A read goes to the database at once, so nobody asks for the new address.
def react(error, command, tries):
    if error in ("CommandError", "OutOfMemory"):
        return ("fail", 0)
    if command == "GET":
        return ("database", 0)
    if tries == 6 or (command == "INCR" and error in ("TimedOut", "ConnectionLost")):
        return ("fail", 0)
    return ("address", 0.05 * 2**tries)
