# An INCR is sent again only if there was no connection; a read asks for the address once.
def react(error, command, tries):
    if error.startswith(("Command", "Out")):
        return ("fail", 0)
    if command == "GET" and tries == 1:
        return ("address", 0)
    if command == "GET":
        return ("database", 0)
    if command == "INCR" and not (
        (error.startswith("Connect") and error != "ConnectionLost") or error == "Redirected"
    ):
        return ("fail", 0)
    waits = {1: 0, 2: 0.3, 3: 0.6, 4: 0.9, 5: 1.2}
    return ("address", waits[tries]) if tries in waits else ("fail", 0)
