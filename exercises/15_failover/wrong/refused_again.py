# score: 95
# Sends a command again that the server has refused.
def react(error, command, tries):
    if error in ("CommandError",):
        return ("fail", 0)
    if command == "GET":
        return ("address", 0) if tries == 1 else ("database", 0)
    if tries == 6 or (command == "INCR" and error in ("TimedOut", "ConnectionLost")):
        return ("fail", 0)
    return ("address", 0.05 * 2**tries)
