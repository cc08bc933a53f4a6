# A table says for each error what it means; all waits are of half a second.
NOT_SENT, UNSURE, REFUSED = "not executed", "maybe executed", "refused"
MEANS = {
    "ConnectionRefused": NOT_SENT,
    "ConnectTimedOut": NOT_SENT,
    "Redirected": NOT_SENT,
    "ConnectionLost": UNSURE,
    "TimedOut": UNSURE,
    "CommandError": REFUSED,
    "OutOfMemory": REFUSED,
}


def react(error, command, tries):
    means = MEANS[error]
    if means == REFUSED or tries > 7 or (command == "INCR" and means == UNSURE):
        return "fail", 0
    if command == "GET":
        return ("address", 0.05) if tries < 2 else ("database", 0)
    return "address", 0.5
