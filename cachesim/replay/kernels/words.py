"""What the numbers in a kernel's columns stand for."""

READ, WRITE, DELETE = 0, 1, 2  # operations
ABSENT = -1  # instead of a key or a place
