"""How long a test waits for another process before it calls it hung: no test depends on a busy machine."""

PATIENCE = 300  # seconds of wall clock; where all is well, nothing takes a tenth of it
