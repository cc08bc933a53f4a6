# Asks first whether a second time can do harm.
def react(error, command, tries):
    harmless = command != "INCR" or error in ("ConnectionRefused", "ConnectTimedOut", "Redirected")
    hopeless = error in ("CommandError", "OutOfMemory") or tries > 5
    if command == "GET" and (hopeless or tries > 1):
        return "database", 0
    if hopeless or not harmless:
        return "fail", 0
    return "address", min(1.0, 0.1 * 2 ** (tries - 1))
