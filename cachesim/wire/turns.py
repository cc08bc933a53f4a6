"""How much one client gets before it is the turn of the others, in either protocol."""

ENOUGH = 1 << 20  # bytes of replies: the rest waits until the client has read them
TURN = 64  # commands
